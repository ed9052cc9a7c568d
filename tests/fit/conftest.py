"""Exports of known truth, drawn by plain numpy: nothing of `sim` is used here."""

from __future__ import annotations

import csv
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

Write = Callable[..., Path]
Columns = dict[str, Any]


@pytest.fixture
def written(tmp_path: Path) -> Write:
    """Write columns as a CSV file; return its path."""

    def write(columns: Mapping[str, Iterable[Any]], name: str = "posts.csv") -> Path:
        path = tmp_path / name
        with path.open("w", newline="", encoding="utf-8") as stream:
            writer = csv.writer(stream)
            writer.writerow(columns)
            writer.writerows(zip(*columns.values(), strict=True))
        return path

    return write


def normal_pair(rng: np.random.Generator, n: int, rho: float) -> tuple[np.ndarray, np.ndarray]:
    x, y = rng.standard_normal((2, n))
    return x, rho * x + np.sqrt(1 - rho**2) * y


def instagram_posts(seed: int, creators: int = 600, posts: int = 3) -> Columns:
    """Micro creators without views: engagement 4 % per follower, log sds 0.8 and 0.5.

    As packaged, 2 % of the posts have more viewers, half as engaged: luck is what is left.
    """
    rng = np.random.default_rng(seed)
    z_e, z_f = normal_pair(rng, creators, -0.4)
    followers = np.round(np.exp(np.log(31_000) + 0.3 * z_f))
    followers = np.clip(followers, 10_000, 99_999)
    rate = 0.04 * np.exp(0.8 * z_e - 0.32)
    own = np.repeat(np.arange(creators), posts)
    luck = np.exp(0.5 * rng.standard_normal(len(own)) - 0.125)
    off = rng.random(len(own)) < 0.02
    luck *= np.where(off, 1 + 0.5 * rng.random(len(own)) ** (-1 / 2.5), 1.0)
    return {
        "creator": [f"c{i}" for i in own],
        "followers": followers[own],
        "engagements": followers[own] * rate[own] * luck,
    }


def tiktok_posts(seed: int, creators: int = 400, posts: int = 14) -> Columns:
    """Micro creators with views: F a r u A, engagements e u (1 + (A - 1) q) per organic view."""
    rng = np.random.default_rng(seed)
    followers = 10 ** rng.uniform(4.0, 4.999, creators)
    z_e, z_r = normal_pair(rng, creators, 0.5)
    authentic = rng.beta(0.85 * 18.92, 0.15 * 18.92, creators)  # mean 0.85, sd 0.08
    reach = 1 / (1 + np.exp(-(np.log(0.2 / 0.8) + 1.0 * z_r)))
    organic_rate = 0.10 * np.exp(0.5 * z_e)
    own = np.repeat(np.arange(creators), posts)
    luck = np.exp(0.6 * rng.standard_normal(len(own)) - 0.18)
    amplification = np.minimum(1 / (1 - rng.beta(0.5, 1.4, len(own))), 80.0)
    base = (followers * authentic * reach)[own] * luck
    return {
        "creator": own,
        "followers": followers[own],
        "views": base * amplification,
        "engagements": base * organic_rate[own] * (1 + (amplification - 1) * 0.6),
    }


def campaigns(seed: int, creators: int = 500) -> Columns:
    """Paid micro creators with two campaigns each: fees, orders, revenue."""
    rng = np.random.default_rng(seed)
    z = rng.standard_normal(creators)
    followers = 10 ** rng.uniform(4.0, 4.999, creators)
    expected = 1_000 * np.exp(0.9 * z)
    fee = 200 * np.exp(0.35 * 0.9 * z + 0.3 * rng.standard_normal(creators))
    conversion = 0.03 * np.exp(0.6 * rng.standard_normal(creators) - 0.18)
    own = np.repeat(np.arange(creators), 2)
    engagements = expected[own] * np.exp(0.5 * rng.standard_normal(len(own)))
    orders = rng.poisson(engagements * conversion[own])
    value = np.where(orders > 0, rng.gamma(np.maximum(orders, 1) * 4.0, 70 / 4.0), 0.0)
    return {
        "creator": own,
        "followers": followers[own],
        "engagements": engagements,
        "fee": fee[own],
        "orders": orders,
        "revenue": value,
    }


@pytest.fixture(scope="session")
def truth() -> SimpleNamespace:
    """The exports of this file."""
    return SimpleNamespace(
        instagram_posts=instagram_posts, tiktok_posts=tiktok_posts, campaigns=campaigns
    )

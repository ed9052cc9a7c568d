"""The experiments about published findings show what their first lines say."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import xarray as xr

import sim

EXPERIMENTS = Path(__file__).parents[2] / "experiments"
WORLDS = 8_192


def run(name: str) -> tuple[xr.Dataset, sim.measures.Summary]:
    dataset = sim.simulate(sim.load(EXPERIMENTS / f"{name}.toml", worlds=WORLDS))
    return dataset, sim.summarize(dataset)


@pytest.mark.parametrize(
    "name",
    ["ambassadors", "bakshy_2011_cost", "beichert_2024", "blueland", "celebrity_vs_micro",
     "gifting_vs_paid", "tiktok_virality"],
)  # fmt: skip
def test_opens_with_what_it_shows(name: str) -> None:
    lines = (EXPERIMENTS / f"{name}.toml").read_text(encoding="utf-8").splitlines()
    assert lines[0] == "#:schema ./experiment.schema.json"
    assert lines[1].startswith("# ")
    assert sum(line.startswith("#") for line in lines) >= 8


def test_one_celebrity_is_one_draw_and_a_crowd_is_not_1400() -> None:
    dataset, summary = run("celebrity_vs_micro")
    chance = {name: summary[name]["loss_probability"].value or 0.0 for name in summary.portfolios}
    assert chance["celebrity"] > 1.3 * chance["micro"]
    # far more spread than 1,400 independent creators would have: what they share does not average out
    roi = dataset["roi"].sel(portfolio="micro").values
    effective = float(dataset["effective_creators"].sel(portfolio="micro").mean())
    assert float(np.std(np.log1p(roi))) > 10 / np.sqrt(effective) / 2


def test_the_celebrity_reaches_about_10_million_below_5_usd_per_engagement() -> None:
    dataset, summary = run("celebrity_vs_micro")
    reach = float(dataset["reach"].sel(portfolio="celebrity").mean())
    assert reach == pytest.approx(10e6, rel=0.15)
    assert 0.33 < (summary["celebrity"]["cpe"].value or 0.0) < 1.0


def test_crowds_reach_the_same_people_again() -> None:
    dataset, _ = run("celebrity_vs_micro")
    micro = dataset.sel(portfolio="micro").mean("sim")
    assert float(micro["reach"]) < 0.95 * float(micro["impressions"])


def test_virality_parts_mean_and_median_and_rests_on_a_few() -> None:
    _, summary = run("tiktok_virality")
    gap = {}
    for name in ("tiktok_micro", "instagram_micro"):
        mean, median = summary[name]["roas_mean"].value, summary[name]["roas_median"].value
        assert mean is not None
        assert median is not None
        gap[name] = mean / median
    assert gap["tiktok_micro"] > 1.15 * gap["instagram_micro"]
    share = {name: summary[name]["effective_creators"].value or 0.0 for name in gap}
    hired = summary.creators
    assert (
        share["tiktok_micro"] / hired["tiktok_micro"]
        < 0.8 * share["instagram_micro"] / hired["instagram_micro"]
    )


def test_gifting_hires_most_and_fewer_than_half_of_them_post() -> None:
    dataset, summary = run("gifting_vs_paid")
    assert summary.creators["gifted"] > 3 * summary.creators["paid"]
    posting = float(dataset["delivered"].sel(portfolio="gifted").mean())
    assert posting / summary.creators["gifted"] == pytest.approx(0.45, abs=0.01)


def test_commission_costs_most_where_one_gladly_pays() -> None:
    dataset, _ = run("gifting_vs_paid")
    affiliate = dataset.sel(portfolio="affiliate")
    assert float(np.corrcoef(affiliate["cost"], affiliate["revenue"])[0, 1]) > 0.9


def test_six_posts_of_fewer_creators_bring_more_and_rest_on_fewer() -> None:
    _, summary = run("ambassadors")
    assert summary.creators["ambassadors"] < summary.creators["one_off"] / 4
    roas = {name: summary[name]["roas"].value or 0.0 for name in summary.portfolios}
    assert roas["ambassadors"] > roas["one_off"]
    assert roas["ambassadors"] > roas["fatigued"]
    top = {name: summary[name]["top_creator_share"].value or 0.0 for name in summary.portfolios}
    assert top["ambassadors"] > top["one_off"]

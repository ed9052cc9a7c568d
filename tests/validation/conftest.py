"""The scripts of this folder as modules: it is no package."""

from __future__ import annotations

import importlib
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import pytest


@pytest.fixture(scope="session")
def scripts() -> Iterator[pytest.MonkeyPatch]:
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(Path(__file__).parent)
        yield patch


@pytest.fixture(scope="session")
def simulated_posts(scripts: pytest.MonkeyPatch) -> ModuleType:
    return importlib.import_module("simulated_posts")


@pytest.fixture(scope="session")
def calibrate(scripts: pytest.MonkeyPatch) -> ModuleType:
    return importlib.import_module("calibrate")


@pytest.fixture(scope="session")
def check(scripts: pytest.MonkeyPatch) -> ModuleType:
    return importlib.import_module("check")


@pytest.fixture(scope="session")
def unused(scripts: pytest.MonkeyPatch) -> ModuleType:
    return importlib.import_module("unused")


@pytest.fixture(scope="session")
def pooling(scripts: pytest.MonkeyPatch) -> ModuleType:
    return importlib.import_module("pooling")

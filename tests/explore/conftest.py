"""A what-if page over a small experiment, served for the tests of this folder."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

import sim
from sim.explore.server import Server
from sim.explore.whatif import WhatIf

TEXT = """
title = "Many <small> or few?"
[simulation]
worlds = 50_000
seed = 5
[portfolio.micro]
tier = "micro"
budget = 4_000
[portfolio.macro]
tier = "macro"
creators = 1
[costs]
fixed = {fixed}
[costs.source]
fixed = "our own books"
[decision]
a = "micro"
b = "macro"
"""


@pytest.fixture
def file(tmp_path: Path, request: pytest.FixtureRequest) -> Path:
    """Return the experiment's file; a test may ask for another fixed cost."""
    path = tmp_path / "small.toml"
    path.write_text(TEXT.format(fixed=getattr(request, "param", 100)))
    return path


@pytest.fixture
def what_if(file: Path) -> WhatIf:
    return WhatIf(sim.load(file), worlds=2_000, threads=1)


@pytest.fixture
def server(what_if: WhatIf) -> Iterator[Server]:
    with Server(what_if) as serving:
        thread = threading.Thread(target=serving.serve_forever, args=(0.01,))
        thread.start()
        yield serving
        serving.shutdown()
        thread.join()

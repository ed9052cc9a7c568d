"""An analyst's own posts and campaigns become tiers of an experiment: `sim fit`.

Read in this order: `reading.py` (rows of posts from a table), `fit.py` (what is fitted and in which
order), `rates.py`, `laws.py`, `followers.py` and `campaigns.py` (one estimator each), `means.py`
(what the tier simulates is what the sample has), `pooling.py` (few creators beside the packaged
tier), `components.py` (creators against posts, standard errors), `goodness.py`, `selection.py`,
`estimates.py` (what is found) and `writing.py` (as TOML).
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .estimates import Fit
    from .fit import fit_posts
    from .reading import FitError, Posts, read_posts
    from .writing import to_toml

_HOME = {
    "Fit": "estimates",
    "FitError": "reading",
    "Posts": "reading",
    "fit_posts": "fit",
    "read_posts": "reading",
    "to_toml": "writing",
}

__all__ = ["Fit", "FitError", "Posts", "fit_posts", "read_posts", "to_toml"]


def __getattr__(name: str) -> Any:
    if name not in _HOME:
        raise AttributeError(f"module 'sim.fit' has no attribute {name!r}")
    return getattr(import_module(f".{_HOME[name]}", __name__), name)

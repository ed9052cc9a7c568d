"""Beliefs learned from what campaigns brought, after them and on the way.

Read in this order: `results.py` (tables become campaigns), `cells.py` (a campaign becomes totals that
follow one law given the factors), `emulate.py` and `counts.py` (that law), `likelihood.py`,
`psis.py` and `infer.py` (the posterior), `learn.py` and `answer.py` (what it means), `writing.py` (TOML
that an experiment includes), `running.py` (while a campaign runs).
"""

from .answer import Learnt
from .learn import learn
from .results import Campaign, LearnError, Row, read_campaign
from .writing import check_target, to_toml

__all__ = [
    "Campaign",
    "LearnError",
    "Learnt",
    "Row",
    "check_target",
    "learn",
    "read_campaign",
    "to_toml",
]

"""Risk measures and comparisons of portfolios, each with its Monte Carlo standard error.

Read in this order: `estimate.py` (a measure is a value and the influence of each world),
`precision.py` (influence becomes a standard error, or the reason why there is none),
`functions.py` and `dominance.py` (the measures on arrays), `table.py` (one row per measure), and
the skin on a results Dataset: `worlds.py`, `evaluate.py`, `summary.py`, `comparison.py`,
`best.py`, `why.py`, `wording.py`, `cautions.py`.
"""

from .best import Best, best_of
from .cautions import number_warnings
from .comparison import Comparison, compare
from .estimate import Estimate, Sample
from .evaluate import Measured
from .payback import Payback, payback, profit_to_date
from .precision import Precision, heavier_tail_shape, pareto_shape, standard_error
from .summary import Summary, summarize
from .table import COMPARISONS, MEASURES, Measure
from .why import Why, why
from .wording import answer

__all__ = [
    "COMPARISONS",
    "MEASURES",
    "Best",
    "Comparison",
    "Estimate",
    "Measure",
    "Measured",
    "Payback",
    "Precision",
    "Sample",
    "Summary",
    "Why",
    "answer",
    "best_of",
    "compare",
    "heavier_tail_shape",
    "number_warnings",
    "pareto_shape",
    "payback",
    "profit_to_date",
    "standard_error",
    "summarize",
    "why",
]

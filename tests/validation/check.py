"""Simulated posts beside real ones that the fit has not seen, per platform, kind of post and tier.

    python tests/validation/check.py

Each half of the creators is predicted by the fit on the other half (`fits.toml`), and all of them by
the fit on all, which the presets are. Both sides go through the estimators of `post_statistics.py`;
errors are bootstrap errors of the data.
"""

from __future__ import annotations

import numpy as np
from unused import KINDS, MEANS, Comparison, comparisons, coverages

#: Beyond these a mean of simulated posts over that of real ones needs a written reason.
LOW, HIGH = 0.67, 1.5
FEWEST_FOR_COVERAGE = 100


def mean_is_off(comparison: Comparison) -> bool:
    """Say whether a mean leaves 0.67 to 1.5 of what was seen."""
    return comparison.quantity in MEANS and not LOW <= comparison.ratio <= HIGH


def main() -> int:
    """Print model beside data, then how often ranges cover the next post of a new creator."""
    for platform, kind in KINDS:
        for half in ("even", "odd", "all"):
            judged = {"even": "judged on odd", "odd": "judged on even", "all": "seen by the fit"}
            title = f"{platform}, {kind}, fit on {half} creators, {judged[half]}"
            print(f"\n{title:<62}{'model':>10}{'data':>10}   error  model / data")
            for one in comparisons(half, platform, kind):
                error = f"{one.seen.se:.2g}" if np.isfinite(one.seen.se) else ""
                ratio = f"{one.ratio:.2f}" if np.isfinite(one.ratio) else ""
                note = "  OFF" if mean_is_off(one) else ""
                label = f"{one.tier:<7}{one.quantity} ({one.seen.creators} creators)"
                print(
                    f"  {label:<60}{one.simulated:>10.4g}{one.seen.value:>10.4g}{error:>8}"
                    f"{ratio:>14}{note}"
                )
            for cover in coverages(half, platform, kind, FEWEST_FOR_COVERAGE):
                label = f"{cover.tier:<7}{cover.quantity}, {cover.range:.0%} range covers"
                print(f"  {label:<60}{cover.share:>10.1%}   {cover.off:+.1f} binomial errors")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())

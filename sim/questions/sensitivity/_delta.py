"""How much knowing an input changes the whole distribution of an outcome: Borgonovo's delta."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from ..pickfreeze import varies

Array = npt.NDArray[np.float64]

#: Cells of the outcome's axis, and resamples that correct the bias and give the error.
_CELLS, _RESAMPLES = 256, 30
#: The kernel reaches beyond the worst and best world by so many bandwidths.
_MARGIN = 4.0


@dataclass(frozen=True)
class Dependence:
    """Share of variance explained alone, and delta, each with a bootstrap standard error."""

    first: float
    first_se: float
    delta: float
    delta_se: float


def dependence(x: Array, y: Array, seed: int = 1) -> Dependence:
    r"""Return how y depends on x from one sample.

    Borgonovo (2007), equation 10, estimated as in Plischke, Borgonovo and Smith (2013): x is cut
    into classes of equal size, and

    .. math:: \delta = \frac{1}{2} \sum_m \frac{n_m}{n} \int |f_Y(y) - f_{Y|m}(y)| dy

    with Gaussian kernels of one bandwidth for all densities. Noise of the class densities makes
    the plain figure too large; the bootstrap takes the excess off: twice the figure less the mean
    of its resamples.

    Parameters
    ----------
    x, y : ndarray, shape (n,)
        One input and the outcome.
    seed : int
        Of the resamples.

    Returns
    -------
    Dependence
        All zero where y is the same in all worlds.
    """
    n = len(y)
    if not varies(y):
        return Dependence(0.0, 0.0, 0.0, 0.0)
    classes = int(np.ceil(n ** (2.0 / (7.0 + np.tanh((1500.0 - n) / 500.0)))))
    of_class = np.argsort(np.argsort(x, kind="stable"), kind="stable") * min(classes, 48) // n
    count = int(of_class.max()) + 1
    edges, sigma = _axis(y, of_class, count)
    cell = np.clip(np.searchsorted(edges, y, side="right") - 1, 0, _CELLS - 1)
    place = of_class * _CELLS + cell
    middle = y - y.mean()

    def figures(weights: Array) -> tuple[float, float]:
        table = np.asarray(np.bincount(place, weights, count * _CELLS), dtype=np.float64)
        table = table.reshape(count, _CELLS)
        sums = np.asarray(np.bincount(of_class, weights * middle, count), dtype=np.float64)
        return _variance_share(table.sum(axis=1), sums, weights, middle), _delta(table, sigma)

    random = np.random.default_rng(seed)
    plain = np.array(figures(np.ones(n)))
    again = np.array(
        [
            figures(np.bincount(random.integers(0, n, n), minlength=n).astype(float))
            for _ in range(_RESAMPLES)
        ]
    )
    value, error = 2.0 * plain - again.mean(axis=0), again.std(axis=0, ddof=1)
    return Dependence(float(value[0]), float(error[0]), float(value[1]), float(error[1]))


def _axis(y: Array, of_class: npt.NDArray[np.int64], count: int) -> tuple[Array, float]:
    """Return the cells' edges and the kernel's width in cells.

    Silverman's (1986, equation 3.31) bandwidth for the median class.
    """
    widths = []
    for m in range(count):
        here = y[of_class == m]
        low, high = np.quantile(here, (0.25, 0.75))
        spread = min(here.std(), (high - low) / 1.34) or here.std()
        widths.append(0.9 * spread * len(here) ** -0.2)
    bandwidth = float(np.median(widths)) or 1.0
    low, high = np.quantile(y, (0.0005, 0.9995))
    edges = np.linspace(low - _MARGIN * bandwidth, high + _MARGIN * bandwidth, _CELLS + 1)
    return edges, bandwidth / float(edges[1] - edges[0])


def _variance_share(sizes: Array, sums: Array, weights: Array, middle: Array) -> float:
    total = float(weights @ middle**2 / weights.sum() - (weights @ middle / weights.sum()) ** 2)
    means = np.divide(sums, sizes, out=np.zeros_like(sums), where=sizes > 0.0)
    centre = sums.sum() / sizes.sum()
    return float(sizes @ (means - centre) ** 2 / sizes.sum() / total) if total > 0.0 else 0.0


def _delta(table: Array, sigma: float) -> float:
    from scipy.ndimage import gaussian_filter1d

    sizes = table.sum(axis=1)
    whole = table.sum(axis=0) / sizes.sum()
    given = np.divide(table, sizes[:, None], out=np.zeros_like(table), where=sizes[:, None] > 0.0)
    gaps = np.abs(gaussian_filter1d(given - whole, sigma, axis=1, mode="constant")).sum(axis=1)
    return float(0.5 * sizes @ gaps / sizes.sum())

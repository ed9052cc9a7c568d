"""The smoothing spline of one input, its penalty by generalised cross-validation.

The curve and the penalty are those of `scipy.interpolate.make_smoothing_spline`, which solves anew
for each penalty that it tries, in plain Python. In the basis of Demmler and Reinsch (1975) a penalty
only scales the coordinates, so one decomposition serves all of them.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[np.float64]


def smoothing_spline(x: Array, y: Array, weight: Array) -> Callable[[Array], Array]:
    r"""Return the natural cubic spline f that minimises a weighted sum of squares and a penalty.

    .. math:: \sum_k w_k (y_k - f(x_k))^2 + \lambda \int f''^2

    With :math:`\int f''^2 = f^T Q R^{-1} Q^T f` (Green and Silverman 1994, section 2.1.2) the fitted
    values are :math:`W^{-1/2} U (I + \lambda D)^{-1} U^T W^{1/2} y`, where :math:`U D U^T` decomposes
    :math:`W^{-1/2} Q R^{-1} Q^T W^{-1/2}`. :math:`\lambda`, between 0 and n, minimises the mean square of
    the residuals over :math:`(1 - \mathrm{tr} A / n)^2` (Craven and Wahba 1979).

    Parameters
    ----------
    x : ndarray, shape (n,)
        Increasing, three at least.
    y, weight : ndarray, shape (n,)
        Values and their positive weights.

    Returns
    -------
    callable
        The spline, of arrays.
    """
    from scipy.interpolate import CubicSpline
    from scipy.optimize import minimize_scalar

    n, step, root = len(x), np.diff(x), np.sqrt(weight)
    inner = np.arange(n - 2)
    second = np.zeros((n - 2, n))  # Q^T
    second[inner, inner], second[inner, inner + 2] = 1.0 / step[:-1], 1.0 / step[1:]
    second[inner, inner + 1] = -1.0 / step[:-1] - 1.0 / step[1:]
    gram = np.diag((step[:-1] + step[1:]) / 3.0)  # R
    gram[inner[1:], inner[:-1]] = gram[inner[:-1], inner[1:]] = step[1:-1] / 6.0
    rough = np.linalg.solve(np.linalg.cholesky(gram), second / root)
    penalty, basis = np.linalg.eigh(rough.T @ rough)
    penalty, coordinates = np.maximum(penalty, 0.0), basis.T @ (root * y)

    def criterion(level: float) -> float:
        lost = 1.0 - 1.0 / (1.0 + level * penalty)
        residual = basis @ (lost * coordinates) / root
        return float(residual @ residual / n / (lost.sum() / n) ** 2)

    level = minimize_scalar(criterion, bounds=(0, n), method="bounded").x
    fitted = basis @ (coordinates / (1.0 + level * penalty)) / root
    spline: Callable[[Array], Array] = CubicSpline(x, fitted, bc_type="natural")
    return spline

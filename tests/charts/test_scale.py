"""The axis of ROI: it shows the bulk, and every 5 % and 95 % quantile."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sim.charts.numbers import at
from sim.charts.scale import RoiScale, roi_scale
from sim.text.numbers import gain

LOGS = RoiScale(-0.75, 7.0, doublings=True)


@given(st.floats(-0.75, 7))
def test_a_position_leads_back_to_its_roi(roi: float) -> None:
    assert float(LOGS.roi(LOGS.position(roi))) == pytest.approx(roi, abs=1e-9)
    assert LOGS.at_share(LOGS.share(roi)) == pytest.approx(roi, abs=1e-9)


def test_half_the_money_is_as_far_from_break_even_as_twice() -> None:
    left, middle, right = LOGS.position([-0.5, 0.0, 1.0])
    assert middle - left == pytest.approx(right - middle)
    assert LOGS.ticks() == pytest.approx([-0.75, -0.5, 0, 1, 3, 7])
    assert "2 × the money back" in LOGS.label("ROI")


def test_nothing_back_stands_at_the_left_end() -> None:
    assert LOGS.position(-1.0) == LOGS.position(-0.75)


@given(st.lists(st.tuples(st.floats(-2, 3), st.floats(0, 3)), min_size=1, max_size=5))
def test_five_and_ninety_five_percent_lie_inside(shapes: list[tuple[float, float]]) -> None:
    score = np.linspace(-3, 3, 501)
    samples = [np.sort(np.exp(middle + spread * score) - 1) for middle, spread in shapes]
    scale = roi_scale(samples)
    assert scale.low <= 0 <= scale.high
    assert scale.high >= max(at(x, 0.95) for x in samples)
    # less than 1.6 % of the money back is drawn at the left end of the axis of doublings
    lowest = min(at(x, 0.05) for x in samples)
    assert scale.low <= max(lowest, -63 / 64)


def test_a_heavy_tail_gets_doublings_and_a_symmetric_one_does_not() -> None:
    score = np.linspace(-3, 3, 1001)
    assert roi_scale([np.exp(score) - 1]).doublings
    assert not roi_scale([0.2 + 0.1 * score]).doublings


def test_roi_below_minus_one_keeps_a_linear_axis() -> None:
    score = np.linspace(-3, 3, 1001)
    assert not roi_scale([np.sort(np.exp(2 * score) - 3)]).doublings


def test_targets_are_held() -> None:
    scale = roi_scale([np.linspace(-0.1, 0.1, 50)], hold=[2.0])
    assert scale.low < -0.09
    assert scale.high >= 2.0


@pytest.mark.parametrize(
    ("roi", "text"),
    [(0.0, "0 %"), (1.0, "+100 %"), (-0.75, "-75 %"), (-0.9375, "-93.8 %"), (0.125, "+12.5 %"),
     (31.0, "+3,100 %")],
)  # fmt: skip
def test_ticks(roi: float, text: str) -> None:
    assert gain(roi) == text

"""Sets of evidence: which figures speak for an input."""

from __future__ import annotations

import pytest

from sim.evidence import sources
from sim.evidence.sets import SETS, _figures, _table, evidence_on

MEASURED = {"kim-2020", "tiktok-2020", "beichert-2024", "inzpire", "minter-2019"}


def test_every_row_is_a_figure_with_a_source() -> None:
    unknown = [row for rows in _table().values() for row in rows if row not in _figures()]
    assert unknown == []
    assert {chosen for _, _, chosen in _table()} == set(SETS)


def test_every_input_has_pooled_evidence() -> None:
    named = {(name, platform) for name, platform, _ in _table()}
    assert [key for key in named if (*key, "pooled") not in _table()] == []


def test_vendors_sell_and_measured_sets_are_posts_bookings_and_outcomes() -> None:
    for (_, _, chosen), rows in _table().items():
        keys = {_figures()[row].source for row in rows}
        if chosen == "vendors":
            lists = {key for key in keys if sources()[key].kind == "price list"}
            assert [key for key in keys - lists if sources()[key].interest != "vendor"] == []
        if chosen == "measured":
            assert keys <= MEASURED


def test_an_input_that_a_set_says_nothing_of_falls_back_and_is_marked() -> None:
    own = evidence_on("conversion_rate", "instagram", "measured")
    assert own.sources == ("beichert-2024",)
    assert not own.fell_back
    fallen = evidence_on("tracked_share", "tiktok", "measured")
    assert fallen.sources == ("charlie-oscar-2026",)
    assert fallen.fell_back


def test_unknown_sets_and_inputs_are_named() -> None:
    with pytest.raises(KeyError, match="evidence: must be one of pooled, measured, vendors"):
        evidence_on("fee", "instagram", "folklore")
    with pytest.raises(KeyError, match="no evidence on charm of tiktok"):
        evidence_on("charm", "tiktok")

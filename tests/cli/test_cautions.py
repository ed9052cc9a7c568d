"""Notes under an answer that say what the file itself may have overlooked."""

from __future__ import annotations

from typing import Any

import pytest

import sim
from sim.measures import number_warnings
from sim.run.cautions import doubt_warnings


def built(**tables: Any) -> sim.Experiment:
    base = {"portfolio": {"p": {"tier": "micro", "budget": 20_000}}, "simulation": {"worlds": 2048}}
    return sim.build(base | tables)


def test_own_figures_that_presets_still_doubt_are_named() -> None:
    mine = {"micro": {"fee": "250 to 800"}}
    (note,) = doubt_warnings(built(tier=mine))
    assert "fee of micro (beliefs.fee, sd " in note
    assert doubt_warnings(built(tier=mine, beliefs={"fee": 0.1})) == []
    assert doubt_warnings(built()) == []


def test_a_budget_that_commission_breaks_is_named() -> None:
    """An affiliate programme commits goods and hours only; commission comes on top."""
    portfolio = {"p": {"tier": "micro", "budget": 20_000, "compensation": "affiliate"}}
    results = sim.simulate(built(portfolio=portfolio))
    notes = number_warnings(results, sim.summarize(results))
    cost = float(results["cost"].mean())
    assert cost > 21_000
    assert any(f"p ({cost:,.0f} of 20,000 USD)" in note for note in notes)
    plain = sim.simulate(built())
    assert not any("budget" in n for n in number_warnings(plain, sim.summarize(plain)))


def test_a_file_instead_of_an_experiment_is_told_the_way_out() -> None:
    with pytest.raises(TypeError, match=r"sim.simulate\(sim.load\('x.toml'\)\)"):
        sim.simulate("x.toml")  # type: ignore[arg-type]

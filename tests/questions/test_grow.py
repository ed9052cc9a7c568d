"""`sim grow`: its policies against closed forms of two arms, its forecasts, its cohorts, its words."""

from __future__ import annotations

import json
import math
from statistics import NormalDist

import numpy as np
import pytest

import sim
from sim.experiment import ExperimentError
from sim.questions.grow import grow
from sim.questions.grow._answer import KEEP
from sim.questions.grow._grow import Cohorts, fixed, greedy, outcome
from sim.questions.grow._learning import design, expected, forecast

PHI = NormalDist().cdf
WORLDS = 40_000
LEARN = np.arange(WORLDS) < WORLDS // 2


def two_arms(noise: float, means: tuple[float, float] = (100.0, 100.0)) -> Cohorts:
    """Return cohorts of two arms with Gaussian logarithms.

    An arm brings exp(log m - 1/2 + G) with G standard normal; its test shows G + noise and brings
    nothing.
    """
    rng = np.random.default_rng(3)
    arms = rng.standard_normal((2, WORLDS))
    later = np.array(means)[:, None] * np.exp(arms - 0.5)
    shown = np.exp(arms + noise * rng.standard_normal((2, WORLDS)))
    profit = np.stack([np.zeros_like(later), later], axis=1)
    seen = np.ones((2, 2, 3, WORLDS))
    seen[:, 0, 0] = 1e6 * shown  # far above one order, so that its logarithm is the signal
    return Cohorts(profit, np.zeros_like(profit), seen, 1.0)


def best_of_two(noise: float, means: tuple[float, float]) -> float:
    """Return the mean of the larger of two posterior means (Margrabe 1978).

    Both are lognormal with log variance 1 / (1 + noise^2) around their prior means, independent.
    """
    a, b = means
    spread = math.sqrt(2.0 / (1.0 + noise**2))
    d = math.log(a / b) / spread
    return a * PHI(d + spread / 2.0) + b * PHI(spread / 2.0 - d)


@pytest.mark.parametrize("noise", [0.0, 1.0])
@pytest.mark.parametrize("means", [(100.0, 100.0), (100.0, 70.0)])
def test_greedy_earns_the_mean_of_the_larger_posterior_mean(noise, means):
    cohorts = two_arms(noise, means)
    profit = outcome(cohorts, greedy(cohorts, LEARN))[0][~LEARN]
    error = profit.std() / math.sqrt(profit.size)
    assert profit.mean() == pytest.approx(best_of_two(noise, means), abs=4.0 * error)


def test_fixed_keeps_to_the_better_mean_and_no_policy_beats_the_oracle():
    cohorts = two_arms(1.0, (100.0, 70.0))
    plan = fixed(cohorts, LEARN)
    assert (plan == 0).all()
    oracle = np.maximum(cohorts.profit[:, 1].max(axis=0), 0.0)
    for chosen in (plan, greedy(cohorts, LEARN)):
        assert (outcome(cohorts, chosen)[0] <= oracle + 1e-9).all()


def test_money_is_kept_where_every_line_is_expected_to_lose():
    cohorts = two_arms(0.0)
    dear = Cohorts(cohorts.profit - 250.0, cohorts.cost + 250.0, cohorts.seen, 1.0)
    chosen = greedy(dear, LEARN)[0, ~LEARN]
    best = dear.profit[:, 1, ~LEARN].max(axis=0)
    assert ((chosen == 2) == (best < 0.0)).mean() > 0.99
    assert (fixed(dear, LEARN) == 2).all()


def test_a_forecast_is_the_mean_given_what_was_seen():
    """E[y | x] = exp(0.3 + x / 2) where y is zero half of the time and twice a lognormal else."""
    rng = np.random.default_rng(1)
    x = rng.standard_normal((1, 200_000))
    y = np.exp(0.3 + 0.5 * x[0] + rng.standard_normal(200_000) - 0.5) * 2.0
    y *= rng.random(200_000) < 0.5
    columns = design(x)
    guess = expected(columns, forecast(columns, y))
    # Three coefficients from 200,000 worlds, each with an error of about (e 2 - 1)^(1/2) / 450.
    assert np.abs(np.log(guess) - 0.3 - 0.5 * x[0])[np.abs(x[0]) < 2].max() < 0.05


def test_a_line_that_never_brings_anything_is_expected_to_bring_nothing():
    columns = design(np.random.default_rng(1).standard_normal((2, 100)))
    assert (expected(columns, forecast(columns, np.zeros(100))) == 0.0).all()


EXPERIMENT = """
[simulation]
worlds = 4_000
[portfolio.few]
tier = "macro"
budget = 60_000
[portfolio.many]
tier = "micro"
budget = 60_000
"""


@pytest.fixture(scope="module")
def experiment(tmp_path_factory):
    path = tmp_path_factory.mktemp("grow") / "programme.toml"
    path.write_text(EXPERIMENT)
    return sim.load(path)


@pytest.fixture(scope="module")
def answer(experiment):
    return sim.grow(experiment)


def test_all_at_once_is_the_portfolio_of_the_run(experiment, answer):
    """Money put in at once hires the creators of the run: in the same worlds, the same profit."""
    run = sim.simulate(sim.load(experiment.file, ["simulation.sampling='plain'"]))
    name = {"micro": "many", "macro": "few"}[answer.best]
    later = run["profit"].sel(portfolio=name).values[2_000:]
    assert answer["at once"].profit.value == pytest.approx(later.mean(), rel=1e-12)


def test_stages_hire_strangers_within_their_money(answer):
    assert answer.stages == (3_000.0, 12_000.0, 45_000.0)
    micro = answer.creators[answer.lines.index("micro")]
    # 1,500 of the first stage's 3,000 go to each line; the others get all.
    assert micro[1] / micro[0] == pytest.approx(8.0, rel=0.25)
    assert micro[2] / micro[1] == pytest.approx(45.0 / 12.0, rel=0.1)
    assert answer["greedy"].spent.value <= 60_000.0


def test_differences_are_those_of_the_policies(answer):
    profit = {policy.name: policy.profit.value for policy in answer.policies}
    assert answer.learning.value == pytest.approx(profit["greedy"] - profit["fixed"])
    assert answer.knowing.value == pytest.approx(profit["oracle"] - profit["greedy"])
    assert answer.testing.value == pytest.approx(profit["greedy"] - profit["at once"])
    assert answer.knowing.value > 0.0
    for move in answer.moves:
        assert sum(move.shares.values()) == pytest.approx(1.0)
        assert set(move.shares) == {*answer.lines, KEEP}


def test_an_answer_is_read_back_as_it_was(answer):
    content = json.loads(json.dumps(answer.to_dict(), allow_nan=False))
    assert grow.read(content).to_dict() == content
    assert [table.name for table in answer.tables()] == ["grow", "grow_moves"]
    assert answer.headline in answer.sentence


def test_what_cannot_grow_is_said(experiment, tmp_path):
    with pytest.raises(ExperimentError, match="2 to 4 amounts"):
        sim.grow(experiment, "5k")
    with pytest.raises(ExperimentError, match="amounts such as 5k,20k,50k"):
        sim.grow(experiment, "5k,many")
    path = tmp_path / "counted.toml"
    path.write_text('[portfolio.a]\ntier = "micro"\ncreators = 5\n')
    with pytest.raises(ExperimentError, match="no portfolio has a budget"):
        sim.grow(sim.load(path))
    with pytest.raises(ExperimentError, match="buys no creator"):
        sim.grow(experiment, "1,20k")

"""Simulation-based calibration: worlds drawn from the prior lie anywhere in what their results say.

A true score's place among draws of the posterior is uniform if the likelihood is right (Cook, Gelman
and Rubin 2006; Talts et al. 2018). Campaigns are simulated creator by creator, as a run does; the
posterior knows of them what a results file holds.

    pytest tests/learn/test_calibration.py -m statistical
"""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from sim.experiment import build
from sim.learn import Campaign, LearnError, Row
from sim.learn.cells import season
from sim.learn.infer import infer
from sim.plan import make_plan
from sim.vary.draw import draw, shared_scores

FIGURES = ("cost", "impressions", "engagements", "tracked_orders", "revenue")


def experiment(terms, creators, seed):
    portfolio = {"p": {**terms, "creators": creators}}
    return build({"simulation": {"worlds": 512, "seed": seed}, "portfolio": portfolio})


def simulated(terms, creators, campaigns, alone):
    """Return true scores by factor, and the rows that each campaign brought."""
    rows = creators if alone else 1
    of = experiment(terms, 1 if alone else creators, 7)
    plan = make_plan(of)
    truth = shared_scores(plan, 0, campaigns)
    factors = np.repeat(truth, rows, axis=1)
    told = draw(plan, ["cost", "impressions", "engagements", "expected_orders"],
                worlds=factors.shape[1], factors=factors)  # fmt: skip
    rng, cv = np.random.default_rng(7), of.economics.order_value_cv

    def economics(name):
        table, row = plan.economics[name]
        return table.quantile(np.zeros(factors.shape[1]) if row is None else factors[row])

    orders = rng.poisson(told["expected_orders"][0] * economics("tracked_share"))
    value = rng.gamma(np.maximum(orders, 1) / cv**2, cv**2) * (orders > 0)
    columns = {name: told[name][0] for name in FIGURES[:3]}
    columns |= {"tracked_orders": orders, "revenue": value * economics("order_value")}
    return dict(zip((f.name for f in plan.factors), truth, strict=True)), {
        name: np.asarray(column, dtype=float).reshape(campaigns, rows)
        for name, column in columns.items()
    }


def places(terms, creators, campaigns, *, alone=False, figures=FIGURES):
    """Return the place of the true scores in the posterior of each campaign, by figure in doubt.

    The figures are those of the tier, in which a common and an own score add up, and single scores.
    """
    truth, columns = simulated(terms, creators, campaigns, alone)
    of = experiment(terms, creators, 8)
    table = of.tables()["portfolio"]
    sds = {f.name: f.log_sd for f in make_plan(of).factors}
    ranks: dict[str, list[float]] = {}
    for c in range(campaigns):
        rows = tuple(
            Row("p", "", f"c{i}" if alone else "", {f: columns[f][c, i] for f in figures})
            for i in range(creators if alone else 1)
        )
        try:
            told = season(of, Campaign("r", table, rows))
        except LearnError:
            continue  # nobody posted: nothing to learn from; given that, the other ranks are uniform
        posterior = infer([told], c, draws=4096, worlds=8192)
        names = posterior.names[: posterior.beliefs]
        scores = posterior.draws[:, : posterior.beliefs]
        true = np.array([truth[name][c] for name in names])
        for k, name in enumerate(names):
            weights = np.eye(len(names))[k]
            if ":" in name:
                weights = weights * sds[name]
                weights[names.index(name.split(":")[0])] = sds[name.split(":")[0]]
            below = scores @ weights < true @ weights
            ranks.setdefault(name, []).append(float(posterior.weights.values @ below))
    return {name: np.array(values) for name, values in ranks.items()}


@pytest.mark.statistical
@pytest.mark.parametrize(
    ("terms", "creators", "alone"),
    [
        ({"tier": "micro"}, 20, False),
        ({"tier": "nano"}, 40, False),
        ({"tier": "micro"}, 5, True),
    ],
    ids=["twenty", "forty-nano", "five-rows"],
)
def test_ranks_are_uniform(terms, creators, alone):
    # Ten figures; one in a thousand such tests fails by chance.
    for name, ranks in places(terms, creators, 1_000, alone=alone).items():
        counts = np.histogram(ranks, 20, (0.0, 1.0))[0]
        assert stats.chisquare(counts).pvalue > 1e-4, (name, counts)


@pytest.mark.statistical
def test_totals_of_five_creators_are_covered_as_stated():
    # Their law is widened: ranges hold at least as often as they say, less four errors.
    for name, ranks in places({"tier": "micro"}, 5, 1_000).items():
        for share in (0.5, 0.9):
            held = np.mean(np.abs(ranks - 0.5) < share / 2)
            assert held > share - 4 * np.sqrt(share * (1 - share) / 1_000), (name, share)
            assert held < share + 0.08, (name, share)


def test_a_few_ranks_lie_anywhere():
    # Twelve campaigns: a mean rank has an error of 0.083, four of which are allowed.
    for name, ranks in places({"tier": "micro"}, 20, 12).items():
        assert abs(ranks.mean() - 0.5) < 4 * 0.083, name

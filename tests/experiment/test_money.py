"""Amounts with the sign of their currency, and packaged figures at a rate of exchange.

Expected amounts are those of the rules in `sim.experiment.amounts`; converted figures are the packaged
ones times the rate, to the six digits that are kept.
"""

from __future__ import annotations

import math

import pytest

import sim
from sim.evidence.rates import rates
from sim.experiment.presets import presets
from sim.explain import explain
from sim.vary.keys import find_key
from sim.vary.ranges import read_values

PORTFOLIO = {
    "micro": {"tier": "micro", "budget": 50_000},
    "macro": {"tier": "macro", "budget": 50_000},
}


def built(**tables):
    return sim.build({"portfolio": PORTFOLIO, **tables}, file="x.toml")


def fault_of(**tables):
    with pytest.raises(sim.ExperimentError) as error:
        built(**tables)
    (fault,) = str(error.value).splitlines()
    return fault


@pytest.mark.parametrize(
    ("written", "amount"),
    [
        (48, 48.0),
        ("48 EUR", 48.0),
        ("€48", 48.0),
        ("eur 48", 48.0),
        ("60k €", 60_000.0),
        ("€1.2M", 1_200_000.0),
        ("1.200,50 €", 1_200.5),
        ("€1,200.50", 1_200.5),
        ("4,90 €", 4.9),
        ("1,200 €", 1_200.0),
        ("1.200.000 €", 1_200_000.0),
        ("1 200 €", 1_200.0),
        ("1 200,5 €", 1_200.5),
        ("0.125 €", 0.125),
        ("1,5k €", 1_500.0),
    ],
)
def test_amounts_with_a_sign_are_read(written, amount):
    experiment = built(currency="EUR", costs={"fixed": written, "shipping": written})
    assert experiment.costs.fixed == experiment.costs.shipping == amount


@pytest.mark.parametrize(
    "written", ["40 to 60 EUR", "€40 to €60", "40 € to 60 €", "40,0 to 60,0 €"]
)
def test_a_range_may_have_the_sign_at_either_end(written):
    own = built(currency="EUR", tier={"micro": {"fee": written}}).tier["micro"].on["instagram"].fee
    plain = built(tier={"micro": {"fee": "40 to 60"}}).tier["micro"].on["instagram"].fee
    assert own.parameters == plain.parameters


def test_signs_stand_in_laws_and_budgets_too():
    law = {"lognormal": {"median": "€250", "log_sd": 0.4}, "truncate": ["50 €", "2.000,00 €"]}
    portfolio = {"micro": {"tier": "micro", "budget": "60k €"}}
    experiment = built(currency="€", tier={"micro": {"fee": law}}, portfolio=portfolio)
    fee = experiment.tier["micro"].on["instagram"].fee
    assert (fee.parameters["mu"], fee.lower, fee.upper) == (math.log(250), 50.0, 2_000.0)
    assert experiment.portfolio["micro"].budget == 60_000.0
    assert experiment.currency == "EUR"


@pytest.mark.parametrize(
    ("tables", "message"),
    [
        (
            {"costs": {"fixed": "€48"}},
            (
                "costs.fixed: is in EUR, and this file counts in USD: convert it, or set "
                '`currency = "EUR"` at the top of the file if all of it is (got "€48")'
            ),
        ),
        (
            {"currency": "EUR", "economics": {"order_value": "$40 to $50"}},
            (
                "economics.order_value: is in USD, and this file counts in EUR: convert it, or set "
                '`currency = "USD"` at the top of the file if all of it is (got "$40 to $50")'
            ),
        ),
        (
            {"currency": "EUR", "economics": {"order_value": "€40 to $50"}},
            'economics.order_value: is in EUR and USD: write it in one currency (got "€40 to $50")',
        ),
        (
            {"currency": "EUR", "costs": {"fixed": "1.200 €"}},
            (
                "costs.fixed: in 1.200 the point may part decimals or thousands; write 1200, or 1.2 "
                '(got "1.200 €")'
            ),
        ),
        (
            {"currency": "EUR", "costs": {"fixed": "1,20.50 €"}},
            (
                'costs.fixed: must be a number such as 250, "10k" or "3 %"; a comma separates '
                'thousands, a point decimals (got "1,20.50 €")'
            ),
        ),
        (
            {"currency": "euros"},
            (
                "currency: must be a currency such as EUR: its code of three letters, or its sign "
                '(got "euros")'
            ),
        ),
        (
            {"currency": "XTS"},
            (
                "exchange_rate: is needed, as none is packaged for XTS: how much XTS a USD is, for "
                "packaged figures"
            ),
        ),
        (
            {"exchange_rate": 0.9},
            'exchange_rate: goes with another `currency` than USD, such as currency = "EUR" (got 0.9)',
        ),
        ({"currency": "EUR", "exchange_rate": 0}, "exchange_rate: must be positive (got 0)"),
        (
            {"currency": "EUR", "economics": {"gross_margin": "0.5 €"}},
            'economics.gross_margin: must be a number such as 250, "10k" or "3 %" (got "0.5 €")',
        ),
    ],
    ids=[
        "sign",
        "other sign",
        "two",
        "point",
        "groups",
        "word",
        "no rate",
        "rate alone",
        "zero",
        "a share",
    ],
)
def test_what_cannot_be_is_told_in_a_line(tables, message):
    assert fault_of(**tables) == f"x.toml: {message}"


def test_two_currencies_in_one_file_are_two_lines():
    with pytest.raises(sim.ExperimentError) as error:
        built(currency="GBP", costs={"fixed": "€48", "shipping": "$5", "hourly_rate": "£30"})
    lines = str(error.value).splitlines()
    assert [line.split(": ")[1] for line in lines] == ["costs.fixed", "costs.shipping"]


def test_packaged_figures_are_converted_and_say_so():
    rate = 0.8
    experiment = built(currency="EUR", exchange_rate=rate, costs={"shipping": 5})
    on, dollars = experiment.tier["macro"].on["instagram"], presets()["instagram"]["macro"]
    median = dollars["fee"]["lognormal"]["median"]
    assert on.fee.written == {"lognormal": {"median": median * rate, "log_sd": 0.21}}
    assert on.management_hours.written == dollars["management_hours"]
    assert experiment.costs.hourly_rate == 32.0  # 40 USD
    assert experiment.economics.order_value.written == 56.8  # 71 USD
    assert experiment.compensation["performance"].pay_cap == 2_000 * rate
    # What the file says is in its own currency already, a share is a share.
    assert experiment.costs.shipping == 5.0
    assert experiment.portfolio["macro"].budget == 50_000
    assert experiment.economics.gross_margin.written == presets()["economics"]["gross_margin"]
    assert experiment.origins["costs.hourly_rate"].endswith("from USD at 0.8 EUR")
    assert experiment.origins["costs.shipping"] == "this file"


def test_a_range_of_the_presets_is_converted_at_both_ends():
    portfolio = {"nano": {"tier": "nano", "creators": 3}}
    experiment = built(currency="EUR", exchange_rate=0.5, portfolio=portfolio)
    assert presets()["instagram"]["nano"]["fee"] == "10 to 100"
    assert experiment.tier["nano"].on["instagram"].fee.written == "5 to 50"


@pytest.mark.parametrize("evidence", ["measured", "vendors"])
def test_every_set_of_evidence_is_converted(evidence):
    tables = {"evidence": evidence, "currency": "EUR", "exchange_rate": 0.5}
    own, dollars = built(**tables), built(evidence=evidence)
    for tier in ("micro", "macro"):
        half, whole = (e.tier[tier].on["instagram"].fee.parameters for e in (own, dollars))
        assert half["mu"] == pytest.approx(whole["mu"] + math.log(0.5), rel=1e-6)
        assert half["sigma"] == whole["sigma"]


def test_the_packaged_rate_is_an_assumption_with_its_date():
    for rate in rates().values():
        assert rate.source == "assumption"
        assert rate.date.isdigit()
    experiment = built(currency="EUR")
    assert experiment.exchange_rate == rates()["EUR"].per_usd
    row = next(row for row in explain(experiment) if row.key == "exchange_rate")
    assert row.unit == "EUR per USD, for packaged figures alone"
    assert row.source == rates()["EUR"].words
    assert "2024" in row.source
    assert all(row.key != "exchange_rate" for row in explain(built()))


def test_a_resolved_file_reads_as_the_same(tmp_path):
    from sim.experiment.write import to_toml

    experiment = built(currency="EUR", exchange_rate=0.8, costs={"fixed": "1.200,50 €"})
    path = tmp_path / "again.toml"
    path.write_text(to_toml(experiment), encoding="utf-8")
    again = sim.load(path)
    assert (again.currency, again.exchange_rate) == ("EUR", 0.8)
    assert again.fingerprint() == experiment.fingerprint()
    # Another currency is another run, though its numbers are the same; another rate is not.
    assert built().fingerprint() != built(currency="USD", costs={"fixed": 1}).fingerprint()
    assert "currency" not in to_toml(built())


def test_money_changes_no_draw():
    from sim.measures.worlds import portfolio_names

    worlds = {"worlds": 512, "seed": 3}
    held = {"a": {"tier": "micro", "creators": 4}, "b": {"tier": "macro", "creators": 1}}
    euro, dollar = (
        sim.simulate(built(simulation=worlds, portfolio=held, **more), threads=1)
        for more in ({"currency": "EUR", "exchange_rate": 0.5}, {})
    )
    for name in ("impressions", "engagements", "orders", "hired"):
        assert (euro[name].values == dollar[name].values).all(), name
    # Half a dollar's worth of everything: the same return, whatever it is counted in.
    assert portfolio_names(euro) == ["a", "b"]
    assert euro["cost"].values == pytest.approx(dollar["cost"].values / 2, rel=1e-5)
    assert 1 + euro["roi"].values == pytest.approx(1 + dollar["roi"].values, rel=1e-5)


def test_rosters_are_in_the_currency_of_the_file(tmp_path):
    (tmp_path / "list.csv").write_text("name,followers,fee\nann,20000,€150\n", encoding="utf-8")
    tables = {"portfolio": {"list": {"roster": "list.csv"}}}
    experiment = sim.build({**tables, "currency": "EUR"}, folder=tmp_path)
    assert experiment.portfolio["list"].roster.rows[0].fee == 150.0
    with pytest.raises(
        sim.ExperimentError, match="fee is in EUR, and money is counted in USD here"
    ):
        sim.build(tables, folder=tmp_path)


def test_observations_are_in_the_currency_of_the_file(tmp_path):
    (tmp_path / "orders.csv").write_text("value\n20 €\n30 €\n", encoding="utf-8")
    tables = {
        "portfolio": {"a": {"tier": "micro", "creators": 2}},
        "economics": {"order_value": {"empirical": "orders.csv:value"}},
    }
    sim.build({**tables, "currency": "EUR"}, folder=tmp_path)
    with pytest.raises(sim.ExperimentError, match="value is in EUR, and money is counted in USD"):
        sim.build(tables, folder=tmp_path)


@pytest.mark.parametrize(
    ("written", "values"),
    [
        ("€1000 to €5000 in 3 steps", [1000.0, 3000.0, 5000.0]),
        ("1.000,50 €", [1000.5]),
        ("€1000, €2000", [1000.0, 2000.0]),
        (["1k €", "2k €"], [1000.0, 2000.0]),
    ],
)
def test_values_of_a_sweep_may_have_signs(written, values):
    experiment = built(currency="EUR")
    assert read_values(find_key(experiment, "tier.macro.fee"), written, "x.toml") == values


def test_amounts_of_a_question_may_have_signs():
    experiment = built(currency="EUR", simulation={"worlds": 256})
    run = sim.simulate(experiment, threads=1)
    assert sim.loss(experiment, "20k €", run=run).threshold == 20_000.0
    with pytest.raises(sim.ExperimentError, match="more_than: is in USD, and this file counts in"):
        sim.loss(experiment, "$20k", run=run)
    with pytest.raises(sim.ExperimentError, match="budget: must be a positive amount of money"):
        sim.frontier(experiment, budget="-5 €")

"""What analysts write, and the distribution that it means."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from sim.experiment import DistributionError
from sim.experiment.distributions import POSITIVE, REAL, SHARE, number, parse

#: A few rounding errors.
CLOSE = pytest.approx


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        (250, 250.0),
        (2.5, 2.5),
        ("250", 250.0),
        ("10k", 10_000.0),
        ("1.2M", 1_200_000.0),
        ("2b", 2e9),
        ("3 %", 0.03),
        ("3%", 0.03),
        ("1,000", 1_000.0),
        ("1,234,567.5", 1_234_567.5),
        ("1_000", 1_000.0),
        (".5", 0.5),
        ("-4", -4.0),
        ("+4", 4.0),
        ("1e3", 1_000.0),
        (" 7 ", 7.0),
    ],
)
def test_numbers(written, expected):
    assert number(written) == CLOSE(expected)


@given(st.integers(0, 10_000))
def test_percent_is_exact(hundredths):
    assert number(f"{hundredths} %") == hundredths / 100


@pytest.mark.parametrize(
    "written", ["", " ", "k", "%", "1,5", "1.234,5", "10,00", "1 000", "1kk", "$5", "0x10", "٣", "1e", None, (), {}]
)  # fmt: skip
def test_what_is_no_number(written):
    with pytest.raises(DistributionError, match="must be a number"):
        number(written)


def ends(distribution):
    """Return the 5th and 95th percentile of a normal by its parameters."""
    normal = stats.norm(distribution.parameters["mu"], distribution.parameters["sigma"])
    return normal.ppf([0.05, 0.95])


@pytest.mark.parametrize(
    ("text", "low", "high"),
    [("150 to 600", 150, 600), ("10k to 100k", 1e4, 1e5), ("500 to 5k", 500, 5e3), ("1.5 TO 2", 1.5, 2)],
)  # fmt: skip
def test_a_positive_range_is_nine_tenths_of_a_lognormal(text, low, high):
    distribution = parse(text)
    assert distribution.family == "lognormal"
    assert [math.exp(end) for end in ends(distribution)] == CLOSE([low, high])


@pytest.mark.parametrize("text", ["3% to 8%", "3 % to 8 %", "3 to 8 %", "0.03 to 0.08"])
def test_a_range_on_a_share_is_nine_tenths_of_a_logit_normal(text):
    distribution = parse(text, SHARE)
    assert distribution.family == "logitnormal"
    assert [1 / (1 + math.exp(-end)) for end in ends(distribution)] == CLOSE([0.03, 0.08])


def test_a_range_through_zero_is_nine_tenths_of_a_normal_where_the_key_allows_it():
    distribution = parse("-5 to 10", REAL)
    assert distribution.family == "normal"
    assert list(ends(distribution)) == CLOSE([-5, 10])


#: Mean and sd that the canonical parameters must have, by formula of the family.
MEAN_AND_SD = {
    "lognormal": lambda p: stats.lognorm(p["sigma"], scale=math.exp(p["mu"])),
    "normal": lambda p: stats.norm(p["mu"], p["sigma"]),
    "beta": lambda p: stats.beta(p["a"], p["b"]),
    "gamma": lambda p: stats.gamma(p["shape"], scale=p["scale"]),
}


@pytest.mark.parametrize("family", MEAN_AND_SD)
@given(mean=st.floats(0.01, 0.99), cv=st.floats(0.05, 0.95))
def test_mean_and_sd(family, mean, cv):
    sd = cv * mean * (1 - mean)
    kind = REAL if family == "normal" else POSITIVE
    distribution = parse({family: {"mean": mean, "sd": sd}}, kind)
    frozen = MEAN_AND_SD[family](distribution.parameters)
    assert (frozen.mean(), frozen.std()) == CLOSE((mean, sd), rel=1e-6)


def test_other_ways_to_write_a_lognormal():
    by_median = parse({"lognormal": {"median": 20, "log_sd": 0.5}}).parameters
    by_mean = parse({"lognormal": {"mean": 20 * math.exp(0.125), "log_sd": 0.5}}).parameters
    high = 20 * math.exp(0.5 * stats.norm.ppf(0.9))
    by_quantiles = parse({"lognormal": {"median": 20, "p90": high}}).parameters
    expected = {"mu": math.log(20), "sigma": 0.5}
    assert by_median == CLOSE(expected)
    assert by_mean == CLOSE(expected)
    assert by_quantiles == CLOSE(expected)


def test_orders_may_outnumber_the_engagements_of_some_creators_but_not_of_half():
    wide = {"lognormal": {"mean": 0.1, "log_sd": 1.25}}  # one in 200 above one
    with pytest.raises(DistributionError, match="is a share and cannot be above 1"):
        parse(wide, SHARE)
    assert parse(wide, SHARE.passed_by_some()).upper == math.inf
    for written in ({"lognormal": {"median": 1.01, "log_sd": 0.1}}, 1.01, "2 to 5"):
        with pytest.raises(DistributionError):
            parse(written, SHARE.passed_by_some())


def test_a_gamma_is_a_share_where_it_practically_ends_below_one():
    """It is cut at one; elsewhere it has no end."""
    rate = {"gamma": {"mean": 0.04, "sd": 0.03}}
    assert (parse(rate, SHARE).upper, parse(rate, POSITIVE).upper) == (1.0, math.inf)
    assert parse(rate | {"truncate": [0.01, 0.2]}, SHARE).upper == 0.2
    # An exponential of mean m passes m log 2,000 once in 2,000 draws: 1 at m = 0.1316.
    parse({"gamma": {"mean": 0.131, "sd": 0.131}}, SHARE)
    with pytest.raises(DistributionError, match="cannot be above 1"):
        parse({"gamma": {"mean": 0.132, "sd": 0.132}}, SHARE)


def test_a_pareto_by_its_mean():
    # Mean of a Pareto: minimum index / (index - 1).
    parameters = parse({"pareto": {"mean": 30, "tail_index": 3}}).parameters
    assert parameters == CLOSE({"minimum": 20.0, "tail_index": 3.0})


def test_families_of_scipy_by_their_own_name_or_under_scipy():
    plain = parse({"weibull_min": {"c": 1.5, "scale": 200}})
    named = parse({"scipy": {"name": "weibull_min", "c": 1.5, "scale": 200}})
    assert (plain.family, plain.parameters) == (named.family, named.parameters)


def test_observations_keep_their_zeros_and_lose_what_is_cut(tmp_path):
    (tmp_path / "a.csv").write_text("x;y,fee\n1,100\n2,0\n3,\n4,0\n5,9k\n", encoding="utf-8-sig")
    everything = parse({"empirical": "a.csv:fee"}, folder=tmp_path)
    cut = parse({"empirical": "a.csv:fee", "truncate": [0, 1000]}, folder=tmp_path)
    assert everything.values == (100.0, 0.0, 0.0, 9000.0)
    assert cut.values == (100.0, 0.0, 0.0)


@given(st.one_of(st.text(max_size=30), st.integers(), st.floats(), st.booleans(), st.none()))
def test_any_value_is_a_distribution_or_one_clear_error(value):
    for kind in (POSITIVE, SHARE, REAL):
        try:
            distribution = parse(value, kind)
        except DistributionError as error:
            assert "\n" not in str(error)  # noqa: PT017
        else:
            assert distribution.written == value


@given(
    st.floats(1e-3, 1e3), st.floats(1.001, 1e3), st.sampled_from(["", "k", "m"]), st.floats(1.1, 50)
)
def test_a_range_scales_with_its_unit(low, ratio, unit, factor):
    """Ends times a factor move the distribution by its logarithm and nothing else."""
    one = parse(f"{low!r}{unit} to {low * ratio!r}{unit}").parameters
    two = parse(f"{low * factor!r}{unit} to {low * ratio * factor!r}{unit}").parameters
    assert two["sigma"] == CLOSE(one["sigma"], rel=1e-6)
    assert two["mu"] - one["mu"] == CLOSE(math.log(factor), abs=1e-6)

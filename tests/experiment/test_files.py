"""From a file on disk: encodings, includes, and what ``--set`` lays over it."""

from __future__ import annotations

import os

import pytest

import sim


def lines_of(path, overrides=(), **options):
    with pytest.raises(sim.ExperimentError) as caught:
        sim.load(path, overrides, **options)
    return str(caught.value).replace(str(path.parent) + os.sep, "").splitlines()


def test_name_and_folder_come_from_the_path(written, fine):
    path = written(fine)
    experiment = sim.load(path)
    assert (experiment.name, experiment.folder, experiment.file) == (
        "launch", path.parent, str(path),
    )  # fmt: skip


def test_byte_order_mark(tmp_path, fine):
    path = tmp_path / "launch.toml"
    path.write_text(fine, encoding="utf-8-sig")
    assert list(sim.load(path).portfolio) == ["micro", "macro"]


def test_windows_line_ends(tmp_path, fine):
    path = tmp_path / "launch.toml"
    path.write_bytes(fine.replace("\n", "\r\n").encode())
    assert list(sim.load(path).portfolio) == ["micro", "macro"]


def test_latin_1(tmp_path, fine):
    path = tmp_path / "launch.toml"
    path.write_bytes(f'title = "für"{fine}'.encode("latin-1"))
    assert lines_of(path) == ["launch.toml: is not UTF-8 text; save it as UTF-8"]


@pytest.mark.parametrize(
    ("text", "line"),
    [
        pytest.param("[tier.micro\n", "line 1, column 12", id="bracket"),
        pytest.param(
            "[simulation]\nworlds = many\n", "line 2, column 10", id="word without quotes"
        ),
        pytest.param("a = 1\na = 2\nb = 1\n", "line 2, column 6", id="key twice"),
    ],
)
def test_syntax(written, text, line):
    (found,) = lines_of(written(text))
    assert found.startswith("launch.toml: is not valid TOML: ")
    assert line in found


def test_nesting_without_end(written):
    deep = ["launch.toml: its tables are nested too deep"]
    assert lines_of(written("a = " + "[" * 5000)) == deep
    assert lines_of(written("[portfolio.x.mix" + ".a" * 3000 + "]")) == deep


def test_missing_file_and_one_of_nearly_that_name(tmp_path, written, fine):
    assert lines_of(tmp_path / "x.toml") == ["x.toml: cannot be read: No such file or directory"]
    written(fine)
    (found,) = lines_of(tmp_path / "lanch.toml")
    assert found.endswith("did you mean launch.toml?")


def test_folder(tmp_path):
    with pytest.raises(sim.ExperimentError, match="cannot be read: is a folder"):
        sim.load(tmp_path)


def test_folder_of_a_run_names_its_experiment(tmp_path):
    (tmp_path / "experiment.toml").write_text("", encoding="utf-8")
    with pytest.raises(sim.ExperimentError, match=r"is a folder; did you mean .*experiment.toml\?"):
        sim.load(tmp_path)


# --- Includes -------------------------------------------------------------------------------------


def test_an_included_file_lies_below(written, fine):
    written("[tier.micro]\nfee = 300\nfit = { gamma = { mean = 1, sd = 0.1 } }", "fit.toml")
    path = written('include = ["fit.toml"]\n' + fine + '[tier.micro]\nfit = "0.9 to 1.1"')
    tier = sim.load(path).tier["micro"].on["instagram"]
    assert (tier.fee.written, tier.fit.written) == (300, "0.9 to 1.1")


def test_later_includes_lie_above_earlier_ones(written, fine):
    written("[tier.micro]\nfee = 300\nfit = 2", "a.toml")
    written("[tier.micro]\nfee = 400", "b.toml")
    tier = sim.load(written('include = ["a.toml", "b.toml"]\n' + fine)).tier["micro"]
    assert (tier.on["instagram"].fee.written, tier.on["instagram"].fit.written) == (400, 2)


def test_a_number_of_creators_replaces_an_included_budget(written, fine):
    written(fine, "base.toml")
    path = written('include = ["base.toml"]\n[portfolio.micro]\ncreators = 7')
    micro = sim.load(path).portfolio["micro"]
    assert (micro.creators, micro.budget, micro.tier) == (7, None, "micro")


def test_files_of_an_included_file_are_beside_it(written, fine):
    written("fee\n100\n300\n", "fits/fees.csv")
    written('[tier.micro]\nfee = { empirical = "fees.csv:fee" }', "fits/fit.toml")
    experiment = sim.load(written('include = ["fits/fit.toml"]\n' + fine))
    assert experiment.inputs == ("fits/fees.csv",)
    assert experiment.tier["micro"].on["instagram"].fee.values == (100.0, 300.0)


def test_a_fault_names_the_included_file_that_holds_the_key(written, fine):
    written("[tier.micro]\nfeee = 300\nfit = -1\n[economics]\norder_value = -1", "fit.toml")
    path = written('include = ["fit.toml"]\n' + fine + "[economics]\norder_value = -2")
    assert lines_of(path) == [
        "fit.toml: tier.micro.feee: is not a key here; did you mean `fee`?",
        "fit.toml: tier.micro.fit: cannot be negative (got -1)",
        "launch.toml: economics.order_value: cannot be negative (got -2)",
    ]


@pytest.mark.parametrize(
    ("include", "line"),
    [
        pytest.param(
            '"fit.toml"',
            'include: must be a list of files such as ["fit.toml"] (got "fit.toml")',
            id="text",
        ),
        pytest.param(
            '["none.toml"]',
            "include: none.toml cannot be read: No such file or directory",
            id="missing",
        ),
        pytest.param(
            '["broken.toml"]',
            "include: broken.toml is not valid TOML: Invalid value (at line 1, column 5)",
            id="broken",
        ),
        pytest.param(
            '["chain.toml"]', "include: chain.toml must not include files itself", id="chain"
        ),
        pytest.param(
            '["launch.toml"]', "include: launch.toml must not include files itself", id="itself"
        ),
    ],
)
def test_include_faults(written, fine, include, line):
    written("a = = 3", "broken.toml")
    written("include = []", "chain.toml")
    path = written(f"include = {include}\n{fine}[costs]\nshipping = -1")
    # The rest of the file is checked all the same.
    assert lines_of(path) == [
        f"launch.toml: {line}",
        "launch.toml: costs.shipping: cannot be negative (got -1)",
    ]


# --- Assignments ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("assignment", "read", "expected"),
    [
        pytest.param(
            "portfolio.macro.budget=80000",
            lambda e: e.portfolio["macro"].budget,
            80_000,
            id="number",
        ),
        pytest.param(
            "portfolio.macro.budget = 80k", lambda e: e.portfolio["macro"].budget, 80_000, id="80k"
        ),
        pytest.param(
            "portfolio.macro.creators=3",
            lambda e: (e.portfolio["macro"].creators, e.portfolio["macro"].budget),
            (3, None),
            id="creators in place of a budget",
        ),
        pytest.param(
            "tier.micro.fee=100 to 500",
            lambda e: e.tier["micro"].on["instagram"].fee.written,
            "100 to 500",
            id="range without quotes",
        ),
        pytest.param(
            'tier.micro.fee="100 to 500"',
            lambda e: e.tier["micro"].on["instagram"].fee.written,
            "100 to 500",
            id="range in quotes",
        ),
        pytest.param(
            "tier.micro.fee={ gamma = { mean = 300, sd = 100 } }",
            lambda e: e.tier["micro"].on["instagram"].fee.family,
            "gamma",
            id="table",
        ),
        pytest.param(
            "tier.micro.follower_range=[20000, 50000]",
            lambda e: e.tier["micro"].on["instagram"].follower_range,
            (20_000.0, 50_000.0),
            id="list",
        ),
        pytest.param(
            "tier.micro.on.instagram.fit=2",
            lambda e: e.tier["micro"].on["instagram"].fit.written,
            2,
            id="platform",
        ),
        pytest.param(
            "shocks.loadings.conversion_rate.campaign=0",
            lambda e: e.shocks.loadings["conversion_rate"],
            {"campaign": 0.0, "niche": 0.05},
            id="one of several loadings of a preset",
        ),
        pytest.param(
            "beliefs.conversion_rate.sd=0.1",
            lambda e: (e.beliefs["conversion_rate"].sd, e.beliefs["conversion_rate"].common),
            (0.1, 0.7),
            id="half of a belief",
        ),
        pytest.param(
            "beliefs.conversion_rate=0.1",
            lambda e: e.beliefs["conversion_rate"].sd,
            0.1,
            id="belief",
        ),
        pytest.param(
            "shocks.preserve_mean=true", lambda e: e.shocks.preserve_mean, True, id="true"
        ),
        pytest.param("title=No question", lambda e: e.title, "No question", id="text"),
    ],
)
def test_assignment(written, fine, assignment, read, expected):
    assert read(sim.load(written(fine), [assignment])) == expected


def test_assignments_make_a_portfolio(written, fine):
    more = ["portfolio.x.tier=nano", 'portfolio."a.b".tier=micro', "portfolio.x.creators=5",
            'portfolio."a.b".creators=2']  # fmt: skip
    portfolios = sim.load(written(fine), more).portfolio
    assert list(portfolios) == ["micro", "macro", "x", "a.b"]


def test_worlds_and_seed(written, fine):
    simulation = sim.load(written(fine), worlds="20k", seed=7).simulation
    assert (simulation.worlds, simulation.seed) == (20_000, 7)


@pytest.mark.parametrize(
    ("assignment", "line"),
    [
        pytest.param(
            "portfolo.macro.budget=80000",
            "portfolo: is not a table of an experiment; did you mean `portfolio`?",
            id="table",
        ),
        pytest.param(
            "portfolio.macro.budgt=80000",
            "portfolio.macro.budgt: is not a key here; did you mean `budget`?",
            id="key",
        ),
        pytest.param(
            "portfolio.marco.budget=80000",
            "portfolio.marco: needs `tier`, or `mix` with several; "
            "or did you mean portfolio `macro`?",
            id="portfolio",
        ),
        pytest.param(
            "tier.micro.onn.instagram.fee=3",
            "tier.micro.onn: is not a key here; did you mean `on`?",
            id="on",
        ),
        pytest.param(
            "portfolio.macro.budget",
            '--set takes dotted.key=value (got "portfolio.macro.budget")',
            id="no value",
        ),
        pytest.param("=3", '--set takes dotted.key=value (got "=3")', id="no key"),
        pytest.param("a..b=3", '--set takes dotted.key=value (got "a..b=3")', id="two dots"),
        pytest.param(
            "portfolio.macro.budget=",
            'portfolio.macro.budget: must be a number such as 250, "10k" or "3 %" (got "")',
            id="empty",
        ),
        pytest.param(
            "portfolio.macro.budget=5\nx=6",
            'portfolio.macro.budget: must be a number such as 250, "10k" or "3 %" (got "5\\nx=6")',
            id="two at once",
        ),
        pytest.param(
            "tier.micro.fee={ gamma = 3",
            "tier.micro.fee: --set has a value that is no TOML: ",
            id="unclosed",
        ),
        pytest.param(
            "portfolio.macro.budget.x=5",
            "portfolio.macro.budget.x: cannot be set alone; give the whole value of "
            "`portfolio.macro.budget`",
            id="inside a number",
        ),
        pytest.param(
            "tier.micro.amplification.cap=5",
            "tier.micro.amplification.cap: cannot be set alone; give the whole value of "
            "`tier.micro.amplification`",
            id="inside a value that only presets have",
        ),
    ],
)
def test_assignment_faults(written, fine, assignment, line):
    found = lines_of(written(fine), [assignment])
    assert len(found) == 1
    assert found[0].startswith(f"launch.toml: {line}")


def test_assigned_values_say_so(written, fine):
    experiment = sim.load(written(fine), ["tier.micro.fee=300", "shocks.loadings.fee={}"])
    for key in ("tier.micro.on.instagram.fee", "shocks.loadings.fee"):
        assert experiment.origins[key] == "--set on the command line"


def test_worlds_decide_the_beliefs_of_two_levels(tmp_path):
    """4,000 worlds of 50 replicates are 80 draws of the beliefs, whatever the file says."""
    from sim.plan import sampling_of

    path = tmp_path / "two.toml"
    path.write_text(
        "[simulation]\nbeliefs = 2_000\nreplicates = 50\n"
        "[portfolio.p]\ntier = 'micro'\ncreators = 2\n"
    )
    assert sampling_of(sim.load(path).simulation)[1] == 100_000
    sampling, worlds = sampling_of(sim.load(path, worlds="4k").simulation)
    assert (sampling.groups, worlds) == (80, 4_000)


# --- Changes from Python --------------------------------------------------------------------------


def test_one_assignment_is_one_text(tmp_path):
    file = tmp_path / "one.toml"
    file.write_text('[portfolio.a]\ntier = "micro"\ncreators = 3\n')
    assert sim.load(file, "portfolio.a.creators=7").portfolio["a"].creators == 7
    assert sim.load(file, ["portfolio.a.creators=7"]) == sim.load(file, "portfolio.a.creators=7")


def test_an_experiment_with_other_values_is_that_of_its_file(tmp_path):
    file = tmp_path / "one.toml"
    file.write_text('[portfolio.a]\ntier = "micro"\ncreators = 3\n[tier.micro]\nfee = 200\n')
    experiment = sim.load(file)
    for changes in (
        "portfolio.a.creators=7",
        ["portfolio.a.creators=7"],
        {"portfolio.a.creators": 7},
    ):
        assert experiment.with_(changes) == sim.load(file, "portfolio.a.creators=7")
    assert experiment.with_(worlds=2_000, seed=3) == sim.load(file, worlds=2_000, seed=3)
    # A budget takes the place of a count, as it does after --set.
    assert experiment.with_({"portfolio.a.budget": 5_000}).portfolio["a"].creators is None
    assert experiment.portfolio["a"].creators == 3


def test_all_faults_of_other_values_come_at_once(tmp_path):
    file = tmp_path / "one.toml"
    file.write_text('[portfolio.a]\ntier = "micro"\ncreators = 3\n')
    with pytest.raises(sim.ExperimentError) as raised:
        sim.load(file).with_({"tier.micro.fee": -5, "portfolio.a.creatros": 1})
    assert [fault.key for fault in raised.value.faults] == [
        "portfolio.a.creatros",
        "tier.micro.fee",
    ]

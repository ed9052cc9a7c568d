"""Checks that need more than one key: references, shares, loadings, correlations."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from typing import Any

from ..text.currency import MONEY, SIGN
from ..text.safe import alike
from .amounts import currency_of
from .distributions import DistributionError, number
from .faults import Fault, nearest, suggestion
from .fill import formats_used, lines_of
from .layout import Path
from .presets import preset_platforms, preset_tiers, presets
from .shape import Shape
from .toml import dotted
from .translate import user_key

Tables = Mapping[str, Any]

#: More engagement than this from one post of a creator to a later one is no habit any more.
_MOST_GROWTH = 1e6


def cross_checks(filled: Tables, shape: Shape) -> Iterator[Fault]:
    """Yield faults between keys of a filled-up experiment.

    Parameters
    ----------
    filled
        Tables merged over the presets.
    shape
        The sound part of the file.
    """
    tables = shape.tables
    yield from _portfolios(tables, shape.meant)
    yield from _references(tables)
    yield from _pay(filled)
    yield from _own_beliefs(filled)
    yield from _learned(filled)
    yield from _loadings(filled)
    yield from _tiers(filled, tables)
    yield from _customers(filled)
    yield from _decision(tables, shape)
    yield from _simulation(tables.get("simulation", {}))
    yield from _exchange(tables, filled)


def _exchange(tables: Tables, filled: Tables) -> Iterator[Fault]:
    """Yield that the rate of a currency is missing, or said of none."""
    currency = currency_of(tables)
    if currency == MONEY and "exchange_rate" in tables and "currency" not in tables:
        problem = f'goes with another `currency` than {MONEY}, such as currency = "EUR"'
        yield Fault("exchange_rate", problem, tables["exchange_rate"])
    if currency != MONEY and "exchange_rate" not in filled:
        problem = (
            f"is needed, as none is packaged for {currency}: how much {currency} a {MONEY} is, for "
            "packaged figures"
        )
        yield Fault("exchange_rate", problem)


def _value(value: Any) -> float | None:
    """Return a number, None where there is none: that is reported elsewhere."""
    try:
        return number(SIGN.sub("", value) if isinstance(value, str) else value)
    except DistributionError:
        return None


# --- Portfolios -----------------------------------------------------------------------------------


def _portfolios(tables: Tables, meant: set[str]) -> Iterator[Fault]:
    portfolios, currency = tables.get("portfolio", {}), currency_of(tables)
    for name, portfolio in portfolios.items():
        path: Path = ("portfolio", name)
        key = dotted(path)

        def lacks(*keys: str, path: Path = path, portfolio: Tables = portfolio) -> bool:
            given = {*portfolio, *(k for k in keys if dotted((*path, k)) in meant)}
            return not given & {*keys}

        if "roster" in portfolio or dotted((*path, "roster")) in meant:
            for extra in ("tier", "mix", "creators", "budget"):
                if extra == "budget" and "stages" in portfolio:
                    continue
                if extra in portfolio:
                    problem = f"does not go with `{extra}`: the file says who they are"
                    if extra == "budget":
                        problem += (
                            "; give it two `stages` or more, or ask `sim pick` whom to hire for it"
                        )
                    yield Fault(dotted((*path, "roster")), problem)
            yield from _stages(path, portfolio)
            stages = portfolio.get("stages")
            for stage in stages if isinstance(stages, list | tuple) else ():
                if isinstance(stage, Mapping) and _value(stage.get("add", 0)) != 0:
                    problem = "`add` does not go with a roster: the file says who they are"
                    yield Fault(dotted((*path, "stages")), problem)
            continue
        if "creators" in portfolio and "budget" in portfolio:
            yield Fault(key, "has both `creators` and `budget`: keep one")
        elif lacks("creators", "budget"):
            yield Fault(key, f"needs either `creators` (a number) or `budget` ({currency})")
        if lacks("tier", "mix"):
            other = nearest(name, [n for n, p in portfolios.items() if "tier" in p or "mix" in p])
            or_meant = f"; or did you mean portfolio `{other}`?" if other else ""
            yield Fault(key, f"needs `tier`, or `mix` with several{or_meant}")
        yield from _stages(path, portfolio)
        if isinstance(portfolio.get("mix"), Mapping):
            yield from _shares(dotted((*path, "mix")), portfolio["mix"])
    for path, terms in lines_of(tables):
        yield from _growth(path, terms)


def _stages(path: Path, portfolio: Tables) -> Iterator[Fault]:
    stages = portfolio.get("stages")
    if not isinstance(stages, list | tuple):
        return
    key = dotted((*path, "stages"))
    if len(stages) < 2:
        yield Fault(key, "needs at least two stages; for one, say `posts`")
    elif isinstance(stages[0], Mapping) and _value(stages[0].get("keep", 1.0)) != 1.0:
        yield Fault(key, "the first stage keeps nobody: leave out its `keep`")
    elif isinstance(stages[0], Mapping) and _value(stages[0].get("add", 0)) != 0:
        problem = (
            "the first stage hires the portfolio's `creators` or `budget`: leave out its `add`"
        )
        yield Fault(key, problem)
    if "mix" in portfolio:
        yield Fault(key, "do not go with `mix`; give each tier a portfolio of its own")
    if _value(portfolio.get("posts", 1)) != 1.0:
        yield Fault(key, "say the posts: leave out `posts`")


def _shares(key: str, mix: Tables) -> Iterator[Fault]:
    shares = [_value(v.get("share") if isinstance(v, Mapping) else v) for v in mix.values()]
    sound = [share for share in shares if share is not None and 0.0 < share <= 1.0]
    if not shares:
        yield Fault(key, "is empty: name at least one line with its share")
    elif len(sound) == len(shares) and not math.isclose(sum(sound), 1.0, abs_tol=1e-6):
        yield Fault(key, "shares must add up to 1", round(sum(sound), 6))


def _growth(path: Path, terms: Tables) -> Iterator[Fault]:
    posts, factor = _value(terms["posts"]), _value(terms["repeat_factor"])
    if posts is None or factor is None or factor <= 1.0:
        return
    if (posts - 1.0) * math.log(factor) > math.log(_MOST_GROWTH):
        problem = f"makes the last of {posts:g} posts more than a million times the first"
        yield Fault(dotted((*path, "repeat_factor")), problem, terms["repeat_factor"])


# --- Names ----------------------------------------------------------------------------------------


def _references(tables: Tables) -> Iterator[Fault]:
    """Check the names that lines of portfolios, and tables of tiers, use."""
    platforms = {*preset_platforms(), *tables.get("platform", {})}
    kinds = {*presets()["compensation"], *tables.get("compensation", {})}
    formats = {*presets().get("format", {}), *tables.get("format", {})}
    niches = tables.get("niche", {})
    everywhere: dict[str, Path] = {}
    for tier, own in tables.get("tier", {}).items():
        for platform in own.get("on", {}):
            if platform not in platforms:
                key = dotted(("tier", tier, "on", platform))
                yield Fault(key, f"no platform of that name; {suggestion(platform, platforms)}")
    for path, terms in lines_of(tables):
        tier, platform, niche = terms["tier"], terms["platform"], terms["niche"]
        if isinstance(platform, str) and platform not in platforms:
            hint = suggestion(platform, platforms)
            yield Fault(_said(path, "platform", tables), f"is unknown; {hint}", platform)
        elif isinstance(platform, str) and isinstance(tier, str):
            yield from _tier(_said(path, "tier", tables), tier, platform, tables)
        if isinstance(niche, str):
            everywhere.setdefault(niche, path)
        near = nearest(niche, niches) if isinstance(niche, str) and niche not in niches else None
        if near is not None:
            problem = f"did you mean `{near}`? If not, add [niche.{niche}]"
            yield Fault(_said(path, "niche", tables), problem, niche)
        if isinstance(terms["compensation"], str) and terms["compensation"] not in kinds:
            problem = f"is unknown; {suggestion(terms['compensation'], kinds)}"
            key = _said(path, "compensation", tables)
            yield Fault(key, problem, terms["compensation"])
        for name in sorted(formats_used([terms]) - formats):
            problem = f"is unknown; {suggestion(name, formats)}"
            yield Fault(_said(path, "format", tables), problem, name)
    yield from _niches_told_apart(niches, everywhere, tables)


def _niches_told_apart(
    niches: Tables, everywhere: Mapping[str, Path], tables: Tables
) -> Iterator[Fault]:
    """Check that niches named by portfolios and rosters are not one niche in two spellings."""
    seen = {alike(name): name for name in niches}
    for niche, path in everywhere.items():
        first = seen.setdefault(alike(niche), niche)
        if first != niche and nearest(niche, niches) is None:
            problem = f"differs from niche `{first}` by capitals or marks alone: write one of them"
            yield Fault(_said(path, "niche", tables), problem, niche)


def _said(path: Path, key: str, tables: Tables) -> str:
    """Return the dotted key at which a line's term is written: its own, or the portfolio's."""
    name, line = path[1], path[3:]
    portfolio = tables["portfolio"][name]
    own = portfolio["mix"][line[0]] if line else {}
    if line and isinstance(own, Mapping) and key in own:
        return dotted((*path, key))
    if key in portfolio:
        return dotted((*path[:2], key))
    return dotted(path)


def _tier(key: str, tier: str, platform: str, tables: Tables) -> Iterator[Fault]:
    own, known = tables.get("tier", {}), preset_tiers(platform)
    if tier in own or tier in known:
        return
    if not known:
        problem = f"has no preset on {platform}: describe it in [tier.{tier}]"
    else:
        problem = f"no tier of that name; {suggestion(tier, {*known, *own})}"
    yield Fault(key, problem, tier)


def _pay(tables: Tables) -> Iterator[Fault]:
    for name, kind in tables.get("compensation", {}).items():
        floor, cap = _value(kind.get("pay_floor", 0.0)), _value(kind.get("pay_cap"))
        if floor is not None and cap is not None and floor > cap:
            yield Fault(dotted(("compensation", name, "pay_floor")), "is above `pay_cap`", floor)


def _own_beliefs(filled: Tables) -> Iterator[Fault]:
    for name, belief in filled.get("beliefs", {}).items():
        own = belief.get("own", {}) if isinstance(belief, Mapping) else {}
        for tier in own if isinstance(own, Mapping) else ():
            name_of_tier, on, platform = tier.partition(" on ")
            if on and name_of_tier in (*filled["tier"], *preset_tiers(platform)):
                continue  # a fit that the experiment includes may know more tiers than it uses
            if tier not in filled["tier"]:
                problem = f"no tier in use has that name; {suggestion(tier, filled['tier'])}"
                yield Fault(dotted(("beliefs", name, "own", tier)), problem)


def _learned(filled: Tables) -> Iterator[Fault]:
    """Yield what keeps learned beliefs from being a distribution: nobody writes them by hand."""
    import numpy as np

    learned = filled.get("learned")
    if learned is None:
        return
    names, center = learned.get("factors"), learned.get("center")
    rows = learned.get("covariance")
    if not all(isinstance(part, list | tuple) for part in (names, center, rows)):
        return
    way_out = "learn again: `sim learn`"
    now, then = filled.get("evidence", "pooled"), learned.get("evidence", "pooled")
    if now != then:
        yield Fault("learned.evidence", f"is not `{now}`, on which the file rests; {way_out}", then)
    if len(set(map(str, names))) < len(names):
        yield Fault("learned.factors", f"names one twice; {way_out}")
    if len(center) != len(names):
        yield Fault("learned.center", f"needs a number for each of `factors`; {way_out}")
    if [len(row) if isinstance(row, list | tuple) else 0 for row in rows] != [len(names)] * len(
        names
    ):
        yield Fault(
            "learned.covariance", f"needs a row and a column for each of `factors`; {way_out}"
        )
        return
    values = [[_value(item) for item in row] for row in rows]
    if any(item is None for row in values for item in row):
        return
    matrix = np.array(values, dtype=float)
    symmetric = np.allclose(matrix, matrix.T, rtol=1e-9, atol=1e-12)
    if not symmetric or (len(names) and float(np.linalg.eigvalsh(matrix).min()) < -1e-9):
        yield Fault("learned.covariance", f"is no covariance; {way_out}")


def named_in_vain(tables: Tables) -> dict[Path, str]:
    """Return what is wrong with entries that nothing uses and no preset has.

    The key is a path such as ``("tier", "micor")``. Entries that are complete are no fault: they
    may wait in an included file.
    """
    lines = [terms for _, terms in lines_of(tables)]
    unused: dict[Path, str] = {}
    for head in ("tier", "platform", "compensation"):
        used = {terms[head] for terms in lines if isinstance(terms[head], str)}
        for name in tables.get(head, {}):
            if name not in used | _presets(head):
                hint = suggestion(name, _presets(head))
                unused[head, name] = f"is used by no portfolio and has no preset; {hint}"
    return unused


def _presets(head: str) -> set[str]:
    if head == "tier":
        return {tier for platform in preset_platforms() for tier in preset_tiers(platform)}
    return set(preset_platforms()) if head == "platform" else set(presets()["compensation"])


def _decision(tables: Tables, shape: Shape) -> Iterator[Fault]:
    decision, names = tables.get("decision", {}), tables.get("portfolio", {})
    broken = any(fault.key.startswith("portfolio") for fault in shape.faults)
    for side in ("a", "b"):
        chosen = decision.get(side)
        if isinstance(chosen, str) and chosen not in names and (names or not broken):
            problem = f"no such portfolio; {suggestion(chosen, names)}"
            yield Fault(f"decision.{side}", problem, chosen)
    if isinstance(decision.get("a"), str) and decision.get("a") == decision.get("b"):
        yield Fault("decision.b", "is the same portfolio as `a`", decision["b"])


# --- Numbers --------------------------------------------------------------------------------------


def _loadings(filled: Tables) -> Iterator[Fault]:
    """Check that shared factors leave something of each input to the creator."""
    shocks = filled["shocks"]
    scale = _value(shocks["scale"])
    largest, of = 0.0, ""
    for name, loadings in shocks["loadings"].items():
        if not isinstance(loadings, Mapping):
            continue
        weights = [_value(weight) for weight in loadings.values()]
        sound = [weight for weight in weights if weight is not None and abs(weight) <= 1.0]
        total = sum(weight**2 for weight in sound)
        if len(sound) < len(weights):
            continue
        if total > 1.0 + 1e-12:
            yield Fault(
                dotted(("shocks", "loadings", name)),
                f"squared loadings add up to {total:.3g}, more than 1: nothing would be left to "
                "the creator",
                dict(loadings),
            )
        elif total > largest:
            largest, of = total, name
    if scale is not None and scale**2 * largest > 1.0 + 1e-12:
        problem = (
            f"times the loadings of `{of}` is more than 1: nothing would be left to the creator; "
            f"cannot be above {math.floor(1e4 / math.sqrt(largest)) / 1e4:g}"
        )
        yield Fault("shocks.scale", problem, shocks["scale"])


def _tiers(filled: Tables, tables: Tables) -> Iterator[Fault]:
    for name, tier in filled["tier"].items():
        for platform, table in tier["on"].items():
            for path, problem, got in _tier_numbers(table):
                key = user_key(("tier", name, "on", platform, *path), tables)
                yield Fault(key, problem, got)


def _tier_numbers(table: Tables) -> Iterator[tuple[Path, str, Any]]:
    """Yield path, problem and value of what does not fit together in a tier."""
    ends = table.get("follower_range")
    numbers = [_value(end) for end in ends] if isinstance(ends, list | tuple) else []
    low, high = numbers if len(numbers) == 2 else (None, None)
    if low is not None and high is not None and low > 0.0:
        if not low < high:
            yield ("follower_range",), "the first number must be below the second", ends
        everybody = _value(table.get("followers"))
        if everybody is not None and low < high and not low <= everybody <= high:
            problem = f"lies outside follower_range, {low:g} to {high:g}"
            yield ("followers",), problem, table["followers"]
    if _value(table.get("effort_elasticity", 0.0)) and "effort_fee" not in table:
        problem = "needs `effort_fee` beside it, the fee per post at which engagement_rate holds"
        yield ("effort_elasticity",), problem, table["effort_elasticity"]
    law = table.get("amplification")
    if not isinstance(law, Mapping):
        return
    if "spike" in law and "cascade" in law:
        yield ("amplification",), "has both `spike` and `cascade`: keep one", law
    for name in ("spike", "cascade"):
        inside = law.get(name)
        index = _value(inside.get("tail_index")) if isinstance(inside, Mapping) else None
        never = isinstance(inside, Mapping) and _value(inside.get("probability")) == 0.0
        if index is not None and 0.0 < index <= 1.0 and "cap" not in law and not never:
            problem = "at or below 1 the mean is infinite; set `cap` beside it, the largest A"
            yield ("amplification", name, "tail_index"), problem, index


def _customers(filled: Tables) -> Iterator[Fault]:
    """Check that a beta law has room for how customers differ, and that leaked codes are not paid for."""
    sd = _value(filled["customers"]["retention_sd"])
    shares = [filled["customers"].get("retention")]
    tiers = [on for tier in filled["tier"].values() for on in tier["on"].values()]
    shares += [on.get("retention") for on in tiers]
    for share in dict.fromkeys(_value(share) for share in shares if share is not None):
        if sd and share and 0.0 < share < 1.0 and sd**2 >= share * (1.0 - share):
            problem = (
                f"is more than customers can differ around a retention of {share:g}; it must be below "
                f"{math.sqrt(share * (1.0 - share)):.2g}"
            )
            yield Fault("customers.retention_sd", problem, filled["customers"]["retention_sd"])
    leaks = [filled["tracking"].get("leaked_orders"), *(on.get("leaked_orders") for on in tiers)]
    if any(_value(leak) for leak in leaks if leak is not None):
        for path, terms in lines_of(filled):
            kind = filled["compensation"].get(terms["compensation"], {})
            if isinstance(kind, Mapping) and _value(kind.get("pay_per_order", 0.0)):
                problem = (
                    "pays per order, and which orders were leaked is not known of each creator: leave "
                    "out `leaked_orders`, or pay a commission"
                )
                yield Fault(dotted((*path, "compensation")), problem, terms["compensation"])


def _simulation(simulation: Tables) -> Iterator[Fault]:
    replicates = _value(simulation.get("replicates", 1))
    if replicates is None:
        return
    if "beliefs" in simulation and replicates == 1.0:
        problem = "goes with `replicates` above 1, the worlds for each draw of the beliefs"
        yield Fault("simulation.beliefs", problem, simulation["beliefs"])
    if simulation.get("sampling") == "stratified" and replicates > 1.0:
        problem = "does not go with `replicates` above 1; leave one out"
        yield Fault("simulation.sampling", problem, simulation["sampling"])

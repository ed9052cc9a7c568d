"""Filling up: the tables of a file over the packaged presets, with the origin of every key."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from ..evidence.sets import INPUTS
from ..text.currency import MONEY
from . import models
from .amounts import currency_of
from .converted import exchange_rate, presets_in
from .layout import FREE, NAMED, PLAIN, TABLES, Path, is_section, model_of
from .presets import preset_platforms, preset_tiers, presets
from .toml import dotted

Tables = Mapping[str, Any]

#: Origins that are no source: what the file says, and what nobody said.
THIS_FILE, DEFAULT = "this file", "default"


def lines_of(tables: Tables) -> Iterator[tuple[Path, dict[str, Any]]]:
    """Yield path and terms of every line of every portfolio, as far as they can be read."""
    fields = model_of("portfolio")
    shared = ("platform", "niche", "compensation", "posts", "repeat_factor", "format")
    for name, portfolio in tables.get("portfolio", {}).items():
        terms = {key: portfolio.get(key, fields[key].default) for key in shared}
        roster = portfolio.get("roster")
        if hasattr(roster, "terms"):
            for tier, platform, niche in roster.terms():
                of = {"tier": tier, "platform": platform, "niche": niche}
                yield ("portfolio", name), terms | of
        elif "mix" not in portfolio:
            yield ("portfolio", name), terms | {"tier": portfolio.get("tier")}
        elif isinstance(portfolio["mix"], Mapping):
            for line, item in portfolio["mix"].items():
                own = item if isinstance(item, Mapping) else {}
                tier = own.get("tier", portfolio.get("tier", line))
                yield ("portfolio", name, "mix", line), terms | dict(own) | {"tier": tier}


def fill(tables: Tables) -> tuple[dict[str, Any], dict[str, str]]:
    """Return the tables merged over the presets, and the origin of every dotted key.

    A tier is completed for each platform where a portfolio uses it, in this order: preset of the
    platform, preset of the tier on it, the file's ``[tier.NAME]``, its ``[tier.NAME.on.PLATFORM]``.

    Parameters
    ----------
    tables
        Tables of a file whose sections are tables with known keys.
    """
    chosen, currency = tables.get("evidence", "pooled"), currency_of(tables)
    rate, source = exchange_rate(currency, tables.get("exchange_rate"))
    known = presets_in(str(chosen), currency, rate)
    lines = [terms for _, terms in lines_of(tables)]
    origins: dict[str, str] = {}
    filled: dict[str, Any] = {key: tables[key] for key in PLAIN if key in tables}
    if currency != MONEY and rate is not None:
        filled["exchange_rate"] = rate
        origins["exchange_rate"] = source or THIS_FILE
    filled |= {head: tables[head] for head in FREE if head in tables}
    for head in (head for head in TABLES if head not in (*NAMED, *FREE)):
        table = _layered((head,), origins, [known.get(head, {})], [tables.get(head, {})])
        if head in tables or head in known:
            filled[head] = table
    given = {head: tables.get(head, {}) for head in NAMED}
    niches = {terms["niche"] for terms in lines if isinstance(terms["niche"], str)}
    names = {
        "portfolio": list(given["portfolio"]),
        "niche": sorted({*niches, *given["niche"]}),
        "compensation": list(known["compensation"] | given["compensation"]),
        "format": sorted(formats_used(lines) & set(known.get("format", {})) | set(given["format"])),
        "platform": sorted(_platforms(given["tier"], lines) | set(given["platform"])),
    }
    base: dict[str, Tables] = {"platform": _platform_keys()}
    base |= {head: known.get(head, {}) for head in ("compensation", "format")}
    for head, chosen in names.items():
        filled[head] = {
            name: _layered(
                (head, name),
                origins,
                [base.get(head, {}).get(name, {})],
                [given[head].get(name, {})],
            )
            for name in chosen
        }
    platforms = set(filled["platform"])
    filled["tier"] = _fill_tiers(given["tier"], lines, platforms, known, origins)
    return filled, origins


def formats_used(lines: list[dict[str, Any]]) -> set[str]:
    """Return the names of the formats of some lines, as far as they can be read."""
    written = [terms["format"] for terms in lines]
    several = [names if isinstance(names, list | tuple) else [names] for names in written]
    return {name for names in several for name in names if isinstance(name, str)}


def left_to_evidence(tables: Tables) -> tuple[str, ...]:
    """Return the inputs that a file leaves to evidence, for a tier that it hires or at all.

    Parameters
    ----------
    tables
        Tables of a file whose sections are tables with known keys.
    """
    left = set()
    for _, terms in lines_of(tables):
        tier, platform = terms["tier"], terms["platform"]
        own = tables.get("tier", {}).get(tier, {}) if isinstance(tier, str) else {}
        given = {*own, *own.get("on", {}).get(platform, {})}
        preset = presets().get(platform, {}) if isinstance(platform, str) else {}
        left |= {*preset.get("any", {}), *preset.get(tier, {})} - given
    if "tracked_share" not in tables.get("economics", {}):
        left.add("tracked_share")
    return tuple(name for name in INPUTS if name in left)


def _platform_keys() -> dict[str, Any]:
    keys = (*model_of("platform"), "source")
    return {
        name: {key: presets()[name][key] for key in keys if key in presets()[name]}
        for name in preset_platforms()
    }


def _platforms(tiers: Tables, lines: list[dict[str, Any]]) -> set[str]:
    """Return the platforms in use that have a preset."""
    used = {terms["platform"] for terms in lines if isinstance(terms["platform"], str)}
    for tier in tiers.values():
        used |= set(tier.get("on", {}))
    return used & set(preset_platforms())


def _fill_tiers(
    given: Tables,
    lines: list[dict[str, Any]],
    platforms: set[str],
    known: Tables,
    origins: dict[str, str],
) -> dict[str, Any]:
    used: dict[str, set[str]] = {name: set(tier.get("on", {})) for name, tier in given.items()}
    for terms in lines:
        if isinstance(terms["tier"], str) and isinstance(terms["platform"], str):
            used.setdefault(terms["tier"], set()).add(terms["platform"])
    result: dict[str, Any] = {}
    for tier in sorted(used):
        own = given.get(tier, {})
        plain = {key: value for key, value in own.items() if key != "on"}
        complete = {}
        for platform in sorted(used[tier] or {model_of("portfolio")["platform"].default}):
            if platform in platforms and (tier in given or tier in preset_tiers(platform)):
                preset = known.get(platform, {})
                complete[platform] = _layered(
                    ("tier", tier, "on", platform),
                    origins,
                    [preset.get("any", {}), preset.get(tier, {})],
                    [plain, own.get("on", {}).get(platform, {})],
                )
        if complete:
            result[tier] = {"on": complete}
    return result


def _layered(
    path: Path, origins: dict[str, str], preset: list[Tables], own: list[Tables]
) -> dict[str, Any]:
    """Lay tables over each other, key by key; note where each key comes from."""
    result: dict[str, Any] = {}
    _note_defaults(path, origins)
    for layer in preset:
        _lay(result, layer, path, "", origins)
    # A platform's `any` may hold the source of what stands in its tiers.
    for layer in preset:
        _note_sources(layer, path, result, origins)
    for layer in own:
        _lay(result, layer, path, THIS_FILE, origins)
        _note_sources(layer, path, result, origins)
    return result


def _lay(
    result: dict[str, Any], layer: Tables, path: Path, origin: str, origins: dict[str, str]
) -> None:
    for key, value in layer.items():
        here = (*path, key)
        if key == "source":
            continue
        if is_section(here):
            result[key] = dict(result.get(key, {}))
            _lay(result[key], value, here, origin, origins)
        else:
            result[key] = value
            origins[dotted(here)] = origin


def _note_sources(layer: Tables, path: Path, result: Tables, origins: dict[str, str]) -> None:
    for key, source in layer.get("source", {}).items():
        loading = path == ("shocks",) and key in result.get("loadings", {})
        origins[dotted((*path, "loadings", key) if loading else (*path, key))] = source


def _note_defaults(path: Path, origins: dict[str, str]) -> None:
    if path[0] == "beliefs":
        return
    for key, field in model_of(path[0]).items():
        reasons = [
            f"assumption: {m.reason}" for m in field.metadata if isinstance(m, models.Assumed)
        ]
        origins[dotted((*path, key))] = reasons[0] if reasons else DEFAULT

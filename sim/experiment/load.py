"""From a file to an `Experiment`: read, fill up from presets, check everything, report at once."""

from __future__ import annotations

import tomllib
from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from importlib import resources
from pathlib import Path
from typing import Any

from pydantic import BaseModel, PrivateAttr, ValidationError

from . import models
from .checks import cross_checks
from .faults import ExperimentError, Fault, suggestion

#: Tables that an experiment file may have, beside its `title`.
TABLES = (
    "simulation", "economics", "costs", "platform", "niche", "audience", "tier", "compensation", "portfolio",
    "shocks", "beliefs", "decision",
)  # fmt: skip
_PLAIN = ("economics", "costs", "shocks", "beliefs")


class Experiment(models.Experiment):
    """A complete, validated, immutable experiment.

    Attributes beside the tables of the file: `file` (as the user named it), `origins` (where each
    dotted key comes from: a source, the word *assumption*, or the file) and `inputs` (files that
    the experiment reads).
    """

    _file: str = PrivateAttr("")
    _origins: dict[str, str] = PrivateAttr(default_factory=dict)
    _inputs: tuple[str, ...] = PrivateAttr(())
    _folder: Path = PrivateAttr(default_factory=Path)

    @property
    def file(self) -> str:
        """The file as the user named it."""
        return self._file

    @property
    def origins(self) -> Mapping[str, str]:
        """Where each dotted key of the resolved experiment comes from."""
        return self._origins

    @property
    def inputs(self) -> tuple[str, ...]:
        """Files that the experiment reads, relative to `folder`."""
        return self._inputs

    @property
    def folder(self) -> Path:
        """The folder that files named in the experiment are relative to."""
        return self._folder

    def tables(self) -> dict[str, Any]:
        """Return the resolved experiment as plain TOML tables, complete without any preset."""
        return _without_none(self.model_dump(mode="python", exclude={"name"}))


def _without_none(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {k: _without_none(v) for k, v in value.items() if v is not None}
    if isinstance(value, tuple | list):
        return [_without_none(item) for item in value]
    return value


@cache
def presets() -> dict[str, Any]:
    """Return the packaged presets as tables."""
    text = resources.files("sim.evidence").joinpath("presets.toml").read_text(encoding="utf-8")
    return tomllib.loads(text)


def load(
    path: str | Path,
    overrides: Sequence[str] = (),
    *,
    worlds: int | None = None,
    seed: int | None = None,
) -> Experiment:
    """Read an experiment file.

    Parameters
    ----------
    path
        A TOML file.
    overrides
        Assignments such as ``"portfolio.macro.budget=80000"``, applied over the file.
    worlds, seed
        Shorthand for ``simulation.worlds`` and ``simulation.seed``.

    Raises
    ------
    ExperimentError
        With every fault of the file.
    """
    path = Path(path)
    try:
        text = path.read_text(encoding="utf-8")
    except OSError as error:
        raise ExperimentError(str(path), [Fault("", f"cannot be read: {error.strerror}")]) from None
    except UnicodeDecodeError:
        raise ExperimentError(str(path), [Fault("", "is not UTF-8 text")]) from None
    try:
        tables = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise ExperimentError(str(path), [Fault("", f"is not valid TOML: {error}")]) from None
    tables, faults = _with_includes(tables, path.parent)
    for assignment in overrides:
        faults += _assign(tables, assignment)
    for key, value in (("worlds", worlds), ("seed", seed)):
        if value is not None:
            faults += _assign(tables, f"simulation.{key}={value}")
    if faults:
        raise ExperimentError(str(path), faults)
    return build(tables, name=path.stem, file=str(path), folder=path.parent)


def build(
    tables: Mapping[str, Any],
    *,
    name: str = "experiment",
    file: str = "experiment",
    folder: Path | None = None,
) -> Experiment:
    """Fill up and validate an experiment given as tables.

    Parameters
    ----------
    tables
        What an experiment file would hold.
    name
        Name of the experiment, the stem of its file.
    file
        How error messages call it.
    folder
        Where files that it names are looked for.

    Raises
    ------
    ExperimentError
        With every fault.
    """
    folder = folder or Path()
    filled, origins = fill(tables)
    faults = list(_shape_faults(tables))
    try:
        experiment = Experiment.model_validate({"name": name, **filled}, context={"folder": folder})
    except ValidationError as error:
        faults += _field_faults(error, filled, tables)
        experiment = None
    faults += cross_checks(filled, tables, {f.key for f in faults})
    if faults or experiment is None:
        raise ExperimentError(file, _unique(faults))
    experiment._file = file
    experiment._origins = origins
    experiment._folder = folder
    experiment._inputs = tuple(sorted(set(_input_files(filled))))
    return experiment


# --- Filling up -----------------------------------------------------------------------------------


def fill(tables: Mapping[str, Any]) -> tuple[dict[str, Any], dict[str, str]]:
    """Return the tables merged over the presets, and the origin of every dotted key.

    A tier is completed for each platform where a portfolio uses it, in this order: preset of the
    platform, preset of the tier on it, the file's ``[tier.NAME]``, its ``[tier.NAME.on.PLATFORM]``.
    """
    known = presets()
    origins: dict[str, str] = {}
    filled: dict[str, Any] = {k: v for k, v in tables.items() if k not in TABLES}
    for table in ("simulation", "niche", "audience", "portfolio", "decision"):
        if table in tables:
            filled[table] = tables[table]
            _note(origins, table, tables[table])
    for table in _PLAIN:
        filled[table] = _layer(known[table], tables.get(table), table, origins)
    niches = {line.get("niche") for _, line in lines_of(tables)}
    filled["niche"] = {n: {} for n in sorted(x for x in niches if isinstance(x, str))} | dict(
        _dict(tables.get("niche"))
    )
    filled["compensation"] = {
        name: _layer(known["compensation"].get(name, {}), given, f"compensation.{name}", origins)
        for name, given in _named(known["compensation"], tables.get("compensation"))
    }
    platforms = sorted({p for p in _used_platforms(tables) if isinstance(p, str)})
    platform_keys = tuple(models.Platform.model_fields)
    filled["platform"] = {
        name: _layer(
            {k: v for k, v in known.get(name, {}).items() if k in (*platform_keys, "source")},
            given,
            f"platform.{name}",
            origins,
        )
        for name, given in _named(dict.fromkeys(platforms), tables.get("platform"))
    }
    filled["tier"] = _fill_tiers(tables, origins)
    return filled, origins


def _fill_tiers(tables: Mapping[str, Any], origins: dict[str, str]) -> dict[str, Any]:
    known, given = presets(), _dict(tables.get("tier"))
    used: dict[str, set[str]] = {}
    for _, line in lines_of(tables):
        tier, platform = line.get("tier"), line.get("platform")
        if isinstance(tier, str) and isinstance(platform, str):
            used.setdefault(tier, set()).add(platform)
    result: dict[str, Any] = {}
    for tier in sorted({*used, *given}):
        own = _dict(given.get(tier))
        on = _dict(own.get("on"))
        here = {k: v for k, v in own.items() if k != "on"}
        platforms = sorted({*used.get(tier, ()), *on}) or ["instagram"]
        complete = {}
        for platform in platforms:
            prefix = f"tier.{tier}.on.{platform}"
            preset = known.get(platform, {})
            if tier not in preset and not own:
                continue
            base = _merge(preset.get("any", {}), preset.get(tier, {}))
            layered = _layer(base, here, prefix, origins)
            complete[platform] = _layer(layered, on.get(platform), prefix, origins)
        result[tier] = {"on": complete}
    return result


def lines_of(tables: Mapping[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield the dotted key and the terms of every line of every portfolio, as far as given."""
    defaults = {
        name: models.Portfolio.model_fields[name].default
        for name in ("platform", "niche", "compensation", "posts", "repeat_factor")
    }
    for name, portfolio in _dict(tables.get("portfolio")).items():
        terms = defaults | {k: v for k, v in _dict(portfolio).items() if k in (*defaults, "tier")}
        mix = _dict(portfolio).get("mix")
        if not isinstance(mix, Mapping):
            yield f"portfolio.{name}", terms
            continue
        for line, own in mix.items():
            line_terms = {"tier": line} | terms | (dict(own) if isinstance(own, Mapping) else {})
            if not (isinstance(own, Mapping) and "tier" in own):
                line_terms["tier"] = terms.get("tier", line)
            yield f"portfolio.{name}.mix.{line}", line_terms


def _used_platforms(tables: Mapping[str, Any]) -> set[Any]:
    used = {line.get("platform") for _, line in lines_of(tables)}
    for tier in _dict(tables.get("tier")).values():
        used |= set(_dict(_dict(tier).get("on")))
    return used


def _dict(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, Mapping) else {}


def _named(known: Mapping[str, Any], given: Any) -> Iterator[tuple[str, Any]]:
    for name in dict.fromkeys([*known, *_dict(given)]):
        yield name, _dict(given).get(name)


#: Tables whose value is one thing: a new value replaces the old one whole.
_WHOLE = {
    *models.Tier.model_fields, *models.Economics.model_fields, *models.Costs.model_fields,
    *(name for name in ("sd", "common")),
}  # fmt: skip


def _merge(base: Mapping[str, Any], over: Any) -> dict[str, Any]:
    result = dict(base)
    for key, value in _dict(over).items():
        deeper = isinstance(value, Mapping) and isinstance(result.get(key), Mapping)
        if deeper and (key not in _WHOLE or key == "source"):
            result[key] = _merge(result[key], value)
        else:
            result[key] = value
    return result


def _layer(
    base: Mapping[str, Any], over: Any, prefix: str, origins: dict[str, str]
) -> dict[str, Any]:
    """Merge a table over its preset; note where each key came from."""
    sources = _dict(base.get("source"))
    plain = {k: v for k, v in base.items() if k != "source"}
    for key in plain:
        if key in sources:
            origins.setdefault(f"{prefix}.{key}", str(sources[key]))
    for key, source in sources.items():
        if prefix == "shocks":
            origins.setdefault(f"{prefix}.loadings.{key}", str(source))
    _note(origins, prefix, over)
    if prefix in ("shocks", "beliefs"):
        return _merge_shared(plain, over)
    return _merge(plain, over)


def _merge_shared(base: Mapping[str, Any], over: Any) -> dict[str, Any]:
    """Merge shocks or beliefs: an input that the file names replaces the preset of that input."""
    result = dict(base)
    for key, value in _dict(over).items():
        if key == "loadings" and isinstance(value, Mapping):
            result[key] = dict(base.get(key, {})) | dict(value)
        else:
            result[key] = value
    return result


def _note(origins: dict[str, str], prefix: str, given: Any) -> None:
    for key, value in _dict(given).items():
        origins[f"{prefix}.{key}"] = "this file"
        if isinstance(value, Mapping):
            _note(origins, f"{prefix}.{key}", value)


# --- Reading --------------------------------------------------------------------------------------


def _with_includes(tables: dict[str, Any], folder: Path) -> tuple[dict[str, Any], list[Fault]]:
    """Merge the tables over the files named in the top-level key `include`."""
    names = tables.pop("include", [])
    if not isinstance(names, list) or not all(isinstance(n, str) for n in names):
        return tables, [Fault("include", 'must be a list of files such as ["fit.toml"]', names)]
    merged: dict[str, Any] = {}
    faults = []
    for name in names:
        try:
            fragment = tomllib.loads((folder / name).read_text(encoding="utf-8"))
        except OSError as error:
            faults.append(Fault("include", f"cannot read {name}: {error.strerror}", name))
        except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
            faults.append(Fault("include", f"{name} is not valid TOML: {error}", name))
        else:
            if "include" in fragment:
                faults.append(Fault("include", f"{name} must not include files itself", name))
            merged = _merge(merged, fragment)
    return _merge(merged, tables), faults


def _assign(tables: dict[str, Any], assignment: str) -> list[Fault]:
    """Apply ``dotted.key=value`` to the tables; the value is TOML, or else text."""
    key, sign, text = assignment.partition("=")
    parts = key.strip().split(".")
    if not sign or not all(parts):
        return [Fault("", f'--set takes dotted.key=value (got "{assignment}")')]
    try:
        value = tomllib.loads(f"value = {text}")["value"]
    except tomllib.TOMLDecodeError:
        value = text.strip()
    table = tables
    for part in parts[:-1]:
        inner = table.get(part)
        table[part] = dict(inner) if isinstance(inner, Mapping) else {}
        table = table[part]
    table[parts[-1]] = value
    return []


def _input_files(value: Any) -> Iterator[str]:
    if isinstance(value, Mapping):
        for key, item in value.items():
            if key == "empirical" and isinstance(item, str):
                yield item.rsplit(":", 1)[0]
            else:
                yield from _input_files(item)


# --- Faults ---------------------------------------------------------------------------------------


def _shape_faults(tables: Mapping[str, Any]) -> Iterator[Fault]:
    """Find unknown tables, and tables that are no tables."""
    for key, value in tables.items():
        if key not in (*TABLES, "title"):
            yield Fault(key, f"is not a table of an experiment; {suggestion(key, TABLES)}")
        elif key in TABLES and not isinstance(value, Mapping):
            yield Fault(key, f"must be a table, [{key}]", value)
    if not _dict(tables.get("portfolio")):
        yield Fault("portfolio", "is missing: name at least one, such as [portfolio.micro]")
    for tier, own in _dict(tables.get("tier")).items():
        keys = (*models.Tier.model_fields, "on")
        for key in _dict(own):
            if key not in keys:
                yield Fault(f"tier.{tier}.{key}", f"is not a key here; {suggestion(key, keys)}")


def _field_faults(
    error: ValidationError, filled: Mapping[str, Any], tables: Mapping[str, Any]
) -> Iterator[Fault]:
    for item in error.errors():
        location = tuple(part for part in item["loc"] if part != "[key]")
        if len(location) == 1 and location[0] not in (*TABLES, "title"):
            continue
        key = user_key(location, tables)
        got = item["input"]
        kind = item["type"]
        if kind == "extra_forbidden":
            known = _known_keys(location[:-1])
            yield Fault(key, f"is not a key here; {suggestion(str(location[-1]), known)}")
        elif kind == "missing":
            yield Fault(key, "is missing: no preset has it")
        elif kind == "value_error":
            yield Fault(key, str(item["ctx"]["error"]), got)
        elif kind == "literal_error" and "[key]" in item["loc"]:
            words = item["ctx"]["expected"].replace("'", "")
            yield Fault(key, f"is not a key here; known here: {words.replace(' or ', ', ')}")
        elif kind == "literal_error":
            yield Fault(key, f"must be {item['ctx']['expected']}", got)
        else:
            yield Fault(key, _plain(item["msg"]), got)


def _plain(message: str) -> str:
    words = message[0].lower() + message[1:]
    return words.replace("input should be", "must be").replace("dictionary", "table")


def user_key(location: Sequence[Any], tables: Mapping[str, Any]) -> str:
    """Return the dotted key as the user wrote it: a tier's key may stand under its platform or not."""
    parts = [str(part) for part in location]
    if parts[0] == "tier" and len(parts) >= 5 and parts[2] == "on":
        tier = _dict(_dict(tables.get("tier")).get(parts[1]))
        if parts[4] not in _dict(_dict(tier.get("on")).get(parts[3])):
            parts = [*parts[:2], *parts[4:]]
    return ".".join(parts)


def _known_keys(location: Sequence[Any]) -> list[str]:
    """Return the keys of the model at a location of the resolved experiment."""
    model: Any = models.Experiment
    for part in location:
        fields = getattr(model, "model_fields", None)
        annotation = fields[part].annotation if fields and part in fields else model
        model = _model_in(annotation) or model
    return [k for k in getattr(model, "model_fields", {}) if k != "name"]


def _model_in(annotation: Any) -> type[BaseModel] | None:
    """Return the model inside an annotation such as dict[str, Annotated[MixLine, ...]] | None."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation
    for inner in getattr(annotation, "__args__", ()):
        found = _model_in(inner)
        if found is not None:
            return found
    return None


def _unique(faults: list[Fault]) -> list[Fault]:
    seen: dict[tuple[str, str], Fault] = {}
    for fault in faults:
        seen.setdefault((fault.key, fault.problem), fault)
    return list(seen.values())

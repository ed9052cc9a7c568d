"""A fit as TOML, for the top-level key `include` of an experiment."""

from __future__ import annotations

import math

from ..experiment.toml import dotted, value
from ..text.numbers import counted, rounded
from .estimates import Fit, Fitted, TierFit

_ECONOMICS = "economics"


def to_toml(fit: Fit, name: str = "fit.toml") -> str:
    """Return the fitted keys as TOML, each with where it comes from.

    Tiers stand per platform, ``[tier.micro.on.instagram]``, so that a fit to one platform changes no
    other. Keys of the experiment that includes the file win.

    Parameters
    ----------
    fit
        See `fit_posts`.
    name
        Name of the file that it will be.
    """
    lines = [
        f"# Fitted to {_one_line(fit.file)} by `sim fit`. Use it in an experiment beside it:",
        "#",
        f"#     include = [{value(name)}]",
        "#",
        "# Keys of the experiment itself win. What is not here stays as packaged.",
        f"# {_one_line(fit.read)}",
        *(f"# Warning: {_one_line(text)}" for text in fit.warnings),
        *(f"# Note: {_one_line(text)}" for text in fit.notes),
        *(f"# Not fitted: {_one_line(text)}" for text in fit.skipped),
    ]
    for tier in fit.tiers:
        lines += ["", *_tier(tier, fit.file)]
    lines += _beliefs(fit)
    written = [each for each in fit.economics if each.value is not None]
    if written:
        lines += ["", f"[{_ECONOMICS}]", *(_line(each) for each in written)]
        lines += ["", f"[{_ECONOMICS}.source]", *(_source(each, fit.file) for each in written)]
    return "\n".join(lines) + "\n"


def _tier(tier: TierFit, file: str) -> list[str]:
    head = ("tier", tier.tier, "on", tier.platform)
    written = [each for each in tier.inputs if each.value is not None]
    lines = [f"# {counted(tier.posts)} rows of {counted(tier.creators)} creators"]
    lines += [f"# {mean.words}" for mean in tier.means]
    lines += [f"# Note: {_one_line(note)}" for note in tier.notes]
    lines.append(f"[{dotted(head)}]")
    for each in written:
        lines += [f"{key} = {value(item)}" for key, item in each.also.items()]
        lines.append(_line(each))
    lines += ["", f"[{dotted((*head, 'source'))}]"]
    for each in written:
        lines += [f"{key} = {value(f'fit to {file}')}" for key in each.also]
        lines.append(_source(each, file))
    return lines


def _beliefs(fit: Fit) -> list[str]:
    """Return what is left in doubt about each fitted mean; tiers that were not fitted keep theirs."""
    doubts: dict[str, dict[str, float]] = {}
    for tier in fit.tiers:
        for each in tier.inputs:
            if each.value is not None and math.isfinite(each.doubt):
                own = doubts.setdefault(each.key, {})
                own[f"{tier.tier} on {tier.platform}"] = rounded(each.doubt, 2)
    lines = []
    if doubts:
        lines = [
            "",
            "# What the sample leaves open of each mean is the tier's own. Tiers that were not fitted",
            "# keep the packaged doubt, and have none of it in common with fitted ones.",
        ]
    for key, own in doubts.items():
        packaged = fit.doubts.get(key, 0.0)
        lines += [
            "",
            f"[{dotted(('beliefs', key))}]",
            f"sd = {value(packaged)}",
            "common = 0",
            f"own = {value(own)}",
        ]
    if doubts:
        source = f"fit to {fit.file}: standard errors of the means"
        lines += ["", "[beliefs.source]", *(f"{key} = {value(source)}" for key in doubts)]
    return lines


def _line(each: Fitted) -> str:
    return f"{each.key} = {value(each.value)}"


def _source(each: Fitted, file: str) -> str:
    words = each.words if each.estimates else each.law
    return f"{each.key} = {value(f'fit to {file}: {words}')}"


def _one_line(text: str) -> str:
    return " ".join(text.split())

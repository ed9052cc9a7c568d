"""Keys of an experiment file in words, as sentences, axes and headlines have them."""

from __future__ import annotations


def spoken(name: str) -> str:
    """Return the name of an input without underscores: ``conversion rate``."""
    return name.replace("_", " ")


def key_words(key: str) -> str:
    """Return a dotted key in words.

    >>> key_words("tier.macro.fee")
    'fee of macro'
    >>> key_words("tier.macro.on.tiktok.reach_rate")
    'reach rate of macro on tiktok'
    >>> key_words("beliefs.conversion_rate.own.micro")
    'doubt about conversion rate of micro'
    >>> key_words("shocks.loadings.fee.campaign")
    'campaign loading of fee'
    """
    head, *parts = key.split(".")
    if head == "tier" and len(parts) > 1:
        tier, *rest = parts
        if rest[0] == "on" and len(rest) > 2:
            return f"{_joined(rest[2:])} of {tier} on {rest[1]}"
        return f"{_joined(rest)} of {tier}"
    if head in ("portfolio", "compensation", "platform", "niche") and len(parts) > 1:
        return f"{_joined(parts[1:])} of {parts[0]}"
    if head == "shocks" and parts[:1] == ["loadings"] and len(parts) == 3:
        return f"{parts[2]} loading of {spoken(parts[1])}"
    if key == "shocks.scale":
        return "scale of all loadings"
    if head == "beliefs" and parts:
        about = f"doubt about {spoken(parts[0])}"
        if parts[1:2] == ["own"] and len(parts) == 3:
            return f"{about} of {parts[2]}"
        return about if parts[1:] in ([], ["sd"]) else f"{_joined(parts[1:])} of {about}"
    return _joined(parts or [head])


def _joined(parts: list[str]) -> str:
    return " ".join(spoken(part) for part in parts)

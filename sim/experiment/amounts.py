"""Amounts of money as analysts write them: ``48 EUR``, ``€48``, ``60k €``, ``1.200,50 €``."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from ..text.currency import MONEY, SIGN, SIGNS, code_of
from .numbers import DistributionError

_RANGE = re.compile(r"(\s+to\s+)", re.IGNORECASE)
_BLANKS = " '\u00a0\u202f"
_AMOUNT = re.compile(rf"([+-]?)\s*(\d[\d.,{_BLANKS}]*?)\s*([kmb]?)", re.IGNORECASE | re.ASCII)
_GROUPED = re.compile(r"\d{1,3}(?:\.\d{3})+|\d{1,3}(?:,\d{3})+", re.ASCII)
_CODE = "must be a currency such as EUR: its code of three letters, or its sign"


def read_currency(value: Any) -> str:
    """Return the code of a currency as written: ``EUR``, ``eur``, ``€``.

    Raises
    ------
    DistributionError
        Where it is none.
    """
    code = code_of(value) if isinstance(value, str) else None
    if code is None:
        raise DistributionError(_CODE)
    return code


def without_signs(value: Any, currency: str) -> Any:
    """Return an amount, a range or a law of amounts without the signs of their currency.

    Text with a sign may have a decimal comma; without one it is read as any other number is.

    Parameters
    ----------
    value
        What stands in the file.
    currency
        Code of the currency that the file counts in.

    Raises
    ------
    DistributionError
        Where an amount is in another currency, or its mark may part decimals or thousands.
    """
    if isinstance(value, Mapping):
        return {key: without_signs(item, currency) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [without_signs(item, currency) for item in value]
    if not isinstance(value, str) or not (signs := SIGN.findall(value)):
        return value
    codes = dict.fromkeys(SIGNS[sign.lower()] for sign in signs)
    if len(codes) > 1:
        raise DistributionError(f"is in {' and '.join(codes)}: write it in one currency")
    (code,) = codes
    if code != currency:
        way_out = f'set `currency = "{code}"` at the top of the file if all of it is'
        raise DistributionError(
            f"is in {code}, and this file counts in {currency}: convert it, or {way_out}"
        )
    parts = _RANGE.split(SIGN.sub("", value))
    return "".join(part if _RANGE.fullmatch(part) else _plain(part) for part in parts)


def _plain(text: str) -> str:
    """Return an amount with a point for decimals and nothing between thousands; else as it is."""
    match = _AMOUNT.fullmatch(text.strip())
    if match is None:
        return text.strip()
    sign, body, suffix = match.groups()
    spaced = any(blank in body for blank in _BLANKS)
    body = body.translate(str.maketrans("", "", _BLANKS))
    marks = [mark for mark in ".," if mark in body]
    if len(marks) == 2:
        decimal = max(marks, key=body.rfind)
        whole, _, after = body.rpartition(decimal)
        if not _GROUPED.fullmatch(whole):
            return text.strip()
        body = f"{re.sub('[.,]', '', whole)}.{after}"
    elif marks:
        (mark,) = marks
        before, _, after = body.partition(mark)
        grouped = _GROUPED.fullmatch(body) is not None and not spaced and before != "0"
        if grouped and body.count(mark) == 1 and mark == "." and not suffix:
            raise DistributionError(
                f"in {body} the point may part decimals or thousands; write {before}{after}, or "
                f"{before}.{after.rstrip('0') or '0'}"
            )
        body = body.replace(mark, "") if grouped and not suffix else body.replace(mark, ".")
    return f"{sign}{body}{suffix}"


def currency_of(tables: Mapping[str, Any]) -> str:
    """Return the currency that tables of a file count in; `MONEY` where what they say is none."""
    written = tables.get("currency", MONEY)
    return (code_of(written) if isinstance(written, str) else None) or MONEY

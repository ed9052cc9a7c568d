"""What money is counted in: codes, how they are written, and the currency of the text at hand.

A run has one currency (`currency` at the top of its experiment), and its numbers carry it in their
units: ``EUR per engagement``. What is written before a run is known (units of measures, what a key
means) says `MONEY`, and `in_currency` puts the run's own in its place.

Functions that word money ask `currency`. It is a context variable: `writing_in` sets it for the
block that words one run and takes it back at the end. So no two runs can disturb one another: every
thread and every task has a value of its own, which begins as `MONEY`, and threads that simulate
write no text. What is worded later (an answer, a figure, a summary) keeps the currency that it was
made in and enters it by itself.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from functools import wraps
from typing import ParamSpec, Protocol, TypeVar

P = ParamSpec("P")
R = TypeVar("R")

MONEY = "USD"
"""Currency of a file that names none and of packaged figures; stands for money in general units."""

SIGNS = {
    "usd": "USD", "us$": "USD", "$": "USD", "eur": "EUR", "€": "EUR", "gbp": "GBP", "£": "GBP",
    "chf": "CHF", "cad": "CAD", "ca$": "CAD", "aud": "AUD", "a$": "AUD", "jpy": "JPY", "¥": "JPY",
    "inr": "INR", "₹": "INR", "brl": "BRL", "r$": "BRL", "sek": "SEK", "nok": "NOK", "dkk": "DKK",
    "pln": "PLN", "zł": "PLN", "mxn": "MXN", "krw": "KRW", "₩": "KRW", "try": "TRY", "₺": "TRY",
}  # fmt: skip
"""Codes of currencies by how they are written, in small letters."""

SIGN = re.compile(
    rf"(?<![a-z])(?:{'|'.join(re.escape(s) for s in sorted(SIGNS, key=len, reverse=True))})(?![a-z])",
    re.IGNORECASE,
)
"""Finds a currency in an amount."""

_CODE = re.compile(r"[A-Z]{3}")
_MONEY = re.compile(rf"\b{MONEY}\b")
_CURRENCY: ContextVar[str] = ContextVar("currency", default=MONEY)


def currency() -> str:
    """Return the code of the currency that money is worded in."""
    return _CURRENCY.get()


@contextmanager
def writing_in(code: str) -> Iterator[None]:
    """Word money in a currency for the length of a block, in this thread alone."""
    before = _CURRENCY.set(code)
    try:
        yield
    finally:
        _CURRENCY.reset(before)


def in_currency(text: str, code: str | None = None) -> str:
    """Return a unit or a phrase with `MONEY` in another currency; by default that of the text."""
    code = code or currency()
    return text if code == MONEY else _MONEY.sub(code, text)


def code_of(written: str) -> str | None:
    """Return the code of a currency: ``EUR`` of ``eur`` and ``€``; None where it is none."""
    plain = written.strip()
    known = SIGNS.get(plain.lower(), plain.upper())
    return known if _CODE.fullmatch(known) else None


class _Counted(Protocol):
    """What keeps the currency that it was made in."""

    @property
    def currency(self) -> str:
        """Its code."""


def in_own_currency(function: Callable[P, R]) -> Callable[P, R]:
    """Return a method that words money in the currency of its object."""

    @wraps(function)
    def worded(*args: P.args, **others: P.kwargs) -> R:
        (it, *_) = args
        counted: _Counted = it  # type: ignore[assignment]
        with writing_in(counted.currency):
            return function(*args, **others)

    return worded

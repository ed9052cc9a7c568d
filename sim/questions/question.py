"""The protocol of a question: what it takes, how it is asked, what comes back.

A question is a folder here, or a file, called as its command. It declares an instance of `Question`
of the same name: its options make the command, the keywords of the Python call and the faults; its
answer is a frozen dataclass that is saved beside its run, read back validated, and shown as tables
and figures by whoever shows it. Nothing else in the package knows a question by name but the list
in ``sim/questions/__init__.py``.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, ClassVar, Generic, Literal, Self, TypeVar, cast

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    PlainSerializer,
    TypeAdapter,
    ValidationError,
    ValidationInfo,
)
from pydantic.dataclasses import dataclass as validated

from ..displays import Told
from ..experiment import Experiment, ExperimentError, Fault
from ..experiment.amounts import without_signs
from ..experiment.distributions import DistributionError, number
from ..experiment.faults import suggestion
from ..labelled import real
from ..measures import Measured
from ..text.currency import MONEY, currency, in_own_currency, writing_in

if TYPE_CHECKING:
    import xarray as xr
    from matplotlib.axes import Axes

    from ..charts.theme import Theme
    from ..figures.spec import Figure
    from ..run.simulate import Progress
    from ..tables.table import Table

Section = Literal["risk", "drivers", "flips", "mix", "claims"]
"""Where an answer stands on page and slides."""


@dataclass(frozen=True)
class Flag:
    """How an option is written on the command line, where its name alone does not say it.

    Attributes
    ----------
    name : str
        Such as ``--min`` for the option `least`; ``--no-beliefs`` switches `beliefs` off.
    off : str
        The flag that says no, beside the one that says yes.
    metavar : str
        What stands for the value in the help.
    """

    name: str = ""
    off: str = ""
    metavar: str = ""


def read_amount(written: Any, info: ValidationInfo) -> float:
    """Read an amount of money as an experiment file does: ``20000``, ``20k``, ``€20k``."""
    currency = (info.context or {}).get("currency", MONEY)
    try:
        return number(without_signs(written, currency))
    except DistributionError as error:
        raise ValueError(str(error)) from None


def _above_zero(amount: float) -> float:
    if not amount > 0.0:
        raise ValueError("must be a positive amount of money")
    return amount


Amount = Annotated[float, BeforeValidator(read_amount)]
"""An option that is an amount of money, with the sign of its currency or without."""
AmountAboveZero = Annotated[float, BeforeValidator(read_amount), AfterValidator(_above_zero)]
"""An amount of money that something is spent on."""


class Options(BaseModel):
    """What a question takes: each field with its type, bounds, default and description."""

    model_config = ConfigDict(frozen=True, extra="forbid", arbitrary_types_allowed=True)

    def stem(self, question: str) -> str:
        """Return the name of the answer's file: answers to other options have names of their own."""
        return question


class Pair(Options):
    """Options that override which portfolios ``[decision]`` compares."""

    a: str | None = Field(None, description="One portfolio [decision.a].")
    b: str | None = Field(None, description="The other portfolio [decision.b].")


class Compared(Pair):
    """Options that override ``[decision]``: the portfolios and what is compared."""

    measure: str | None = Field(
        None, description="What is compared, such as roi_mean [decision.measure]."
    )


@dataclass(frozen=True)
class Setting:
    """What a question is asked of.

    Attributes
    ----------
    experiment : Experiment
        What is simulated.
    run : Dataset or None
        A finished run of it, where there is one: what it gives is not simulated again.
    threads : int or None
        Threads; all processors where None.
    progress : callable or None
        Called with what is done and what there is to do.
    kept : Path or None
        Folder for what a long question has finished, should it be interrupted.
    """

    experiment: Experiment
    run: xr.Dataset | None = None
    threads: int | None = None
    progress: Progress | None = None
    kept: Path | None = None

    def finished(self) -> xr.Dataset:
        """Return the worlds of the experiment: its finished run, or a fresh one."""
        if self.run is not None:
            return self.run
        from ..run.simulate import Where, simulated

        return simulated(self.experiment, Where(self.threads, self.progress))


def _as_saved(entry: Measured) -> Measured:
    """Return a measure with what JSON holds of it."""
    return Measured(entry.value, entry.se, entry.unit, entry.reason)


Entry = Annotated[Measured, AfterValidator(_as_saved), PlainSerializer(Measured.to_dict)]
"""A measure in an answer: value, standard error and unit, and why one is missing."""


def absent(value: Any) -> bool:
    """Return whether a field is left out of JSON: for ``Field(exclude_if=absent)``."""
    return value is None


@validated(frozen=True)
class Sides:
    """The portfolios that an answer compares; `b` is None where it is about one.

    Attributes
    ----------
    a, b
        Names.
    """

    a: str
    b: str | None

    @property
    def names(self) -> tuple[str, ...]:
        """The portfolios that it is about."""
        return (self.a,) if self.b is None else (self.a, self.b)


@validated(frozen=True, kw_only=True)
class Answer(Told):
    """What a question returns: a frozen pydantic dataclass of plain figures and the words for them.

    Its fields, with the names and nesting that they have in JSON, are all that is saved; whoever
    reads it back has the same answer. Words that rest on more than its fields are fields too.
    """

    question: ClassVar[str] = ""
    """Name of the question, and tag of its JSON; empty for none."""

    currency: str = Field(
        default_factory=currency, kw_only=True, exclude_if=lambda code: code == MONEY
    )
    """What its money is counted in; not in the JSON of an answer in USD."""

    def __init_subclass__(cls, **others: Any) -> None:
        """Let whatever the answer says of itself be worded in its own currency."""
        super().__init_subclass__(**others)
        for name in _WORDED:
            said = cls.__dict__.get(name)
            if isinstance(said, property) and said.fget is not None:
                setattr(cls, name, property(in_own_currency(said.fget), doc=said.__doc__))
            elif inspect.isfunction(said):
                setattr(cls, name, in_own_currency(said))

    if TYPE_CHECKING:  # a property of some answers, a field of others

        @property
        def sentence(self) -> str:
            """The answer in words."""

        @property
        def headline(self) -> str:
            """The answer in a title's length, worded as its errors allow."""

    @property
    def dataset(self) -> xr.Dataset | None:
        """Its figures on named axes, saved beside the JSON.

        None for an answer without axes, and for one that was read back from its JSON.
        """
        axes = self.axes
        return None if axes is None else real(axes)

    @property
    def axes(self) -> xr.Dataset | None:
        """What `dataset` holds, as it is saved, without xarray."""
        return getattr(self, "_axes", None)

    def on_axes(self, dataset: xr.Dataset) -> Self:
        """Return the answer with its figures on named axes too."""
        object.__setattr__(self, "_axes", dataset)
        return self

    @property
    def notes(self) -> tuple[str, ...]:
        """What was done about what is not obvious."""
        return ()

    def tables(self) -> tuple[Table, ...]:
        """Return the answer as tables with every row and digit, the main one first."""
        raise NotImplementedError

    def shown(self) -> Table:
        """Return what a terminal and a notebook show: the rows that a meeting reads."""
        return self.tables()[0]

    def figures(self, tiers: Mapping[str, str] | None = None) -> tuple[Figure, ...]:
        """Return the answer as figures: the same for files, page and slides.

        Parameters
        ----------
        tiers : mapping of str to str, optional
            Tier of each portfolio, for its colour; by default its name.
        """
        raise NotImplementedError

    def to_rows(self) -> list[dict[str, Any]]:
        """Return tidy rows with every digit: those of the first table."""
        return self.tables()[0].to_rows()

    def plot(
        self,
        ax: Axes | None = None,
        *,
        figure: int = 0,
        tiers: Mapping[str, str] | None = None,
        theme: Theme | None = None,
        headline: bool = True,
    ) -> Axes:
        """Draw one of its figures.

        Parameters
        ----------
        ax : Axes, optional
            Where to draw; on a sheet of its own by default.
        figure : int
            Which of its figures.
        tiers : mapping of str to str, optional
            Tier of each portfolio, for its colour; by default its name.
        theme : Theme, optional
            Colours and font.
        headline : bool
            Whether finding and caption stand above the chart.
        """
        from ..charts.theme import LIGHT
        from ..figures.matplotlib import draw

        return draw(self.figures(tiers)[figure], ax, theme=theme or LIGHT, headline=headline)

    def to_dict(self) -> dict[str, Any]:
        """Return plain figures and words for JSON: no NaN."""
        fields = cast("dict[str, Any]", _adapter(type(self)).dump_python(self, mode="json"))
        if not self.question:
            return fields
        words = {"sentence": self.sentence, "notes": list(self.notes), "headline": self.headline}
        return {"analysis": self.question} | words | fields


#: What of an answer has words or units.
_WORDED = ("sentence", "headline", "notes", "tables", "shown", "figures", "to_rows")

O = TypeVar("O", bound=Options)
A = TypeVar("A", bound=Answer)


@dataclass(frozen=True, repr=False)
class Question(Generic[O, A]):
    """A question that a run can be asked.

    Attributes
    ----------
    name : str
        Of the command, the folder, the function at the top of the package and the saved file.
    section : Section
        Where its answer stands on page and slides.
    asks : str
        What the answer says, for a list of what was not asked yet; empty for a question that not
        every experiment can be asked.
    about : str
        Help of the command: one sentence, more where needed, an example.
    options : type of Options
        What it takes.
    answer : type of Answer
        What it returns.
    ask : callable
        Takes a `Setting` and options, returns the answer.
    counts : str
        What its progress counts.
    needs : str
        Options that the command cannot do without, as one would write them.
    """

    name: str
    section: Section
    asks: str
    about: str
    options: type[O]
    answer: type[A]
    ask: Callable[[Setting, O], A]
    counts: str = "worlds"
    needs: str = ""

    def answer_to(self, setting: Setting, options: O) -> A:
        """Ask it: the answer words its money in the currency of the experiment."""
        with writing_in(setting.experiment.currency):
            return self.ask(setting, options)

    @property
    def __signature__(self) -> inspect.Signature:
        """The keywords of the Python call."""
        keyword, plain = inspect.Parameter.KEYWORD_ONLY, inspect.Parameter.POSITIONAL_OR_KEYWORD
        own = [
            inspect.Parameter(
                name,
                plain,
                default=inspect.Parameter.empty if spec.is_required() else spec.get_default(),
                annotation=spec.annotation,
            )
            for name, spec in self.fields.items()
        ]
        rest = [inspect.Parameter(name, keyword, default=None) for name in _SETTING]
        return inspect.Signature([inspect.Parameter("experiment", plain), *own, *rest])

    @property
    def fields(self) -> dict[str, Any]:
        """Its options in the order of the command: its own first, then what it shares."""
        known = self.options.model_fields
        own = [name for name in known if name in self.options.__annotations__]
        return {name: known[name] for name in dict.fromkeys([*own, *known])}

    def __call__(
        self,
        experiment: Experiment,
        *given: Any,
        run: xr.Dataset | None = None,
        threads: int | None = None,
        progress: Progress | None = None,
        **options: Any,
    ) -> A:
        """Ask the question of an experiment.

        Parameters
        ----------
        experiment : Experiment
            What `sim.load` returned.
        *given, **options
            Options of the command, in their order or by name.
        run : Dataset, optional
            A finished run of the experiment.
        threads, progress
            See `sim.simulate`.

        Raises
        ------
        ExperimentError
            For options that cannot be, all at once, and for what the experiment does not have.
        """
        named = dict(zip(self.fields, given, strict=False)) | options
        setting = Setting(experiment, run, threads, progress)
        asked = self.read_options(named, experiment.file, currency=experiment.currency)
        return self.answer_to(setting, asked)

    def flag(self, name: str) -> Flag:
        """Return how an option is written on the command line."""
        parts = self.options.model_fields[name].metadata
        flag = next((part for part in parts if isinstance(part, Flag)), Flag())
        return flag if flag.name else replace(flag, name=f"--{name.replace('_', '-')}")

    def read_options(
        self,
        given: Mapping[str, Any],
        file: str,
        *,
        flags: bool = False,
        currency: str = MONEY,
    ) -> O:
        """Return options, validated; faults name them, or their flags on the command line.

        Amounts of money must be in `currency`, where they have a sign.

        Raises
        ------
        ExperimentError
            For all that is wrong with them; `file` is where the question is asked.
        """
        try:
            return self.options.model_validate(dict(given), context={"currency": currency})
        except ValidationError as error:
            faults = option_faults(error, self.fields)
            if flags:
                faults = [replace(fault, key=self.flag(fault.key).name) for fault in faults]
            raise ExperimentError(file, faults) from None

    def read(self, content: Mapping[str, Any]) -> A:
        """Return a saved answer.

        Raises
        ------
        ValidationError
            Where it was saved by a version whose answer held something else.
        """
        with writing_in(str(content.get("currency", MONEY))):
            return cast("A", _adapter(self.answer).validate_python(dict(content)))

    def __repr__(self) -> str:
        """Return how it is asked."""
        return f"<question {self.name}: {self.asks}>"


_SETTING = ("run", "threads", "progress")
_EXPECTED = {
    "string_type": "must be text",
    "int_parsing": "must be a whole number",
    "int_from_float": "must be a whole number",
    "float_parsing": "must be a number",
    "bool_parsing": "must be true or false",
    "missing": "is missing",
}


def option_faults(error: ValidationError, known: Mapping[str, Any]) -> list[Fault]:
    """Return what is wrong with options, one fault for each of pydantic's errors."""
    faults = []
    for item in error.errors(include_url=False):
        name, kind = str(item["loc"][0]), item["type"]
        if kind == "extra_forbidden":
            faults.append(Fault(name, f"is no option here; {suggestion(name, known)}"))
        elif kind == "missing":
            faults.append(Fault(name, "is missing"))
        else:
            said = item["ctx"]["error"] if kind == "value_error" else None
            faults.append(Fault(name, str(said or _in_words(item)), item["input"]))
    return faults


def _in_words(item: Mapping[str, Any]) -> str:
    kind = str(item["type"])
    limits = {
        "greater_than_equal": "must be {ge:g} or more",
        "greater_than": "must be more than {gt:g}",
        "less_than_equal": "must be {le:g} or less",
        "less_than": "must be less than {lt:g}",
        "literal_error": "must be {expected}",
    }
    if kind in limits:
        return limits[kind].format(**item["ctx"])
    return _EXPECTED.get(kind, str(item["msg"]))


_ADAPTERS: dict[type[Any], TypeAdapter[Any]] = {}


def _adapter(kind: type[Any]) -> TypeAdapter[Any]:
    """Return what validates and writes an answer; made once, when it is first needed."""
    if kind not in _ADAPTERS:
        _ADAPTERS[kind] = TypeAdapter(kind)
    return _ADAPTERS[kind]

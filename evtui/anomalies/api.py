"""What an anomaly is: one declaration.

Keys, forms, the command line, steps of scenarios, their JSON Schema, the truth of a recording
and the tables of the documentation are made from what stands in it::

    class SetPointNoise(Anomaly[Parameters]):
        name = "set-point-noise"
        ...

        async def act(self, run: Run[Parameters]) -> None:
            while True:
                limit = run.chance.uniform(run.parameters.low_a, run.parameters.high_a)
                await run.step(f"limit {limit:.0f} A", run.central_system.set_limit(limit))
                await run.wait(run.parameters.period_s)
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, ClassVar, Generic, Literal, NamedTuple, TypeVar, cast

import msgspec

from evtui.attacks import LAYERS, Layer
from evtui.commands import Argument, Arguments, argument, mistakes, read
from evtui.kinds import Choice, Integer, Number, ValueKind

if TYPE_CHECKING:
    from evtui.anomalies.run import Run

__all__ = [
    "DEFAULT",
    "Anomaly",
    "AnomalyError",
    "Cycle",
    "Knob",
    "Need",
    "NoParameters",
    "Parameters",
    "Signature",
    "Stake",
    "parameter",
    "parameters_of",
]

P = TypeVar("P", bound="Parameters")
T = TypeVar("T")

Need = Literal["central system", "charge point", "link", "bus", "modules", "power stage"]
"""What an anomaly acts through, by the names of :class:`evtui.anomalies.run.Run`."""

Stake = Literal["safety", "grid", "availability", "fraud"]
"""What suffers."""


DEFAULT = "repeated-current-fluctuation"
"""The one that is chosen from the start."""


class AnomalyError(Exception):
    """The anomaly cannot do what was asked; the text is for people."""


class Signature(NamedTuple):
    """What one sees of an anomaly, one line each; empty where there is nothing to see."""

    ocpp: str
    can: str
    current: str


class Knob(NamedTuple):
    """A number that one key raises and another lowers.

    Attributes:
        name: of the parameter.
        step: what one key press adds or takes away, in the parameter's unit.
    """

    name: str
    step: float


class Cycle(NamedTuple):
    """What repeats itself.

    Attributes:
        steps: in one cycle.
        period: s that it takes, without jitter.
    """

    steps: int = 0
    period: float = 0.0


def parameter(
    kind: ValueKind[T], about: str, *, default: Any, label: str = "", unset: str = ""
) -> Any:
    """One field of an anomaly's :class:`Parameters`.

    Args:
        kind: what it may be, with range and unit.
        about: what it is, in one line without a full stop.
        default: used where nobody says otherwise.
        label: what a form calls it; default: its name without the unit.
        unset: words for a default of None.
    """
    return argument(kind, about, default=default, label=label, unset=unset)


class Parameters(Arguments):
    """Base of an anomaly's parameters, whose fields are made by :func:`parameter`.

    Frozen, and made by keywords only; ``__post_init__`` may refuse what does not go together
    by a ValueError.
    """


class NoParameters(Parameters):
    """For an anomaly that one cannot tweak."""


class Anomaly(ABC, Generic[P]):
    """An anomaly; each time it is switched on is an object of its class.

    Attributes:
        name: as files, truth and commands have it, ``can-flood``.
        layer: where it acts.
        title: for people, two to four words.
        about: what it is and why it matters, one paragraph.
        signature: what one sees of it.
        techniques: ids of MITRE ATT&CK for ICS.
        severity: 1 (nuisance) to 5 (people or equipment in danger).
        stakes: what suffers.
        references: papers, standards, incidents.
        needs: what it acts through; refused where that is out of reach.
        claims: what it wants for itself at its connector, ``limit``, or at the whole station,
            ``station connection``; two that claim the same are not on at once.
        ends: how its effect ends once it is off.
        undone: how what it did is undone.
        Parameters: class of its parameters; all have defaults.
        pace: parameters that are durations, or rates (``..._per_s``), which the keys for shorter
            and longer act on.
        strength: what the keys for weaker and stronger act on.
        floor: its counterpart, if there is one: the lower of two levels.
        ends_charging: the transaction at its connector is ended with it, whoever began it.
        effect_within: s after which an effect that still shows counts as over.
        shows_at_stop: there is nothing to see of it before charging is ended.
        lab: settings of a lab in which it is within reach; empty for any.
        knows_station: it asks the charge point for what no message tells.
        short: what its attacks are numbered under, ``can-flood-1``; default: its name.
    """

    name: ClassVar[str]
    layer: ClassVar[Layer]
    title: ClassVar[str]
    about: ClassVar[str]
    signature: ClassVar[Signature]
    techniques: ClassVar[tuple[str, ...]]
    severity: ClassVar[int]
    stakes: ClassVar[tuple[Stake, ...]]
    references: ClassVar[tuple[str, ...]]
    needs: ClassVar[frozenset[Need]]
    claims: ClassVar[frozenset[str]] = frozenset()
    ends: ClassVar[str]
    undone: ClassVar[str]
    Parameters: ClassVar[type[Parameters]] = NoParameters
    pace: ClassVar[tuple[str, ...]] = ()
    strength: ClassVar[Knob | None] = None
    floor: ClassVar[Knob | None] = None
    ends_charging: ClassVar[bool] = False
    effect_within: ClassVar[float] = 600.0
    shows_at_stop: ClassVar[bool] = False
    lab: ClassVar[Mapping[str, Any]] = {}
    knows_station: ClassVar[bool] = False
    short: ClassVar[str] = ""

    @abstractmethod
    async def act(self, run: Run[P]) -> None:
        """Do it until cancelled, or until it is done.

        What is done through the targets of ``run`` is undone afterwards, whatever happens here.
        """

    async def turned(self, run: Run[P], before: P) -> None:
        """The parameters were changed from ``before`` while it runs; called between two steps."""

    async def undo(self, run: Run[P]) -> None:
        """Undo what the targets cannot know of; called again until nothing is :meth:`left`."""

    def left(self, run: Run[P]) -> str:
        """What of it is still to be undone that the targets cannot know of; empty for nothing."""
        return ""

    def effect(self, run: Run[P]) -> str:
        """What of its effect still shows although all is undone; empty when it is over."""
        return ""

    @classmethod
    def cycle_of(cls, parameters: P) -> Cycle:
        """What repeats itself with these parameters; nothing by default."""
        return Cycle()

    @classmethod
    def longest(cls, parameters: P) -> float | None:
        """s after which it has ended by itself, if every call is answered at once; None: never.

        By default that is told by a parameter ``cycles``, of which 0 means for ever.
        """
        cycles = getattr(parameters, "cycles", 0)
        if not cycles:
            return None
        jitter = getattr(parameters, "jitter", 0.0)
        return float(cycles * cls.cycle_of(parameters).period * (1 + jitter))

    @classmethod
    def explanation(cls, parameters: P, *, strict: bool) -> tuple[str, ...]:
        """What one sees while it is on, in words, the longest form first.

        Args:
            strict: the charge point refuses a TxProfile without a transaction.
        """
        return (cls.signature.current,) if cls.signature.current else ()

    @classmethod
    def remark(cls, parameters: P, default_limit: float) -> str:
        """What a person who turns its strength should know, empty for nothing.

        Args:
            default_limit: A that the station offers where no profile says otherwise.
        """
        return ""

    # What follows from the declaration

    @classmethod
    def check_declaration(cls) -> None:
        """Hold the declaration against what it promises.

        Raises:
            TypeError: something is missing or wrong; the text says what.
        """
        told = (
            *("name", "layer", "title", "about", "signature", "techniques", "severity"),
            *("stakes", "references", "needs", "ends", "undone"),
        )
        if missing := [each for each in told if not hasattr(cls, each)]:
            raise TypeError(f"{cls.__name__} does not declare {', '.join(missing)}")
        if cls.layer not in LAYERS:
            raise TypeError(f"{cls.name}: layer {cls.layer!r} is none of {', '.join(LAYERS)}")
        if cls.__abstractmethods__:
            raise TypeError(f"{cls.name} does nothing: it has no act()")
        known = {each.name for each in cls.declared()}
        knobs = (each.name for each in (cls.strength, cls.floor) if each is not None)
        if unknown := [name for name in (*cls.pace, *knobs) if name not in known]:
            raise TypeError(f"{cls.name} has no parameter {', '.join(unknown)}")
        if required := [each.name for each in cls.declared() if each.required]:
            raise TypeError(f"{cls.name}: no default for {', '.join(required)}")

    @classmethod
    def declared(cls) -> tuple[Argument, ...]:
        """Its parameters in their order."""
        return parameters_of(cls.Parameters)

    @classmethod
    def read(cls, given: Mapping[str, object], base: P | None = None) -> P:
        """Parameters with some of them as given.

        Args:
            given: by name; None stands for what is not given.
            base: holds the others; default: the defaults.

        Raises:
            ValueError: an unknown name or a value out of its range; the text is one line with
                name, value, unit and range.
        """
        declared = cls.declared()
        said = {name: value for name, value in given.items() if value is not None}
        for name, problem in mistakes(declared, said).items():
            raise ValueError(f"{name}: {problem.replace('argument', 'parameter')}")
        if base is None:
            return cast("P", read(cls.Parameters, said))
        kinds = {each.name: each.kind for each in declared}
        checked = {name: kinds[name].check(value) for name, value in said.items()}
        return msgspec.structs.replace(base, **checked)

    @classmethod
    def values(cls, parameters: P) -> dict[str, Any]:
        """Names, with units, to values, as truth and forms carry them."""
        return msgspec.structs.asdict(parameters)

    @classmethod
    def paced(cls, parameters: P, factor: float) -> P:
        """Everything that is its pace takes ``factor`` of its time.

        Raises:
            ValueError: it has no pace, or something would leave its range.
        """
        if not cls.pace:
            raise ValueError(f"{cls.name} has no pace to change")
        values = cls.values(parameters)
        changed = {
            name: round(
                values[name] / factor if name.endswith("_per_s") else values[name] * factor, 9
            )
            for name in cls.pace
        }
        return cls.read(changed, parameters)

    @classmethod
    def turned_up(cls, parameters: P, knob: Knob | None, direction: int) -> P:
        """The knob's number one step up (1) or down (-1), kept within its range.

        Raises:
            ValueError: there is no such knob.
        """
        if knob is None:
            raise ValueError(f"{cls.name} has no such parameter")
        kind = next(each.kind for each in cls.declared() if each.name == knob.name)
        assert isinstance(kind, Number | Integer)
        value = cls.values(parameters)[knob.name] + direction * knob.step
        value = min(kind.high, max(kind.low, round(value, 9)))
        try:
            return cls.read({knob.name: value}, parameters)
        except ValueError:  # its counterpart is in the way
            return parameters

    @classmethod
    def next_choice(cls, parameters: P) -> tuple[P, str]:
        """The first parameter that is a choice, one further; with its value.

        Raises:
            ValueError: none is.
        """
        for each in cls.declared():
            if isinstance(each.kind, Choice):
                names = each.kind.names
                value = names[(names.index(cls.values(parameters)[each.name]) + 1) % len(names)]
                return cls.read({each.name: value}, parameters), value
        raise ValueError(f"{cls.name} has no variants")


def parameters_of(declared: type[Parameters]) -> tuple[Argument, ...]:
    """What a class of parameters declares, each with a label for forms."""
    return tuple(
        each if each.label else msgspec.structs.replace(each, label=_label(each))
        for each in declared.declared_arguments
    )


def _label(each: Argument) -> str:
    """``hold_s`` is called *hold* where its unit is told beside it."""
    name, _, unit = each.name.rpartition("_")
    named = name if name and unit.lower() == each.kind.unit.lower().strip("%") else each.name
    return named.replace("_", " ")

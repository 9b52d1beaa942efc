"""What one can tell the anomaly, and attacks by hand."""

# ruff: noqa: RUF009 - argument() is dataclasses.field() with our metadata, no shared default

from __future__ import annotations

from dataclasses import asdict, dataclass
from types import NoneType
from typing import Any

from evtui.attacks import LAYERS, Layer
from evtui.commands.arguments import Nothing, argument
from evtui.commands.model import Command, LabCommand
from evtui.config import KINDS, VARIANTS, Variant
from evtui.durations import FourWaits, Seconds
from evtui.kinds import Choice, Name, ValueKind

__all__ = [
    "ALL_CLEAR",
    "ANOMALY",
    "ATTACK_NAME",
    "BEGIN_ATTACK",
    "BY_FORM",
    "CYCLES",
    "CYCLE_COUNTS",
    "EFFECT",
    "END_ATTACK",
    "HIGH_STEP",
    "JITTER",
    "JITTERS",
    "LONGER",
    "LOWER_LOW",
    "LOW_STEP",
    "PERIOD_FACTOR",
    "RAISE_LOW",
    "SET",
    "SHORTER",
    "START",
    "STOP",
    "STRONGER",
    "VARIANT",
    "WEAKER",
    "Attack",
    "Fluctuation",
]

_SET = "anomaly.set"

_WAITS = KINDS["waits_s"]
assert isinstance(_WAITS, FourWaits)
_WAIT = _WAITS.each

ATTACK_NAME = Name(40)
"""What an attack may be called."""

EFFECT = Seconds(0, 604_800)
"""How long an effect may last after its attack: a week, as long as a duration can be."""


def _parameter(kind: ValueKind[Any], about: str, label: str = "") -> Any:
    return argument(kind, about, default=None, unset="as it is", label=label)


@dataclass(frozen=True, slots=True, kw_only=True)
class Fluctuation:
    """Parameters of the repeated current fluctuation; what is not said stays as it is."""

    variant: Variant | None = _parameter(KINDS["variant"], "what is sent")
    low_a: float | None = _parameter(KINDS["low_a"], "limit of the first profile", "low")
    high_a: float | None = _parameter(KINDS["high_a"], "limit of the second profile", "high")
    wait_1_s: float | None = _parameter(_WAIT, "after the low profile", "wait 1")
    wait_2_s: float | None = _parameter(_WAIT, "after the high profile", "wait 2")
    wait_3_s: float | None = _parameter(_WAIT, "after the remote start", "wait 3")
    wait_4_s: float | None = _parameter(_WAIT, "after the remote stop", "wait 4")
    cycles: int | None = _parameter(KINDS["cycles"], "0 for endless", "cycles")
    jitter: float | None = _parameter(KINDS["jitter"], "share of each wait", "jitter")

    def numbers(self) -> dict[str, float]:
        """Those that are said and numbers, in s and A, by their names."""
        said = {name: value for name, value in asdict(self).items() if value is not None}
        said.pop("variant", None)
        return said


@dataclass(frozen=True, slots=True, kw_only=True)
class Attack:
    """An attack that somebody does by hand."""

    name: str = argument(ATTACK_NAME, "what it is called in the truth")
    layer: Layer = argument(Choice(*LAYERS), "where it acts")
    effect: float | None = argument(
        EFFECT,
        "how long its effect lasts after its end",
        default=None,
        unset="while it can be seen",
    )


PERIOD_FACTOR = 0.8
"""What one key press does to every wait."""

HIGH_STEP, LOW_STEP = 10.0, 2.0
"""A that one key press changes the high and the low limit by."""

JITTERS = (0.0, 0.1, 0.25, 0.5)
"""Shares of each wait, in the order in which one steps through them."""

CYCLE_COUNTS = (0, 1, 3, 10)
"""Numbers of cycles, likewise; 0 for endless."""

_PARAMETERS = f"all its numbers from now on, by their names in `{_SET}`"

START = LabCommand(
    "anomaly.start",
    ("s",),
    "start",
    "Start the anomaly.",
    "Anomaly",
    1,
    also="fluctuation attack begin run",
    aim="connector",
    takes=Nothing,
    gives=NoneType,
    over_the_link=True,
)
STOP = LabCommand(
    "anomaly.stop",
    ("x",),
    "stop",
    "Stop it and return to the safe state: transaction ended, profiles cleared, 0 A.",
    "Anomaly",
    2,
    aim="connector",
    takes=Nothing,
    gives=NoneType,
)
SHORTER = LabCommand(
    "anomaly.shorter",
    ("left_square_bracket",),
    "shorter",
    f"Shorten the period: all four waits times {PERIOD_FACTOR:g}.",
    "Anomaly",
    3,
    "period",
    aim="connector",
    takes=Nothing,
    gives=dict[str, float],
    result=_PARAMETERS,
)
LONGER = LabCommand(
    "anomaly.longer",
    ("right_square_bracket",),
    "longer",
    f"Lengthen the period: all four waits divided by {PERIOD_FACTOR:g}.",
    "Anomaly",
    4,
    "period",
    aim="connector",
    takes=Nothing,
    gives=dict[str, float],
    result=_PARAMETERS,
)
WEAKER = LabCommand(
    "anomaly.weaker",
    ("minus",),
    "weaker",
    f"Lower the high limit by {HIGH_STEP:g} A.",
    "Anomaly",
    5,
    "swing",
    aim="connector",
    takes=Nothing,
    gives=dict[str, float],
    result=_PARAMETERS,
)
STRONGER = LabCommand(
    "anomaly.stronger",
    ("plus", "equals_sign"),
    "stronger",
    f"Raise the high limit by {HIGH_STEP:g} A.",
    "Anomaly",
    6,
    "swing",
    aim="connector",
    takes=Nothing,
    gives=dict[str, float],
    result=_PARAMETERS,
)
VARIANT = LabCommand(
    "anomaly.variant",
    ("v",),
    "variant",
    f"Next variant: {', '.join(VARIANTS)}.",
    "Anomaly",
    7,
    aim="connector",
    takes=Nothing,
    gives=str,
    result="the variant that is sent from now on",
)
LOWER_LOW = LabCommand(
    "anomaly.lower_low",
    ("less_than_sign",),
    "low −",
    f"Lower the low limit by {LOW_STEP:g} A.",
    "Anomaly",
    aim="connector",
    takes=Nothing,
    gives=dict[str, float],
    result=_PARAMETERS,
)
RAISE_LOW = LabCommand(
    "anomaly.raise_low",
    ("greater_than_sign",),
    "low +",
    f"Raise the low limit by {LOW_STEP:g} A.",
    "Anomaly",
    aim="connector",
    takes=Nothing,
    gives=dict[str, float],
    result=_PARAMETERS,
)
JITTER = LabCommand(
    "anomaly.jitter",
    ("J",),
    "jitter",
    f"Next jitter: {', '.join(f'{100 * each:g}' for each in JITTERS)} % of each wait, "
    "drawn from the seed.",
    "Anomaly",
    aim="connector",
    takes=Nothing,
    gives=dict[str, float],
    result=_PARAMETERS,
)
CYCLES = LabCommand(
    "anomaly.cycles",
    ("n",),
    "cycles",
    f"Next number of cycles: {', '.join(str(each or 'endless') for each in CYCLE_COUNTS)}.",
    "Anomaly",
    aim="connector",
    takes=Nothing,
    gives=dict[str, float],
    result=_PARAMETERS,
)
SET = LabCommand(
    _SET,
    (),
    "set",
    "Set parameters of the anomaly; a running one follows at its next step.",
    "Anomaly",
    aim="connector",
    takes=Fluctuation,
    gives=dict[str, float],
    result=_PARAMETERS,
)
BEGIN_ATTACK = LabCommand(
    "attack.begin",
    (),
    "begin attack",
    "Mark what is done from now on as an attack.",
    "Anomaly",
    aim="connector",
    takes=Attack,
    gives=NoneType,
)
END_ATTACK = LabCommand(
    "attack.end",
    (),
    "end attack",
    "End the attacks that are marked at the connector.",
    "Anomaly",
    aim="connector",
    takes=Nothing,
    gives=tuple[str, ...],
    result="names of those that are ended",
)
ALL_CLEAR = LabCommand(
    "lab.all_clear",
    ("0",),
    "all clear",
    "End every anomaly, attack and transaction, clear our profiles, set default parameters.",
    "Anomaly",
    8,
    takes=Nothing,
    gives=NoneType,
)

ANOMALY: tuple[Command, ...] = (
    START,
    STOP,
    SHORTER,
    LONGER,
    WEAKER,
    STRONGER,
    VARIANT,
    LOWER_LOW,
    RAISE_LOW,
    JITTER,
    CYCLES,
    Command(
        "anomaly.edit",
        ("e",),
        "edit",
        "Edit every parameter of the anomaly in a form.",
        "Anomaly",
        aim="connector",
    ),
    Command(
        "anomaly.by_hand",
        ("a",),
        "by hand",
        "Mark what you do from now on as an attack of yours, until pressed again.",
        "Anomaly",
        also="attack truth label",
        aim="connector",
    ),
    ALL_CLEAR,
)
"""Group Anomaly."""

BY_FORM: tuple[Command, ...] = (SET, BEGIN_ATTACK, END_ATTACK)
"""What has no key: a form gives its arguments, a scenario or a program."""

"""What one can tell the anomaly, and attacks by hand."""

from __future__ import annotations

from types import NoneType
from typing import Any

from evtui.attacks import LAYERS, Layer
from evtui.commands.arguments import Arguments, Nothing, argument
from evtui.commands.model import Command, LabCommand
from evtui.config import FAVOURITES, VARIANTS
from evtui.durations import Seconds
from evtui.kinds import Choice, Integer, Name, Payload

__all__ = [
    "ALL_CLEAR",
    "ANOMALY",
    "ATTACK_NAME",
    "BEGIN_ATTACK",
    "BY_FORM",
    "CHOOSE",
    "CYCLES",
    "CYCLE_COUNTS",
    "EFFECT",
    "END_ATTACK",
    "FAVOURITE",
    "JITTER",
    "JITTERS",
    "LONGER",
    "LOWER_LOW",
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
    "Beginning",
    "Choosing",
    "ParameterChange",
    "Which",
]

_SET = "anomaly.set"

ATTACK_NAME = Name(40)
"""What an attack may be called."""

EFFECT = _SPAN = Seconds(0, 604_800)
"""How long an effect may last after its attack: a week, as long as a duration can be."""


def _name(about: str, *, unset: str) -> Any:
    return argument(ATTACK_NAME, about, default=None, unset=unset)


_PARAMETERS_BY_NAME = "its parameters by name; evtui anomalies NAME lists them"


class Beginning(Arguments):
    """An anomaly that is switched on."""

    name: str | None = _name("which anomaly", unset="the chosen one")
    parameters: dict[str, Any] | None = argument(
        Payload(), _PARAMETERS_BY_NAME, default=None, unset="as they are"
    )
    delay: float | None = argument(_SPAN, "until it is switched on", default=None, unset="none")
    duration: float | None = argument(
        _SPAN, "until it is switched off", default=None, unset="until told, or until it is done"
    )
    times: int | None = argument(Integer(1, 1_000_000), "how often", default=None, unset="once")
    pause: float | None = argument(_SPAN, "between two times", default=None, unset="none")


class Which(Arguments):
    """One of the anomalies that are on."""

    name: str | None = _name(
        "which anomaly", unset="the chosen one, or if that is off all that are on"
    )


class Choosing(Arguments):
    """An anomaly for the keys to act on."""

    name: str = argument(ATTACK_NAME, "which anomaly; evtui anomalies lists them")


class ParameterChange(Arguments):
    """Parameters of an anomaly; what is not said stays as it is."""

    name: str | None = _name("of the anomaly", unset="the chosen one")
    parameters: dict[str, Any] | None = argument(
        Payload(),
        f"{_PARAMETERS_BY_NAME}; each may also be given by itself",
        default=None,
        unset="as they are",
    )


class Attack(Arguments):
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

JITTERS = (0.0, 0.1, 0.25, 0.5)
"""Shares of each wait, in the order in which one steps through them."""

CYCLE_COUNTS = (0, 1, 3, 10)
"""Numbers of cycles, likewise; 0 for endless."""

_PARAMETERS = f"all its numbers from now on, by their names in {_SET}"

START = LabCommand(
    "anomaly.start",
    ("s",),
    "start",
    "Start the chosen anomaly.",
    "Anomaly",
    1,
    also="fluctuation attack begin run",
    aim="connector",
    takes=Beginning,
    gives=str,
    result="its name",
    over_the_link=True,
)
STOP = LabCommand(
    "anomaly.stop",
    ("x",),
    "stop",
    "Stop it and undo what it did; a second press stops the others that are on.",
    "Anomaly",
    2,
    aim="connector",
    takes=Which,
    gives=NoneType,
)
SHORTER = LabCommand(
    "anomaly.shorter",
    ("left_square_bracket",),
    "shorter",
    f"A faster pace: its durations times {PERIOD_FACTOR:g}.",
    "Anomaly",
    4,
    "pace",
    aim="connector",
    takes=Nothing,
    gives=dict[str, Any],
    result=_PARAMETERS,
)
LONGER = LabCommand(
    "anomaly.longer",
    ("right_square_bracket",),
    "longer",
    f"A slower pace: its durations divided by {PERIOD_FACTOR:g}.",
    "Anomaly",
    5,
    "pace",
    aim="connector",
    takes=Nothing,
    gives=dict[str, Any],
    result=_PARAMETERS,
)
WEAKER = LabCommand(
    "anomaly.weaker",
    ("minus",),
    "weaker",
    "Turn its strength down: of the fluctuation, the high limit by 10 A.",
    "Anomaly",
    6,
    "level",
    aim="connector",
    takes=Nothing,
    gives=dict[str, Any],
    result=_PARAMETERS,
)
STRONGER = LabCommand(
    "anomaly.stronger",
    ("plus", "equals_sign"),
    "stronger",
    "Turn its strength up: of the fluctuation, the high limit by 10 A.",
    "Anomaly",
    7,
    "level",
    aim="connector",
    takes=Nothing,
    gives=dict[str, Any],
    result=_PARAMETERS,
)
VARIANT = LabCommand(
    "anomaly.variant",
    ("v",),
    "variant",
    f"Its next variant; of the fluctuation: {', '.join(VARIANTS)}.",
    "Anomaly",
    9,
    aim="connector",
    takes=Nothing,
    gives=str,
    result="the variant from now on",
)
LOWER_LOW = LabCommand(
    "anomaly.lower_low",
    ("less_than_sign",),
    "low −",
    "Turn the lower of two levels down: of the fluctuation, the low limit by 2 A.",
    "Anomaly",
    aim="connector",
    takes=Nothing,
    gives=dict[str, Any],
    result=_PARAMETERS,
)
RAISE_LOW = LabCommand(
    "anomaly.raise_low",
    ("greater_than_sign",),
    "low +",
    "Turn the lower of two levels up: of the fluctuation, the low limit by 2 A.",
    "Anomaly",
    aim="connector",
    takes=Nothing,
    gives=dict[str, Any],
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
    gives=dict[str, Any],
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
    gives=dict[str, Any],
    result=_PARAMETERS,
)
SET = LabCommand(
    _SET,
    (),
    "set",
    "Set parameters of an anomaly; a running one follows at its next step.",
    "Anomaly",
    aim="connector",
    takes=ParameterChange,
    rest="parameters",
    gives=dict[str, Any],
    result=_PARAMETERS,
)
CHOOSE = LabCommand(
    "anomaly.choose",
    (),
    "choose",
    "Choose the anomaly that the keys act on.",
    "Anomaly",
    aim="connector",
    takes=Choosing,
    gives=dict[str, Any],
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
    "End every anomaly, attack, CAN message and transaction; clear our profiles and parameters.",
    "Anomaly",
    8,
    takes=Nothing,
    gives=NoneType,
)

FAVOURITE: tuple[Command, ...] = tuple(
    Command(
        f"anomaly.favourite_{place}",
        (key,),
        f"favourite {place}",
        f"Start or stop a favourite: {name}.",
        "Anomaly",
        also="attack start stop",
        aim="connector",
    )
    for place, (key, name) in enumerate(zip("6789", FAVOURITES, strict=True), start=1)
)
"""By their place in the setting ``favourites``; who has other ones sees their names."""

ANOMALY: tuple[Command, ...] = (
    START,
    STOP,
    Command(
        "anomaly.catalogue",
        ("a",),
        "anomalies",
        "Choose from the catalogue of anomalies, with what each does and shows.",
        "Anomaly",
        3,
        also="attack list second other catalog",
        aim="connector",
    ),
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
        ("A",),
        "by hand",
        "Mark what you do from now on as an attack of yours, until pressed again.",
        "Anomaly",
        also="attack truth label",
        aim="connector",
    ),
    *FAVOURITE,
    ALL_CLEAR,
)
"""Group Anomaly."""

BY_FORM: tuple[Command, ...] = (CHOOSE, SET, BEGIN_ATTACK, END_ATTACK)
"""What has no key: a form gives its arguments, a scenario or a program."""

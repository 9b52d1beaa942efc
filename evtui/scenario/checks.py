"""What a decoded scenario must hold to before anything starts."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from decimal import Decimal
from typing import Any

from ocpp.v16.enums import Action

from evtui.anomalies.by_hand import name_mistake
from evtui.commands import lab_commands
from evtui.config import Settings
from evtui.detection import ReversalDetector
from evtui.lab.building import initial_parameters
from evtui.nearest import nearest
from evtui.ocpp16 import validation
from evtui.scenario.document import child
from evtui.scenario.length import count, fluctuation, longest
from evtui.scenario.mistakes import Mistakes, number, shown
from evtui.scenario.model import (
    AlarmExpected,
    Anomaly,
    Attack,
    Awaited,
    Can,
    Command,
    CurrentExpected,
    EndAttack,
    EnergyExpected,
    MarkStep,
    MessageExpected,
    NoMessageExpected,
    NoteStep,
    Ocpp,
    OrderExpected,
    Scenario,
    SetLimit,
    Start,
    StatusExpected,
    WaitFor,
    inside,
    with_transaction,
)
from evtui.scenario.settings import id_tag_mistake
from evtui.station.connector import Status

__all__ = ["check_expectations", "check_header", "check_length", "check_steps"]

LONGEST_RUN = 30 * 86400.0
"""s; what would take longer is taken for a slip."""

MOST_STEPS = 1_000_000
"""Steps done in a run, those inside a ``repeat`` each time."""

_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")
_TECHNIQUE = re.compile(r"T[0-9]{4}(\.[0-9]{3})?")
_DETECTORS = (ReversalDetector.name, "any")
_ACTIONS = tuple(action.value for action in Action)
_STATUSES = tuple(status.value for status in Status)
_OF_STATIONS = "csms."
"""Commands about stations of any make; a scenario has its own, and the step ``ocpp``."""

_SET = "anomaly.set"

Add = Callable[[str, str], None]
"""Adds a mistake at a key of what is being checked."""


def check_header(scenario: Scenario, mistakes: Mistakes) -> None:
    """Hold id, title and techniques against what they may be; None has a mistake already."""
    if isinstance(scenario.id, str) and not _ID.fullmatch(scenario.id):
        mistakes.add(
            "id",
            "expected at most 64 letters, digits, dots, _ and -, as in a file's name, "
            f"got {shown(scenario.id)}",
        )
    title: object = scenario.title
    if isinstance(title, str) and (not title.strip() or "\n" in title):
        mistakes.add("title", f"expected one line of text, got {shown(scenario.title)}")
    for index, technique in enumerate(scenario.technique):
        if not _TECHNIQUE.fullmatch(technique):
            mistakes.add(
                child("technique", index),
                f"expected an id of MITRE ATT&CK for ICS such as T0806, got {shown(technique)}",
            )


def check_steps(steps: Sequence[Any], place: str, settings: Settings, mistakes: Mistakes) -> None:
    """Hold each step, also inside others, against what the lab can do."""
    _check(steps, place, settings, mistakes, sorted(set(_going_on(steps))))


def _check(
    steps: Sequence[Any],
    place: str,
    settings: Settings,
    mistakes: Mistakes,
    attacks: Sequence[str],
) -> None:
    for index, step in enumerate(steps):
        here = child(place, index)

        def add(key: str, text: str, here: str = here) -> None:
            mistakes.add(f"{here}.{key}", text)

        match step:
            case WaitFor(wait_for=awaited):
                _awaited(awaited, add)
            case Start(start=str() as tag) if problem := id_tag_mistake(tag):
                add("start", problem)
            case SetLimit():
                _limit(step, add)
            case Ocpp():
                _call(step, add)
            case Can():
                _frame(step, add)
            case Anomaly():
                _anomaly(step, settings, add)
            case Attack(attack=str(name)) if problem := name_mistake(name):
                add("attack", problem)
            case EndAttack(end_attack=name) if name not in attacks:
                add("end_attack", f"no attack {shown(name)} goes on here{nearest(name, attacks)}")
            case Command():
                _command(step, settings, add)
            case NoteStep(note=text) if not text.strip():
                add("note", "expected a text")
            case MarkStep(mark=text) if not text.strip():
                add("mark", "expected a text")
        for key, steps_inside in inside(step).items():
            _check(steps_inside, f"{here}.{key}", settings, mistakes, attacks)


def _going_on(steps: Sequence[Any]) -> Iterator[str]:
    """Names of the attacks that a step ``end_attack`` ends."""
    for step in steps:
        if isinstance(step, Attack) and step.steps is None and isinstance(step.attack, str):
            yield step.attack
        for steps_inside in inside(step).values():
            yield from _going_on(steps_inside)


def check_length(steps: Sequence[Any], place: str, settings: Settings, mistakes: Mistakes) -> float:
    """Upper bound in s of checked steps; one that no run should have is a mistake."""
    most = longest(steps, settings)
    if most > LONGEST_RUN:
        mistakes.add(place, f"expected at most 30 days in all, got {most / 86400:.1f}")
    if (steps_done := count(steps)) > MOST_STEPS:
        mistakes.add(place, f"expected at most {MOST_STEPS:,} steps in all, got {steps_done:,}")
    return most


def check_expectations(expectations: Sequence[Any], place: str, mistakes: Mistakes) -> None:
    """Hold each expectation against what can be seen in the lab."""
    for index, expectation in enumerate(expectations):
        here = child(place, index)

        def add(key: str, text: str, here: str = here) -> None:
            mistakes.add(f"{here}.{key}", text)

        match expectation:
            case AlarmExpected(alarm=name):
                _one_of("alarm", name, _DETECTORS, add)
            case MessageExpected(message=name):
                _action("message", name, add)
            case NoMessageExpected(no_message=name):
                _action("no_message", name, add)
            case StatusExpected(status=name):
                _one_of("status", name, _STATUSES, add)
            case OrderExpected(order=names):
                if not names:
                    add("order", "expected at least one action")
                for position, name in enumerate(names):
                    _action(f"order[{position}]", name, add)
            case CurrentExpected(current=bounds):
                _range("current", bounds.between, "A", add)
                start, end = bounds.start, bounds.end
                if start is not None and end is not None and start > end:
                    add("current.from", "expected at most what stands in to")
            case EnergyExpected(energy=bounds):
                _range("energy", bounds.between, "Wh", add)


def _awaited(awaited: Awaited, add: Add) -> None:
    wanted = [key for key in ("status", "message", "alarm") if getattr(awaited, key) is not None]
    if len(wanted) != 1:
        got = " and ".join(wanted) or "none"
        add("wait_for", f"expected one of status, message and alarm, got {got}")
    if awaited.status is not None:
        _one_of("wait_for.status", awaited.status, _STATUSES, add)
    if awaited.message is not None:
        _action("wait_for.message", awaited.message, add)
    elif awaited.fields is not None:
        add("wait_for.with", "expected only together with message")
    if awaited.alarm is not None:
        _one_of("wait_for.alarm", awaited.alarm, _DETECTORS, add)
    elif awaited.view is not None:
        add("wait_for.view", "expected only together with alarm")


def _limit(step: SetLimit, add: Add) -> None:
    if Decimal(str(float(step.set_limit))) % Decimal("0.1"):
        add(
            "set_limit",
            f"expected tenths of an A, as in an OCPP 1.6 charging profile, "
            f"got {number(step.set_limit)}",
        )


def _call(step: Ocpp, add: Add) -> None:
    if not _action("ocpp", step.ocpp, add):
        return
    violation = validation.check(step.ocpp, "call", with_transaction(step.payload, 1))
    if violation is not None:
        add("with", f"not what the schema of {step.ocpp} wants: {violation.detail}")


def _frame(step: Can, add: Add) -> None:
    highest = 0x1FFFFFFF if step.extended else 0x7FF
    if step.can > highest:
        bits = "29 bits" if step.extended else "11 bits, or extended: true"
        add("can", f"expected an id up to {highest:#x} ({bits}), got {step.can:#x}")
    try:
        size = len(bytes.fromhex(step.data))
    except ValueError:
        add("data", f'expected hexadecimal bytes such as "64 00", got {shown(step.data)}')
        return
    if size > 8:
        add("data", f"expected at most 8 bytes, got {size}")


def _anomaly(step: Anomaly, settings: Settings, add: Add) -> None:
    if not _parameters(step.parameters, settings, add):
        return
    parameters = fluctuation(step, settings)
    if step.duration is not None and step.duration <= 0:
        add("duration", "expected more than 0s")
    if step.duration is None and not parameters.cycles:
        add("anomaly", "would never end: give it a duration, or cycles under with")


def _parameters(numbers: dict[str, Any], settings: Settings, add: Add) -> bool:
    """True when the anomaly takes these parameters on top of the settings'."""

    def refusal(some: dict[str, Any]) -> str:
        try:
            initial_parameters(settings).updated(some)
        except ValueError as error:
            return str(error)
        return ""

    known = initial_parameters(settings).as_numbers()
    for name in numbers:
        if name not in known:
            add(f"with.{name}", f"no such parameter{nearest(name, known)}")
            return False
    problem = refusal(numbers)
    if not problem:
        return True
    for name in numbers:
        if not refusal({other: numbers[other] for other in numbers if other != name}):
            add(f"with.{name}", problem)
            return False
    add("with", problem)
    return False


def _command(step: Command, settings: Settings, add: Add) -> None:
    names = [each.name for each in lab_commands() if not each.name.startswith(_OF_STATIONS)]
    names.append(_SET)
    if not _one_of("command", step.command, names, add):
        return
    arguments = dict(step.arguments)
    station = arguments.pop("station", settings.id)
    if station != settings.id:
        add("with.station", f"expected {shown(settings.id)}, got {shown(station)}")
    connector = arguments.pop("connector", 1)
    if type(connector) is not int or not 1 <= connector <= settings.connectors:
        add(
            "with.connector",
            f"expected an integer from 1 to {settings.connectors}, as lab.connectors says, "
            f"got {shown(connector)}",
        )
    if step.command == "station.swipe" and (tag := arguments.pop("id_tag", None)) is not None:
        if problem := id_tag_mistake(tag):
            add("with.id_tag", problem)
    if step.command == _SET:
        _parameters(arguments, settings, add)
    elif arguments:
        add(f"with.{next(iter(arguments))}", f"{step.command} takes no such argument")


def _range(key: str, bounds: tuple[float, float], unit: str, add: Add) -> None:
    low, high = bounds
    if low > high:
        add(
            f"{key}.between",
            f"expected the lower bound first, got {number(low)} and {number(high)} {unit}",
        )


def _action(key: str, name: str, add: Add) -> bool:
    if validation.is_known_action(name):
        return True
    add(key, f"no OCPP 1.6 action {shown(name)}{nearest(name, _ACTIONS)}")
    return False


def _one_of(key: str, name: str, known: Sequence[str], add: Add) -> bool:
    if name in known:
        return True
    add(key, f"expected {_KINDS[key.rpartition('.')[2]]}, got {shown(name)}{nearest(name, known)}")
    return False


_KINDS: Mapping[str, str] = {
    "alarm": "a detector",
    "status": "a status of OCPP 1.6",
    "command": "a command of the lab",
}

"""Steps and expectations in words.  Pure."""

from __future__ import annotations

from typing import Any

from evtui.recording.redaction import Redactor
from evtui.scenario import model

__all__ = [
    "WITHOUT_STATUS",
    "awaited_in_words",
    "counted",
    "expectation_in_words",
    "seconds",
    "step_in_words",
]

WITHOUT_STATUS = "without a status"
"""An answer that gives none, as that of a Heartbeat."""

_WHO = {"central_system": "the central system", "charge_point": "the charge point"}
_MEASURE = {"all": "", "peak": "peak ", "mean": "mean ", "last": "last "}


def seconds(duration: float) -> str:
    """A duration in s as people write it: ``2 s``, ``0.25 s``, ``86400 s``."""
    return f"{duration:.3f}".rstrip("0").rstrip(".") + " s"


def step_in_words(step: Any) -> str:
    """One of :data:`evtui.scenario.model.Step` as a line for people."""
    match step:
        case model.Plug():
            return "plug in"
        case model.Unplug():
            return "unplug"
        case model.Wait(wait=duration):
            return f"wait {seconds(duration)}"
        case model.WaitFor(wait_for=awaited):
            return f"wait for {awaited_in_words(awaited)}"
        case model.Start(start=id_tag):
            return f"remote start with id tag {id_tag}" if id_tag else "remote start"
        case model.Stop():
            return "remote stop"
        case model.SetLimit(set_limit=limit, purpose=purpose, stack_level=level):
            stack = f", stack level {level}" if level else ""
            return f"set limit {limit:g} A ({purpose}{stack})"
        case model.Ocpp(ocpp=action, sender=sender):
            return f"{action} from {_WHO[sender]}"
        case model.Can(can=arbitration_id, data=data, extended=extended):
            width = 8 if extended else 3
            return f"CAN frame {arbitration_id:0{width}X}#{''.join(data.split()).upper()}"
        case model.Anomaly(anomaly=name, variant=variant, duration=duration):
            text = f"{name}/{variant}" if variant else name
            return f"{text} for {seconds(duration)}" if duration is not None else text
        case model.Attack(attack=name, layer=layer, steps=steps):
            text = f"attack {name} on {layer}"
            return text if steps is None else f"{text}: {counted(len(steps), 'step')}"
        case model.EndAttack(end_attack=name):
            return f"end of attack {name}"
        case model.Repeat(repeat=times, do=steps):
            return f"{times} times {counted(len(steps), 'step')}"
        case model.Parallel(parallel=branches):
            return f"{len(branches)} lists of steps side by side"
        case model.NoteStep(note=text):
            return f"note: {text}"
        case model.MarkStep(mark=text):
            return f"mark: {text}"
        case model.Command(command=name):
            return f"command {name}"
    raise TypeError(f"no step: {step!r}")


def awaited_in_words(awaited: model.Awaited) -> str:
    """What is waited for: ``status Charging``."""
    if awaited.status is not None:
        return f"status {awaited.status}"
    if awaited.message is not None:
        return f"message {awaited.message}{_with(awaited.fields)}"
    return f"{_alarm(awaited.alarm or 'any')}{_view(awaited.view)}"


def expectation_in_words(expected: Any) -> str:
    """One of :data:`evtui.scenario.model.Expectation` as a line for people."""
    match expected:
        case model.AlarmExpected(alarm=name, within=within, view=view):
            return f"{_alarm(name)}{_view(view)} within {seconds(within)}"
        case model.NoAlarmExpected(no_alarm_before=before, view=view):
            until = {"anomaly": " before the anomaly", "end": ""}
            moment = until[before] if isinstance(before, str) else f" before {seconds(before)}"
            return f"no alarm{_view(view)}{moment}"
        case model.MessageExpected(message=action, count=count, within=within):
            times = f", {count} times at least" if count != 1 else ""
            return f"message {action}{_about(expected)}{times}{_within(within)}"
        case model.NoMessageExpected(no_message=action):
            return f"no message {action}{_about(expected)}"
        case model.OrderExpected(order=actions):
            return f"order {', '.join(actions)}"
        case model.StatusExpected(status=status, within=within):
            return f"status {status}{_within(within)}"
        case model.CurrentExpected(current=bounds):
            low, high = bounds.between
            return f"{_MEASURE[bounds.measure]}current {low:g} to {high:g} A{_window(bounds)}"
        case model.EnergyExpected(energy=model.EnergyRange(between=(low, high))):
            return f"energy {low:g} to {high:g} Wh"
        case model.NoSchemaViolation():
            return "no schema violation"
    raise TypeError(f"no expectation: {expected!r}")


def _alarm(name: str) -> str:
    return "any alarm" if name == "any" else f"alarm {name}"


def _view(view: str | None) -> str:
    return "" if view is None else f" (view {view})"


def _within(within: float | None) -> str:
    return "" if within is None else f" within {seconds(within)}"


def _window(bounds: model.CurrentRange) -> str:
    start = "" if bounds.start is None else f" from {seconds(bounds.start)}"
    return start if bounds.end is None else f"{start} until {seconds(bounds.end)}"


def _with(fields: dict[str, Any] | None) -> str:
    return f" with {Redactor().json(fields)}" if fields else ""


def _about(expected: model.MessageExpected | model.NoMessageExpected) -> str:
    sender = "" if expected.sender is None else f" from {_WHO[expected.sender]}"
    answer = "" if expected.answer is None else f" answered {expected.answer or WITHOUT_STATUS}"
    return f"{sender}{_with(expected.fields)}{answer}"


def counted(number: int, what: str) -> str:
    """``1 step``, ``2 steps``."""
    return f"{number} {what}" if number == 1 else f"{number} {what}s"

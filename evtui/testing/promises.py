"""What every anomaly promises, each a function that tells how it is broken."""

from __future__ import annotations

import random
import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import msgspec

from evtui.anomalies import Anomaly, anomaly_named
from evtui.commands import Argument
from evtui.kinds import Integer, Number
from evtui.testing.chance import random_parameters
from evtui.testing.trial import Planned, Trial, run_trial

__all__ = ["PROMISES", "BrokenPromise", "keep"]

Declared = type[Anomaly[Any]]

ON, SECONDS = 1.0, 15.0

_UNITS = {"%": ("percent", "pct"), "degC": ("c",), "mOhm": ("mohm",)}
"""How names write units that are no letters."""

_DEFECT = re.compile(r"\b[A-Z]\w*(?:Error|Exception)\(")


class BrokenPromise(AssertionError):
    """What an anomaly promises and does not keep; the text has a line for each."""


def keep(anomaly: Declared | str, *promises: str) -> None:
    """Hold an anomaly against what every anomaly promises.

    Args:
        anomaly: a class, or the name of one that is installed.
        promises: some of :data:`PROMISES`; default: all.

    Raises:
        BrokenPromise: it does not keep one.
        KeyError: there is no such promise.
    """
    declared = anomaly_named(anomaly) if isinstance(anomaly, str) else anomaly
    told = (line for each in promises or PROMISES for line in PROMISES[each](declared))
    if broken := [f"{declared.name}: {line}" for line in told]:
        raise BrokenPromise("\n".join(broken))


def _declaration(anomaly: Declared) -> Iterator[str]:
    """Everything is declared, in a form in which it can be shown."""
    try:
        anomaly.check_declaration()
    except TypeError as error:
        yield str(error)
        return
    if not re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)*", anomaly.name):
        yield f"its name {anomaly.name!r} is not made of lower case words with dashes"
    if len(anomaly.about) < 80 or not anomaly.about.endswith("."):
        yield "about is no paragraph of sentences"
    if not 1 <= anomaly.severity <= 5:
        yield f"severity {anomaly.severity} is none of 1 to 5"
    if not any(anomaly.signature):
        yield "its signature is empty: nobody could see it"
    if wrong := [each for each in anomaly.techniques if not re.fullmatch(r"T\d{4}", each)]:
        yield f"techniques {wrong} are no ids of ATT&CK for ICS such as T0806"
    for name in ("techniques", "stakes", "references", "needs"):
        if not getattr(anomaly, name):
            yield f"{name} is empty"
    for each in anomaly.declared():
        yield from _parameter(anomaly, each)


def _parameter(anomaly: Declared, each: Argument) -> Iterator[str]:
    unit = each.kind.unit
    amount, per, time = unit.lower().partition("/")
    written = (f"per_{time}" if per else amount, *_UNITS.get(unit, ()))
    if unit and not each.name.endswith(tuple(f"_{name}" for name in written)):
        yield f"parameter {each.name} does not end with its unit, {unit}"
    if not each.help or each.help.endswith(".") or "\n" in each.help:
        yield f"parameter {each.name} is not told in one line without a full stop"
    if each.default is not None:
        try:
            each.kind.check(each.default)
        except ValueError:
            yield f"the default {each.default!r} of {each.name} is out of its range"
    if not isinstance(each.default, float | str | bool | int | None):
        yield f"the truth cannot carry a {type(each.default).__name__}: {each.name}"


def _parameters(anomaly: Declared) -> Iterator[str]:
    """What is out of its range is refused with the range; a change while it is on holds."""
    for each in anomaly.declared():
        if isinstance(each.kind, Number | Integer):
            try:
                anomaly.read({each.name: each.kind.high + 1 + abs(each.kind.high)})
            except ValueError as error:
                if each.name not in str(error) or str(each.kind.limits) not in str(error):
                    yield f"{error} does not tell name and range"
            else:
                yield f"{each.name} may be out of its range"
    wanted = random_parameters(anomaly, random.Random(anomaly.name))
    trial = run_trial(
        Planned(anomaly=anomaly, on=ON, changes={SECONDS / 2: wanted}), seconds=SECONDS
    )
    last = anomaly.read(wanted)
    told = [each for each in trial.truth(anomaly.name) if each.t >= trial.begun + SECONDS / 2]
    values = dict(anomaly.values(last))
    values.pop("variant", None)
    if anomaly.declared() and not any(dict(each.parameters) == values for each in told):
        yield f"the truth does not tell that the parameters became {values}"
    yield from _defects(trial)


def _seed(anomaly: Declared) -> Iterator[str]:
    """The same seed gives the same bytes."""
    one, other = (run_trial(Planned(anomaly=anomaly, on=ON), seconds=SECONDS) for _ in "12")
    lines = ([msgspec.json.encode(each) for each in trial.events] for trial in (one, other))
    for number, (left, right) in enumerate(zip(*lines, strict=False), 1):
        if left != right:
            yield f"event {number} is {left!r} and, in the same run again, {right!r}"
            return


def _truth(anomaly: Declared) -> Iterator[str]:
    """It tells on, each step, off and safe, and what it does is a step."""
    trial = run_trial(Planned(anomaly=anomaly, on=ON, off=SECONDS - 2.0), seconds=SECONDS)
    states = trial.truth(anomaly.name)
    if reason := trial.refused.get(anomaly.name):
        yield f"it was refused: {reason}"
    changes = [each.change for each in states if each.change in ("on", "off", "safe", "failed")]
    if changes != ["on", "off", "safe"]:
        yield f"the truth tells {', '.join(changes) or 'nothing'}, not on, off, safe"
    steps = [each for each in states if each.change == "step"]
    if not steps:
        yield "the truth tells no step: what it does must be run.step(...)"
    if any(not each.step_label for each in steps):
        yield "a step has no label"
    if any(not each.active for each in steps):
        yield "a step comes while it is off"
    yield from _defects(trial)


def _safe_ending(anomaly: Declared) -> Iterator[str]:
    """Whenever it is switched off, everything is as before within 10 s."""
    chance = random.Random(anomaly.name)
    for off in (ON, chance.uniform(ON, SECONDS), SECONDS):
        planned = Planned(anomaly=anomaly, on=ON)
        trial = run_trial(planned, seconds=off, charging=chance.random() < 0.5)
        yield from (f"on for {off - ON:.1f} s: {each}" for each in trial.left)


def _nothing_left(anomaly: Declared) -> Iterator[str]:
    """With any parameters, switched on twice, nothing stays behind."""
    chance = random.Random(anomaly.name)
    for _ in range(3):
        parameters = random_parameters(anomaly, chance)
        planned = Planned(anomaly=anomaly, on=ON, parameters=parameters, off=SECONDS / 2)
        again = Planned(anomaly=anomaly, on=SECONDS * 0.9)
        trial = run_trial(planned, again, seconds=SECONDS)
        yield from (f"with {parameters}: {each}" for each in (*trial.left, *_defects(trial)))


def _refusal(anomaly: Declared) -> Iterator[str]:
    """It is refused in one line where what it acts through is out of reach."""
    if anomaly.needs & {"central system", "charge point", "link"}:
        trial = run_trial(Planned(anomaly=anomaly), seconds=1.0, connected=False)
        reason = trial.refused.get(anomaly.name, "")
        if not reason:
            yield "it is not refused although the charge point is not connected"
        elif "\n" in reason:
            yield f"it is refused in several lines: {reason!r}"
        if trial.truth(anomaly.name):
            yield "it says that it is on although it was refused"


def _defects(trial: Trial) -> Iterator[str]:
    for text in trial.notes:
        if _DEFECT.search(text):
            yield f"a defect: {text}"


PROMISES: Mapping[str, Callable[[Declared], Iterator[str]]] = {
    "declaration": _declaration,
    "parameters": _parameters,
    "seed": _seed,
    "truth": _truth,
    "safe ending": _safe_ending,
    "nothing left": _nothing_left,
    "refusal": _refusal,
}
"""Each by its name; it gives a line for each way in which an anomaly breaks it."""

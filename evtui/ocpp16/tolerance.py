"""What can be acted on although it breaks its schema, and what is made of it.  Pure.

Three rules, each wider than the schema:

- an *answer* is used when what we need of it is right: it cannot be refused, only be lost, and
  with it the transaction id that it carries;
- a *tolerated* message may also break a length, an enum value or a precision, have fields that
  are none, null where a field is optional, and 12.0 where a whole number is asked for;
- an *owed* call is acted on as long as its ids can be read: a StopTransaction that names a
  transaction ends it (OCPP 1.6 section 4.10).

A value that cannot be held (:mod:`evtui.ocppj.unfit`) is as good as broken; so is, in an answer
that is not tolerated, one that is given twice, and differently.

Whatever is taken is a violation all the same, and told as one.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

from evtui.ocpp16.validation import (
    accept,
    check,
    describe,
    document,
    errors,
    with_whole_numbers,
)
from evtui.ocppj import MessageKind, OcppFrame, PayloadReading
from evtui.violations import Violation

__all__ = ["can_go_out", "read_call", "read_result"]

VALUES_MAX = 2_000
"""Values in one message that are looked at one by one, at most 60 ms of work; one that has more
is used, if it can be, without any optional field."""

TOLD_MAX = 3
"""Violations of one message that are told one by one."""

QUANTITIES = frozenset(
    {"meterStart", "meterStop", "interval", "duration", "startPeriod", "retryInterval"}
)
"""Whole numbers that measure something (Wh, s), which can be rounded; an id cannot."""

KEPT_RULES = frozenset({"maxLength", "enum", "multipleOf"})
"""What is tolerated as it is: whoever reads the value sees that it is none he knows."""

TEXT_MAX = 1_000
"""Longest text tolerated, characters: the longest that a schema allows has 500, and id tags and
statuses are kept."""


class _Rule(NamedTuple):
    """How far a message may be from its schema.

    Attributes:
        spare: by action, fields that the schema asks for and that can be done without, and what
            stands for them; None leaves them out.
        tolerant: values may be other than they should.
        discards: what is optional and broken is left out.
        as_text: a whole number may be written as text.
    """

    spare: Mapping[str, Mapping[str, Any]] = {}
    tolerant: bool = False
    discards: bool = False
    as_text: bool = False


_CALL = _Rule()
_OWN = _Rule(tolerant=True)
_TOLERATED_CALL = _Rule(
    {
        "BootNotification": {"chargePointVendor": "", "chargePointModel": ""},
        "StatusNotification": {"errorCode": "NoError"},
    },
    tolerant=True,
)
_OWED = _Rule(
    {"StopTransaction": {"meterStop": None, "timestamp": None}},
    tolerant=True,
    discards=True,
    as_text=True,
)
_ANSWER = _Rule(
    {
        "BootNotification": {"currentTime": None, "interval": None},
        "Heartbeat": {"currentTime": None},
        "StartTransaction": {"idTagInfo": None},
    },
    discards=True,
)
_TOLERATED_ANSWER = _ANSWER._replace(tolerant=True)


def read_call(
    frame: OcppFrame, *, tolerant: bool, owes: Callable[[str, Any], bool]
) -> PayloadReading:
    """Read a CALL of an action that has a schema.

    Args:
        tolerant: its sender's violations are tolerated.
        owes: True for action and payload of a call that must be acted on if that can be done
            at all; asked when something is wrong with it.
    """
    payload, violation = accept(frame.action, "call", frame.payload)
    if violation is None and not (frame.twice or frame.unfit):
        return PayloadReading(payload)
    doubt = frame.doubt
    # Given twice, and differently, an id names nothing.
    if owes(frame.action, frame.certain if frame.twice and not tolerant else frame.payload):
        return _read(frame.action, "call", frame.payload, violation, _OWED, doubt)
    if frame.unfit or (frame.twice and not tolerant):
        return PayloadReading(None, Violation("FormationViolation", doubt))
    rule = _TOLERATED_CALL if tolerant else _CALL
    return _read(frame.action, "call", frame.payload, violation, rule, doubt)


def read_result(frame: OcppFrame, action: str, *, tolerant: bool) -> PayloadReading:
    """Read the CALLRESULT of a call of ``action``."""
    payload, violation = accept(action, "result", frame.payload)
    if violation is None and not (frame.twice or frame.unfit):
        return PayloadReading(payload)
    doubt = frame.doubt
    if tolerant or not frame.twice:
        rule = _TOLERATED_ANSWER if tolerant else _ANSWER
        return _read(action, "result", frame.payload, violation, rule, doubt)
    # What is given twice, and differently, is as good as broken.
    _, unclear = accept(action, "result", frame.certain)
    reading = _read(action, "result", frame.certain, unclear, _ANSWER, doubt)
    if reading.payload is None and violation is None:
        return PayloadReading(None, Violation("FormationViolation", doubt))
    return reading


def can_go_out(action: str, kind: MessageKind, payload: Any) -> bool:
    """True when a message of ours breaks its schema only in values that a tolerated peer gave us:
    they go back to it as they came."""
    if not isinstance(payload, dict):
        return False
    mending = _Mending(action, kind, payload, _OWN)
    return mending.run() is None and mending.payload == payload


def _read(
    action: str,
    kind: MessageKind,
    payload: Any,
    violation: Violation | None,
    rule: _Rule,
    doubt: str,
) -> PayloadReading:
    """Read a payload that has a violation, or came in a message with a doubt, or both."""
    payload = with_whole_numbers(payload)
    if violation is None:
        return PayloadReading(payload, Violation("FormationViolation", doubt))
    if not isinstance(payload, dict) or not (rule.tolerant or rule.discards):
        return PayloadReading(None, _with_doubt(doubt, violation))
    mending = _Mending(action, kind, payload, rule)
    hopeless = mending.run()
    if hopeless is None:
        mended = Violation(violation.code, mending.told, violation.path)
        return PayloadReading(mending.payload, _with_doubt(doubt, mended))
    return PayloadReading(None, _with_doubt(doubt, hopeless))


def _with_doubt(doubt: str, violation: Violation) -> Violation:
    if not doubt:
        return violation
    return Violation("FormationViolation", f"{doubt}; {violation.detail}", violation.path)


class _Mending:
    """Makes of a payload that breaks its schema one that can be acted on.

    Attributes:
        payload: as far as it is mended.
    """

    def __init__(
        self, action: str, kind: MessageKind, payload: dict[str, Any], rule: _Rule
    ) -> None:
        self.payload = payload.copy()
        self._ours: dict[int, Any] = {}
        self._told: list[str] = []
        self._more = 0
        self._action = action
        self._kind: MessageKind = kind
        self._rule = rule
        self._spare = rule.spare.get(action, {})

    @property
    def told(self) -> str:
        """What was wrong, and what was made of it, in one line."""
        return "; ".join(self._told) + (f"; and {self._more} more" if self._more else "")

    def run(self) -> Violation | None:
        """Mend what can be mended; what cannot be, or None."""
        try:
            if self._rule.discards and _is_large(self.payload):
                needed = document(self._action, self._kind).get("required", ())
                self.payload = {k: v for k, v in self.payload.items() if k in needed}
                large = f"{self._action}: not conforming, and more than {VALUES_MAX} values"
                self._told.append(f"{large} (what is optional left out)")
            if _is_large(self.payload):
                return check(self._action, self._kind, self.payload)
            found = errors(self._action, self._kind, self.payload)
        except ValueError as unfit:  # no JSON value
            return Violation("FormationViolation", f"{self._action}: {unfit}"[:300])
        for error in found:
            made = self._mend(error)
            if made is None:
                return describe(self._action, error)
            if made and len(self._told) < TOLD_MAX:
                self._told.append(f"{describe(self._action, error).detail} ({made})")
            elif made:
                self._more += 1
        return None

    def _mend(self, error: Any) -> str | None:
        """Mend one violation: what was made of it, empty when it has gone with another one,
        None when nothing can be."""
        path: list[str | int] = list(error.instance_path)
        rule = error.kind.name
        if rule == "additionalProperties" and (self._rule.tolerant or self._rule.discards):
            target = self._open(path)
            for name in error.kind.unexpected if target is not None else ():
                del target[name]
            return "left out"
        if rule == "required" and not path and error.kind.property in self._spare:
            return self._without(error.kind.property)
        if not path:
            return None
        owner = self._open(path[:-1])
        if owner is None or (isinstance(path[-1], str) and path[-1] not in owner):
            return ""
        value = owner[path[-1]]
        if self._rule.tolerant and value is None:
            if self._is_optional(path):
                del owner[path[-1]]
                return "left out"
            if len(path) == 1 and path[0] in self._spare:
                return self._without(str(path[0]))
        elif self._rule.tolerant and rule != "required":
            read = _other_reading(rule, error, path[-1], value, as_text=self._rule.as_text)
            if read is not None:
                owner[path[-1]] = read
                return f"read as {read}"
            if rule in KEPT_RULES and _may_be_kept(value):
                return "taken as it is"
        return self._leave_out(path) if self._rule.discards else None

    def _leave_out(self, path: Sequence[str | int]) -> str | None:
        """Leave out the smallest part around ``path`` that is not needed."""
        for length in range(len(path), 0, -1):
            if self._is_optional(path[:length]):
                del self._open(path[: length - 1])[path[length - 1]]
                return "left out"
        return self._without(str(path[0])) if path[0] in self._spare else None

    def _open(self, path: Sequence[str | int]) -> Any:
        """The object or array at a place, copied so that it may be changed; None when it has
        been left out with what it was part of."""
        here: Any = self.payload
        for step in path:
            if isinstance(step, str) and step not in here:
                return None
            part = here[step]
            if id(part) not in self._ours:
                part = here[step] = part.copy()
                self._ours[id(part)] = part
            here = part
        return here

    def _without(self, name: str) -> str:
        """Do without a field."""
        if self._spare[name] is None:
            self.payload.pop(name, None)
            return "taken as unknown"
        self.payload[name] = self._spare[name]
        return f'taken as "{self._spare[name]}"'

    def _is_optional(self, path: Sequence[str | int]) -> bool:
        """True for the place of a field that its schema does not ask for."""
        schema = document(self._action, self._kind)
        required = False
        for step in path:
            if isinstance(step, int):
                schema, required = schema.get("items", {}), True
            else:
                required = step in schema.get("required", ())
                schema = schema.get("properties", {}).get(step, {})
        return not required


def _is_large(payload: dict[str, Any]) -> bool:
    count = 0
    containers: list[Any] = [payload]
    while containers and count <= VALUES_MAX:
        node = containers.pop()
        count += len(node)
        values = node.values() if isinstance(node, dict) else node
        containers += [each for each in values if isinstance(each, (dict, list))]
    return count > VALUES_MAX


def _may_be_kept(value: Any) -> bool:
    return isinstance(value, float) or (isinstance(value, str) and len(value) <= TEXT_MAX)


def _other_reading(rule: str, error: Any, name: str | int, value: Any, *, as_text: bool) -> Any:
    """What a value was meant to be, None when that cannot be told."""
    if rule == "enum" and isinstance(value, str):
        meant = value.strip().casefold()
        return next((option for option in error.kind.options if option.casefold() == meant), None)
    if rule != "type" or "integer" not in error.kind.types:
        return None
    if isinstance(value, float) and math.isfinite(value):
        if value.is_integer() or name in QUANTITIES:
            return round(value)
    if as_text and isinstance(value, str) and value.isascii() and value.isdigit():
        return int(value) if len(value) <= 18 else None
    return None

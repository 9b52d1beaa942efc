"""What an anomaly did just now, and why what is reported is not what flows, in words."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from evtui.events import Alarm, AnomalyState, CanFrame, Event, LabState, OcppMessage, Sample
from evtui.tui.models.anomalies import AnomalyStates
from evtui.tui.models.declared import explanation
from evtui.tui.models.facts import fact, imported_current
from evtui.tui.models.frames import FrameLine
from evtui.tui.models.injected import Injected
from evtui.tui.models.text import clean, number

__all__ = ["Parting"]

FRESH = 2.0
"""s for which a forged frame is told of."""

CHANGED_FOR = 30.0
"""s for which a message that was changed on its way is told of, unless the next one is not."""

APART = 2.0
"""A by which two currents differ that are told apart."""

EVIDENCE_FOR = 10.0
"""s for which an alarm's evidence stands under the chart."""

Forms = tuple[str, ...]
"""The same in fewer and fewer words."""


class Parting:
    """The story of one connector under its chart.

    Args:
        hint: what to say while no anomaly has been on.
    """

    def __init__(self, hint: Forms = ()) -> None:
        self._hint = hint
        self._states = AnomalyStates()
        self._injected = Injected()
        self._lab: LabState | None = None
        self._sample: Sample | None = None
        self._reported_at: float | None = None
        self._forged: CanFrame | None = None
        self._forged_count = 0
        self._sent: dict[str, OcppMessage] = {}
        self._changed: tuple[OcppMessage, OcppMessage] | None = None
        self._alarm: Alarm | None = None

    def feed(self, events: Iterable[Event]) -> None:
        """Take what is of this connector, or of its charge point."""
        for event in events:
            match event:
                case Sample():
                    if self._sample is None or event.reported != self._sample.reported:
                        self._reported_at = event.t
                    self._sample = event
                case CanFrame() if self._injected.by(event.cause):
                    fresh = self._forged is not None and event.t - self._forged.t < FRESH
                    self._forged_count = self._forged_count + 1 if fresh else 1
                    self._forged = event
                case OcppMessage():
                    self._note_message(event)
                case AnomalyState() if not event.by_hand:
                    self._injected.note(event)
                    self._states.note(event)
                case LabState():
                    self._lab = event
                    self._states.note(event)
                case Alarm():
                    self._alarm = event if event.raised else None

    def _note_message(self, message: OcppMessage) -> None:
        if message.kind not in ("call", "result"):
            return
        if message.action == "MeterValues" and message.kind == "call":
            here = self._sample is None or message.connector in (None, self._sample.connector)
            if here and imported_current(message.payload) is not None:
                self._reported_at = message.t
        if message.phase == "sent":
            self._sent[message.sender] = message
            return
        sent = self._sent.get(message.sender)
        if sent is None or sent.uid != message.uid:
            return
        if message.says_otherwise(sent):
            self._changed = sent, message
        elif self._changed is not None and self._changed[0].action == message.action:
            self._changed = None

    def lines(self, now: float) -> list[Forms]:
        """What there is to say at lab time ``now`` in s, what matters most first."""
        on = [state for state in self._states.on if state.active]
        if not on and not self._apart(now):
            told = [self._evidence(now), self._hint if not self._states.on else ()]
            return [forms for forms in told if forms]
        told = [self._did(on, now), self._why(now), self._evidence(now), self._sees(on)]
        return [forms for forms in told if forms]

    def _did(self, on: Sequence[AnomalyState], now: float) -> Forms:
        """The newest step of those that are on."""
        if not on:
            return ()
        state = max(on, key=lambda each: self._states.step_from(each.anomaly))
        name = clean(state.attack_id)
        if not state.step_label:
            return (f"▶ {name} is on",)
        ago = max(0.0, now - self._states.step_from(state.anomaly))
        step = clean(state.step_label)
        return (f"▶ {name}: {step}, {ago:.1f} s ago", f"▶ {name}: {step}", f"▶ {step}")

    def _sees(self, on: Sequence[AnomalyState]) -> Forms:
        """What its anomaly says that one sees."""
        if not on:
            return ()
        return explanation(on[-1], strict=self._lab is not None and self._lab.strict)

    def _apart(self, now: float) -> bool:
        sample = self._sample
        forged = self._forged is not None and now - self._forged.t <= FRESH
        return forged or (
            sample is not None
            and sample.reported is not None
            and abs(sample.reported - sample.current) > APART
            and bool(self._states.on)
        )

    def _why(self, now: float) -> Forms:
        """Why what is said differs from what is; empty where it does not."""
        return self._forged_words(now) or self._changed_words(now) or self._late_words(now)

    def _forged_words(self, now: float) -> Forms:
        frame, sample = self._forged, self._sample
        if frame is None or now - frame.t > FRESH:
            return ()
        line = FrameLine(frame)
        which, says = f"0x{line.id_text}", line.signals
        if not says:
            return (f"forged: 0x{line.id_text}, {self._forged_count:,} frames", f"forged: {which}")
        if sample is not None and line.name == "Current":
            truth = f"the module delivers {sample.current:.0f} A"
            if abs(_amperes(says, sample.current) - sample.current) <= APART:
                truth = "which is what flows just now"
            return (f"{which} says {says}, {truth}", f"{which} says {says}")
        if sample is not None and line.name == "SetLimit":
            truth = f"the profiles allow {sample.limit:.0f} A"
            return (f"forged {which} asks for {says}, {truth}", f"forged {which}: {says}")
        return (f"forged {which} {line.name} {says}", f"forged {which}")

    def _changed_words(self, now: float) -> Forms:
        if self._changed is None or now - self._changed[1].t > CHANGED_FOR:
            return ()
        sent, came = self._changed
        before, after = (clean(fact(each.action, each.payload, None)) for each in (sent, came))
        action = clean(sent.action)
        if sent.kind != "call" or not before or before == after:
            return (f"{action} was changed on its way",)
        return (
            f"{action}: {before} was sent, {after} arrived",
            f"{action}: {before} became {after}",
            f"{before} became {after}",
        )

    def _late_words(self, now: float) -> Forms:
        sample = self._sample
        if sample is None or sample.reported is None or self._reported_at is None:
            return ()
        if abs(sample.reported - sample.current) <= APART:
            return ()
        old = max(0.0, now - self._reported_at)
        says, flows = number(sample.reported), number(sample.current)
        return (
            f"reported {says} A is {old:.1f} s old, {flows} A flow now",
            f"reported {says} A is {old:.1f} s old",
        )

    def _evidence(self, now: float) -> Forms:
        alarm = self._alarm
        if alarm is None or now - alarm.t > EVIDENCE_FOR:
            return ()
        evidence = clean(alarm.evidence)
        return (f"▲ {clean(alarm.detector)}: {evidence}", f"▲ {evidence}")


def _amperes(says: str, otherwise: float) -> float:
    """The number in ``20 A``."""
    try:
        return float(says.split()[0])
    except (IndexError, ValueError):
        return otherwise

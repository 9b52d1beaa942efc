"""That something of an anomaly was seen, and that it ended in the safe state."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections import Counter, OrderedDict, deque
from datetime import datetime
from typing import TYPE_CHECKING, Annotated, ClassVar

from msgspec import Meta

from evtui.anomalies import is_known, names
from evtui.canbus.packs import MalformedFrame
from evtui.canbus.packs.known import ReportedCurrents
from evtui.events import AnomalyState, CanFrame, ConnectorState, Event, OcppMessage, Sample
from evtui.scenario.expectations.base import EXPECTATIONS, Expectation, Observer
from evtui.scenario.language.narration import counted

if TYPE_CHECKING:
    from evtui.scenario.language.checking import Check

__all__ = ["EffectExpected"]

WINDOW = 50
"""Samples, each 100 ms, that tell what is usual before the anomaly."""

APART = 2.0
"""A by which currents must differ to be told apart: 0x300 has whole amperes, and lags."""

LATE = 0.5
"""s that a message may be on its way; between the two ends of a lab it takes none."""

TWINS_KEPT = 2_000

TOLD = 4
"""Most phrases of what was seen."""


@EXPECTATIONS.add
class EffectExpected(Expectation, frozen=True, kw_only=True):
    """An anomaly was on, something of it was seen, and it ended in the safe state."""

    example = "effect: repeated-current-fluctuation"

    effect: Annotated[str, Meta(description="the anomaly's name.")]

    def words(self) -> str:
        return f"effect of {self.effect} seen, then safe"

    def check(self, check: Check) -> None:
        if not is_known(self.effect):
            check.one_of("effect", "an anomaly", self.effect, list(names()))

    def observer(self) -> EffectSeen:
        return EffectSeen(self.effect)


class EffectSeen(Observer):
    """Compares what comes while it is on with what came before, by several looks."""

    reads = (AnomalyState, OcppMessage, CanFrame, Sample, ConnectorState)
    both_ends = True

    def __init__(self, anomaly: str) -> None:
        self._anomaly = anomaly
        self._on = False
        self._off_at: float | None = None
        self._safe_after: float | None = None
        self._outcome = ""
        self._looks: tuple[_Look, ...] = (
            _OfItsMaking(),
            _OnItsWay(),
            _Flow(),
            _Reported(),
            _Rhythm(),
            _Times(),
        )

    def see(self, event: Event, t: float) -> None:
        if isinstance(event, AnomalyState):
            if event.anomaly != self._anomaly:
                return
            if event.change == "on":
                self._on = True
            elif event.change == "off":
                self._on, self._off_at = False, t
                for look in self._looks:
                    look.over(t)
            elif event.change in ("safe", "failed"):
                self._outcome = event.change if self._outcome != "failed" else "failed"
                self._safe_after = t - (t if self._off_at is None else self._off_at)
            if not event.active:
                return
        if self._off_at is not None and not self._on:
            return
        for look in self._looks:
            if isinstance(event, look.reads):
                look.see(event, t, self._on)

    def judge(self) -> tuple[bool, str]:
        if self._off_at is None:
            return False, "it was on to the end" if self._on else "it was never on"
        seen = [phrase for look in self._looks for phrase in look.phrases()]
        text = ", ".join(seen[:TOLD]) if seen else "nothing was seen of it"
        if self._outcome != "safe" or self._safe_after is None:
            return False, f"{text}; the safe state was not reached"
        return bool(seen), f"{text}; safe after {self._safe_after:.1f} s"


class _Look(ABC):
    """One way to see an effect."""

    reads: ClassVar[tuple[type[Event], ...]]

    @abstractmethod
    def see(self, event: Event, t: float, on: bool) -> None:
        """Take an event from before the anomaly, or while it is on."""

    def over(self, t: float) -> None:  # noqa: B027 - most have seen all
        """It was switched off."""

    @abstractmethod
    def phrases(self) -> list[str]:
        """What was seen, for people."""


class _OfItsMaking(_Look):
    """What has one of its steps as the cause."""

    reads = (AnomalyState, OcppMessage, CanFrame, ConnectorState)

    def __init__(self) -> None:
        self._steps: OrderedDict[int, None] = OrderedDict()
        self._made: Counter[str] = Counter()
        self._statuses: dict[str, None] = {}

    def see(self, event: Event, t: float, on: bool) -> None:
        if isinstance(event, AnomalyState):
            self._steps[event.seq] = None
            if len(self._steps) > TWINS_KEPT:
                self._steps.popitem(last=False)
        elif event.cause not in self._steps:
            return
        elif isinstance(event, CanFrame):
            self._made["frame"] += not event.error
        elif isinstance(event, ConnectorState):
            self._statuses[f"{event.status} ({event.error_code})"] = None
        elif isinstance(event, OcppMessage) and event.kind == "call" and event.phase == "sent":
            self._made["call"] += 1

    def phrases(self) -> list[str]:
        made = [counted(number, what) for what, number in sorted(self._made.items())]
        told = [f"{' and '.join(made)} of its making"] if made else []
        return told + [f"status {', '.join(self._statuses)}"] * bool(self._statuses)


class _OnItsWay(_Look):
    """Messages that are not delivered as they were sent, once, at once and in order."""

    reads = (OcppMessage,)

    def __init__(self) -> None:
        self._sent: OrderedDict[tuple[str, str, str, str], tuple[OcppMessage, float]]
        self._sent = OrderedDict()
        self._arrived: OrderedDict[tuple[str, str, str, str], None] = OrderedDict()
        self._both_ends = False
        self._changed = self._lost = self._twice = self._late = 0
        self._latest = 0.0

    def see(self, event: Event, t: float, on: bool) -> None:
        assert isinstance(event, OcppMessage)
        key = (event.station, event.sender, event.kind, event.uid)
        if event.phase == "sent":
            if on:
                self._sent[key] = event, t
                if len(self._sent) > TWINS_KEPT:
                    self._sent.popitem(last=False)
            return
        self._both_ends = True
        if not on:
            return
        if key in self._arrived:
            self._twice += 1
        self._arrived[key] = None
        if len(self._arrived) > TWINS_KEPT:
            self._arrived.popitem(last=False)
        if key in self._sent:
            sent, when = self._sent.pop(key)
            self._changed += event.says_otherwise(sent)
            self._late += t - when > LATE
            self._latest = max(self._latest, t - when)

    def over(self, t: float) -> None:
        self._lost += sum(when < t - LATE for _, when in self._sent.values())
        self._sent.clear()

    def phrases(self) -> list[str]:
        if not self._both_ends:
            return []
        counts = (
            (self._changed, "changed on the way"),
            (self._lost, "lost or held back"),
            (self._twice, "delivered twice"),
            (self._late, f"late by up to {self._latest:.1f} s"),
        )
        return [f"{counted(number, 'message')} {what}" for number, what in counts if number]


class _Flow(_Look):
    """Current, voltage and heat of a power stage that are not as they were."""

    reads = (Sample,)

    def __init__(self) -> None:
        self._before: dict[tuple[str, int], deque[Sample]] = {}
        self._now: dict[tuple[str, int], deque[Sample]] = {}
        self._current: tuple[float, float] | None = None
        self._was: tuple[float, float] | None = None
        self._heating = self._heated = 0.0
        self._voltage = 0.0

    def see(self, event: Event, t: float, on: bool) -> None:
        assert isinstance(event, Sample)
        key = event.station, event.connector
        if not on:
            self._before.setdefault(key, deque(maxlen=WINDOW)).append(event)
            return
        before = self._before.get(key)
        if not before:
            return
        low, high = min(s.current for s in before), max(s.current for s in before)
        least, most = self._current or (event.current, event.current)
        self._current = min(least, event.current), max(most, event.current)
        if not low - APART <= event.current <= high + APART:
            self._was = low, high
        usual = before[-1].voltage
        if usual and event.voltage and abs(event.voltage / usual - 1) > abs(self._voltage):
            self._voltage = event.voltage / usual - 1
        window = self._now.setdefault(key, deque(maxlen=WINDOW))
        window.append(event)
        if len(window) == WINDOW == len(before):
            heating = window[-1].temperature - window[0].temperature
            if heating > self._heating:
                self._heating = heating
                self._heated = before[-1].temperature - before[0].temperature

    def phrases(self) -> list[str]:
        told = []
        if self._current is not None and self._was is not None:
            told.append(f"current {_range(self._current)}, before {_range(self._was)}")
        if self._heating > 1.5 * max(self._heated, 0.0) + 0.1:
            told.append(f"{self._heating:.1f} degC warmer in 5 s, before {self._heated:.1f} degC")
        if abs(self._voltage) > 0.02 and self._was is None:
            told.append(f"voltage {self._voltage:+.0%}")
        return told


class _Reported(_Look):
    """The current that a module reports is not the one that flows."""

    reads = (Sample, CanFrame)

    def __init__(self) -> None:
        self._current: dict[tuple[str, int], float] = {}
        self._reported = ReportedCurrents()
        self._usual = self._off = 0.0

    def see(self, event: Event, t: float, on: bool) -> None:
        if isinstance(event, Sample):
            self._current[event.station, event.connector] = event.current
            return
        assert isinstance(event, CanFrame)
        try:
            reported = self._reported.update(event)
        except MalformedFrame:
            return
        if reported is None:
            return
        connector, current = reported
        flows = self._current.get((event.station, connector))
        if flows is None:
            return
        off = abs(current - flows)
        if on:
            self._off = max(self._off, off)
        else:
            self._usual = max(self._usual, off)

    def phrases(self) -> list[str]:
        # On its way from one limit to another the current moves between a report and a sample.
        if self._off <= max(5 * APART, 1.5 * self._usual):
            return []
        return [f"reported on CAN up to {self._off:.0f} A beside what flows"]


class _Rhythm(_Look):
    """What came regularly stays away."""

    reads = (AnomalyState, OcppMessage, CanFrame)

    def __init__(self) -> None:
        self._came: set[str] = set()
        self._last: dict[str, float] = {}
        self._times: Counter[str] = Counter()
        self._shortest: dict[str, float] = {}
        self._usual: dict[str, float] = {}
        self._gaps: dict[str, float] = {}

    def see(self, event: Event, t: float, on: bool) -> None:
        if isinstance(event, AnomalyState):
            if event.change == "on":
                self._came = {name for name in self._last if self._is_regular(name, t)}
            return
        if isinstance(event, CanFrame) and not event.error:
            name = f"{event.station} frame {event.arbitration_id:x}"
        elif isinstance(event, OcppMessage) and event.kind == "call" and event.phase == "sent":
            name = f"{event.station} {event.action}"
        else:
            return
        if not on:
            self._times[name] += 1
        last = self._last.get(name)
        self._last[name] = t
        if last is None:
            return
        gaps = self._gaps if on else self._usual
        gaps[name] = max(gaps.get(name, 0.0), t - last)
        if not on:
            self._shortest[name] = min(self._shortest.get(name, t - last), t - last)

    def over(self, t: float) -> None:
        for name, last in self._last.items():
            self._gaps[name] = max(self._gaps.get(name, 0.0), t - last)

    def phrases(self) -> list[str]:
        return [
            f"no {name.partition(' ')[2]} for {gap:.1f} s, before every {self._usual[name]:.1f} s"
            for name, gap in self._gaps.items()
            if name in self._came and gap > 3 * self._usual[name]
        ]

    def _is_regular(self, name: str, now: float) -> bool:
        """True for what came several times, about as far apart, and is not late already."""
        if self._times[name] < 3:
            return False
        usual = self._usual[name]
        return usual <= 2 * self._shortest[name] + LATE and now - self._last[name] <= 2 * usual


class _Times(_Look):
    """Times in what a charge point says are not those of the lab."""

    reads = (OcppMessage,)

    def __init__(self) -> None:
        self._usual: float | None = None
        self._off = 0.0

    def see(self, event: Event, t: float, on: bool) -> None:
        assert isinstance(event, OcppMessage)
        if (event.sender, event.phase, event.kind) != ("charge_point", "sent", "call"):
            return
        moment = _moment(event)
        if moment is None:
            return
        if not on:
            self._usual = moment - t
        elif self._usual is not None and abs(moment - t - self._usual) > abs(self._off):
            self._off = moment - t - self._usual

    def phrases(self) -> list[str]:
        return [f"its times are off by {self._off:+.1f} s"] if abs(self._off) > 1.5 else []


def _moment(message: OcppMessage) -> float | None:
    """Unix time in s that a message says it is; None where it says none."""
    payload = message.payload
    if not isinstance(payload, dict):
        return None
    values = payload.get("meterValue")
    text = values[0].get("timestamp") if isinstance(values, list) and values else None
    text = payload.get("timestamp") if text is None else text
    try:
        return datetime.fromisoformat(str(text).replace("Z", "+00:00")).timestamp()
    except ValueError:
        return None


def _range(bounds: tuple[float, float]) -> str:
    low, high = bounds
    return f"{high:.0f} A" if round(low) == round(high) else f"{low:.0f} to {high:.0f} A"

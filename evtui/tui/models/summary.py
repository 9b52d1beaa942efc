"""The state of the whole lab, as the status line tells it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from rich.cells import cell_len

from evtui.events import (
    Alarm,
    AnomalyState,
    BusLoad,
    CentralSystemState,
    ConnectorState,
    Detection,
    Event,
    LabState,
    LinkState,
    PartState,
    RecordingState,
    ScenarioState,
    TransactionState,
)
from evtui.tui.models.text import byte_size, clean, number

__all__ = ["LabSummary", "Segment", "Station", "fit_segments"]

_LINK_GLYPHS = {"accepted": "●", "connected": "◐", "booting": "◐", "pending": "◐"}


@dataclass
class Station:
    """What is known of one charge point."""

    link: str = "offline"
    link_detail: str = ""
    status: str = ""
    transactions: dict[int, int | None] = field(default_factory=dict)


@dataclass(frozen=True)
class Segment:
    """One part of the status line.

    Attributes:
        forms: what it says, longest first; what is repeated is given up later.
        role: how it is coloured.
    """

    forms: tuple[str, ...]
    role: str = ""


def fit_segments(segments: list[Segment], width: int, gap: int = 2) -> list[tuple[str, str]]:
    """Choose a form of each segment so that all fit into ``width`` cells, if they can.

    All go to their second form, from the right, before one goes to its third.

    Returns:
        text and role of each, in order.
    """
    chosen = [one.forms[0] for one in segments]

    def total() -> int:
        return sum(map(cell_len, chosen)) + gap * (len(chosen) - 1)

    for level in range(1, max((len(one.forms) for one in segments), default=0)):
        for index in reversed(range(len(segments))):
            if total() <= width:
                break
            forms = segments[index].forms
            chosen[index] = forms[min(level, len(forms) - 1)]
    return [(text, one.role) for text, one in zip(chosen, segments, strict=True)]


class LabSummary:
    """Keeps the newest of everything the status line shows.

    Args:
        orders: whether there is a lab that the keys can tell something.

    Attributes:
        stations: by identity, in order of appearance.
        anomaly: newest ground truth.
        phase: how far the anomaly is: ``on``, ``off`` (stopping), ``safe`` or ``failed``.
        recording: newest word of a recording.
        crashed: parts that crashed and have not been restarted, with the reason.
    """

    def __init__(self, *, orders: bool = True) -> None:
        self._orders = orders
        self.central: CentralSystemState | None = None
        self.stations: dict[str, Station] = {}
        self.load: BusLoad | None = None
        self.anomaly: AnomalyState | None = None
        self.phase = "safe"
        self.recording: RecordingState | None = None
        self._scenario_runs = False
        self.crashed: dict[str, str] = {}
        self._alarms: dict[tuple[str, str, str], Alarm] = {}
        self._detections: dict[tuple[str, str, str], Detection] = {}

    def feed(self, events: Iterable[Event]) -> bool:
        """Take events in the order of the stream; True where one of them mattered."""
        mattered = False
        for event in events:
            mattered |= self._take(event)
        return mattered

    def _take(self, event: Event) -> bool:
        match event:
            case CentralSystemState():
                self.central = event
            case LinkState(side="charge_point"):
                station = self._station(event.station)
                station.link, station.link_detail = event.state, event.detail
            case ConnectorState(connector=connector) if connector > 0:
                self._station(event.station).status = event.status
            case TransactionState(state="started"):
                station = self._station(event.station)
                station.transactions[event.connector] = event.transaction_id
            case TransactionState():
                self._station(event.station).transactions.pop(event.connector, None)
            case BusLoad():
                self.load = event
            case LabState():
                self._station(event.station)
            case AnomalyState():
                self.anomaly = event
                if event.change == "on":
                    self._detections.clear()
                if event.change in ("on", "off", "safe", "failed"):
                    self.phase = event.change
            case RecordingState() if self._orders:
                self.recording = event
            case ScenarioState():
                self._scenario_runs = event.change != "end"
            case Alarm():
                self._alarms[event.station, event.detector, event.view] = event
            case Detection():
                self._detections[event.station, event.detector, event.view] = event
            case PartState(state="crashed"):
                self.crashed[event.part] = event.detail
            case PartState():
                self.crashed.pop(event.part, None)
            case _:
                return False
        return True

    def _station(self, identity: str) -> Station:
        return self.stations.setdefault(identity, Station())

    @property
    def running(self) -> str:
        """What leaving would end, in words; empty while nothing runs."""
        if self._scenario_runs:
            return "the scenario"
        if self.phase in ("on", "off"):
            return "the anomaly"
        if any(station.transactions for station in self.stations.values()):
            return "the transaction"
        return ""

    def segments(self) -> list[Segment]:
        """The parts of the status line, in order."""
        parts = [self._central(), *self._charge_points(), self._bus(), self._anomaly()]
        recording = self._recording()
        if recording and recording[0].role == "bad":
            return [*self._crashes(), *recording, *parts, self._alarm()]
        return [*self._crashes(), *parts, self._alarm(), *recording]

    def _crashes(self) -> list[Segment]:
        if not self.crashed:
            return []
        names = clean(", ".join(self.crashed))
        if not self._orders:
            return [Segment((f"✗ {names} crashed",), "bad")]
        return [Segment((f"✗ {names} crashed – R restarts", f"✗ {names} – R restarts"), "bad")]

    def _recording(self) -> list[Segment]:
        state = self.recording
        if state is None or state.state == "off" or not self._orders:
            return []
        if state.state == "failed":
            return [Segment((*[f"✗ rec {clean(state.detail)}"] * 6, "✗ rec"), "bad")]
        short = f"● rec {byte_size(state.size)}"
        long = f"● rec {clean(state.folder)} {byte_size(state.size)}"
        return [Segment((*[long] * 4, short, short, "● rec"), "recording")]

    def _central(self) -> Segment:
        central = self.central
        if central is None:
            return Segment(("CSMS ○ starting", "CSMS ○") if self._orders else ("CSMS ○",), "muted")
        url = clean(central.url)
        short = url.split("://", 1)[-1]
        before, colon, after = short.rpartition(":")
        port = f":{after}" if colon and after.isdecimal() else before or short
        if not central.ours:
            linked = any(one.link == "accepted" for one in self.stations.values())
            return Segment(
                (f"CSMS {'●' if linked else '○'} {short}", f"CSMS {'●' if linked else '○'} {port}"),
                "good" if linked else "bad",
            )
        if not central.listening:
            reason = clean(central.detail) or "not listening"
            return Segment((f"CSMS ○ {short} {reason}", f"CSMS ○ {reason}"), "bad")
        return Segment((f"CSMS ● {short}", f"CSMS ● {port}"), "good")

    def _charge_points(self) -> list[Segment]:
        if not self.stations:
            return []
        identity, station = next(iter(self.stations.items()))
        others = set(self.stations) | set(self.central.stations if self.central else ())
        more = f" +{len(others) - 1}" if len(others) > 1 else ""
        name = clean(identity)
        if station.link != "accepted":
            glyph = _LINK_GLYPHS.get(station.link, "○")
            detail = f" {clean(station.link_detail)}" if station.link_detail else ""
            forms: tuple[str, ...] = (
                f"{name} {glyph} {station.link}{detail}{more}",
                f"{name} {glyph} {station.link}",
            )
            return [Segment(forms, "warning" if glyph == "◐" else "bad")]
        running = [one for one in station.transactions.values() if one is not None]
        tx = f" tx {running[-1]}" if running else ""
        known = f"{name} ● {station.status}"
        forms = (*[f"{known}{tx}{more}"] * 5, known)
        return [Segment(forms, "bad" if station.status == "Faulted" else "good")]

    def _bus(self) -> Segment:
        if self.load is None:
            return Segment(("CAN ○",), "muted")
        load = f"{self.load.load_pct:.1f} %"
        kilobits = f"{number(self.load.bitrate / 1000)}k"
        return Segment((f"CAN ● {kilobits} {load}", *[f"CAN ● {load}"] * 4, "CAN ●"), "good")

    def _anomaly(self) -> Segment:
        state = self.anomaly
        if state is None or self.phase == "safe":
            return Segment((*["ANOMALY ■ idle"] * 2, "■ idle"), "muted")
        if self.phase == "failed":
            return Segment(("ANOMALY ✗ failed", "✗ failed"), "bad")
        if self.phase == "off":
            return Segment(("ANOMALY ■ stopping", "■ stopping"), "warning")
        short = clean(state.anomaly).rsplit("-", 1)[-1]
        what = f"▶ {short}/{clean(state.variant)} #{state.cycle}"
        return Segment(
            (*[f"ANOMALY {what}"] * 2, what, f"▶ {clean(state.variant)} #{state.cycle}"), "anomaly"
        )

    def _alarm(self) -> Segment:
        raised = [key for key, alarm in self._alarms.items() if alarm.raised]
        if not raised:
            return Segment((*["ALARM · none"] * 4, "· none"), "muted")
        times = [
            detection.time_to_detect
            for key in raised
            if (detection := self._detections.get(key)) and detection.time_to_detect is not None
        ]
        what = f"▲ {min(times):.1f} s" if times else "▲ raised"
        return Segment((*[f"ALARM {what}"] * 4, what), "alarm")

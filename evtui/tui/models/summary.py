"""The state of the whole lab, as the status line tells it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass

from rich.cells import cell_len

from evtui.events import (
    Alarm,
    AnomalyState,
    ArmingState,
    BusLoad,
    CentralSystemLoad,
    CentralSystemState,
    ConnectorState,
    Detection,
    Event,
    LabState,
    LinkState,
    PartState,
    QueueState,
    RecordingState,
    ScenarioState,
    TransactionState,
)
from evtui.tui.chart import FADING_MARKER
from evtui.tui.key_hints import key_of
from evtui.tui.models.alarms import Alarms
from evtui.tui.models.anomalies import AnomalyStates, short_name
from evtui.tui.models.by_hand import HandAttacks
from evtui.tui.models.proxied import Proxied
from evtui.tui.models.real_buses import RealBuses
from evtui.tui.models.selection import ByPlace, ChosenPlace, Selection
from evtui.tui.models.station_lines import link_glyph, trouble
from evtui.tui.models.stations import Station, StationRows
from evtui.tui.models.text import byte_size, clean, cut, cut_middle, number

__all__ = ["LabSummary", "SummarySegment", "fit_segments"]

NARROWEST = 14
"""Cells to which the last form of a part is cut where there is no room for more."""

NAMED = 3
"""Connectors that the question before leaving names one by one."""

TOLD_BY_STATIONS = (
    CentralSystemLoad,
    ConnectorState,
    LabState,
    LinkState,
    QueueState,
    TransactionState,
)
"""Events that change the line through what is known of the charge points."""


@dataclass(frozen=True)
class SummarySegment:
    """One part of the status line.

    Attributes:
        forms: what it says, longest first; what is repeated is given up later.
        role: how it is coloured.
    """

    forms: tuple[str, ...]
    role: str = ""


def fit_segments(segments: list[SummarySegment], width: int, gap: int = 2) -> list[tuple[str, str]]:
    """Choose a form of each segment so that all fit into ``width`` cells, if they can.

    All go to their second form, from the right, before one goes to its third.  Where the last
    forms are too long still, the longest of them are cut.

    Returns:
        text and role of each, in order, without those that have come to say nothing.
    """
    chosen = [one.forms[0] for one in segments]

    def total() -> int:
        said = [cell_len(text) for text in chosen if text]
        return sum(said) + gap * (len(said) - 1)

    for level in range(1, max((len(one.forms) for one in segments), default=0)):
        for index in reversed(range(len(segments))):
            if total() <= width:
                break
            forms = segments[index].forms
            chosen[index] = forms[min(level, len(forms) - 1)]
    while (excess := total() - width) > 0:
        longest = max(range(len(chosen)), key=lambda index: cell_len(chosen[index]))
        cells = cell_len(chosen[longest])
        if cells <= NARROWEST:
            break
        chosen[longest] = cut(chosen[longest], max(NARROWEST, cells - excess))
    return [(text, one.role) for text, one in zip(chosen, segments, strict=True) if text]


class LabSummary:
    """Keeps the newest of everything the status line shows.

    Args:
        stations: what is known of the charge points; fed by whoever shares it.
        selection: the connector that is told of; fed by whoever shares it.
        orders: whether there is a lab that the keys can tell something.

    Attributes:
        recording: newest word of a recording.
        sending: CAN messages that are sent again and again by hand.
        crashed: parts that crashed and have not been restarted, with the reason.
        real_buses: those that the lab has joined.
        proxied: what is known of charge points that connect through here.
    """

    def __init__(self, stations: StationRows, selection: Selection, *, orders: bool = True) -> None:
        self._stations = stations
        self._selection = selection
        self._orders = orders
        self.central: CentralSystemState | None = None
        self._loads: dict[str, BusLoad] = {}
        self._anomalies: dict[ChosenPlace, AnomalyStates] = defaultdict(AnomalyStates)
        self._by_hand: dict[ChosenPlace, HandAttacks] = defaultdict(HandAttacks)
        self.recording: RecordingState | None = None
        self._scenario_runs = False
        self.sending = 0
        self.crashed: dict[str, str] = {}
        self._alarms: ByPlace[Alarms] = ByPlace(Alarms)
        self.real_buses = RealBuses()
        self.proxied = Proxied()

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
                self.proxied.take(event)
            case ArmingState():
                self.proxied.take(event)
            case BusLoad():
                self._loads[event.station] = event
            case AnomalyState():
                self._note_anomaly(event)
            case RecordingState() if self._orders:
                self.recording = event
            case ScenarioState():
                self._scenario_runs = event.change != "end"
            case Alarm() | Detection():
                self._alarms.at(event.station, event.connector).feed(event)
            case PartState(state="crashed"):
                self.crashed[event.part] = event.detail
            case PartState():
                self.crashed.pop(event.part, None)
            case LabState():
                place = ChosenPlace(event.station, event.connector)
                self._anomalies[place].note(event)
            case _:
                return self.real_buses.take(event) or isinstance(event, TOLD_BY_STATIONS)
        return True

    def _note_anomaly(self, state: AnomalyState) -> None:
        place = ChosenPlace(state.station, state.connector)
        self._alarms.at(*place).feed(state)
        if state.by_hand:
            self._by_hand[place].note(state)
            return
        self._anomalies[place].note(state)

    @property
    def anomaly(self) -> AnomalyState | None:
        """Newest ground truth of the chosen connector, of the anomaly to tell of."""
        chosen = self._selection.chosen
        return None if chosen is None else self._anomalies[chosen].shown

    @property
    def anomalies(self) -> AnomalyStates:
        """The anomalies of the chosen connector."""
        chosen = self._selection.target
        return AnomalyStates() if chosen is None else self._anomalies[chosen]

    @property
    def attack(self) -> AnomalyState | None:
        """The attack by hand that is on at the chosen connector, or whose effect shows."""
        chosen = self._selection.target
        return None if chosen is None else self._by_hand[chosen].newest

    def _runs(self, place: ChosenPlace) -> bool:
        return bool(self._anomalies[place].on or self._by_hand[place])

    def marks(self, place: ChosenPlace) -> str:
        """▶ where an anomaly runs, ▲ where an alarm is raised."""
        runs = self._runs(place)
        raised = self._alarms.at(*place).raised
        return ("▶" if runs else "") + ("▲" if raised else "")

    @property
    def running(self) -> str:
        """What leaving would end, and where, in words; empty while nothing runs."""
        if self._scenario_runs:
            return "the scenario"
        attacked = [place for place, states in self._anomalies.items() if states.on]
        charging = [
            ChosenPlace(station.identity, number)
            for station in self._stations.by_identity.values()
            if station.ours
            for number, connector in station.outlets
            if connector.busy
        ]
        others = [place for place in charging if place not in attacked]
        by_hand = [place for place, attacks in self._by_hand.items() if attacks.on]
        told = (("anomaly", attacked), ("attack", by_hand), ("transaction", others))
        return " and ".join(f"the {what} at {_named(places)}" for what, places in told if places)

    def segments(self, now: float) -> list[SummarySegment]:
        """The parts of the status line, in order.

        Args:
            now: lab time in s.
        """
        parts = [
            self._central(now),
            *self._charge_points(now),
            *self._asking(),
            *([] if self.proxied.central is not None else [self._bus()]),
            *self._real_bus(now),
        ]
        recording = self._recording()
        rest = [*self._by_hand_on_can(), self._anomaly(), self._alarm(), *self._load()]
        if recording and recording[0].role == "bad":
            return [*self._crashes(), *recording, *parts, *rest]
        return [*self._crashes(), *parts, *rest, *recording]

    def _crashes(self) -> list[SummarySegment]:
        if not self.crashed:
            return []
        names = clean(", ".join(self.crashed))
        if "lab" in self.crashed and self._orders:  # nobody is left who could restart it
            why = clean(self.crashed["lab"])
            return [SummarySegment((f"✗ the lab has ended: {why}", "✗ the lab has ended"), "bad")]
        if not self._orders:
            return [SummarySegment((f"✗ {names} crashed",), "bad")]
        return [
            SummarySegment((f"✗ {names} crashed – R restarts", f"✗ {names} – R restarts"), "bad")
        ]

    def _recording(self) -> list[SummarySegment]:
        state = self.recording
        if state is None or state.state == "off" or not self._orders:
            return []
        if state.state == "failed":
            return [SummarySegment((*[f"✗ rec {clean(state.detail)}"] * 6, "✗ rec"), "bad")]
        short = f"● rec {byte_size(state.size)}"
        long = f"● rec {clean(state.folder)} {byte_size(state.size)}"
        return [SummarySegment((*[long] * 4, short, short, "● rec"), "recording")]

    def _central(self, now: float) -> SummarySegment:
        central = self.central
        if central is None:
            return SummarySegment(
                ("CSMS ○ starting", "CSMS ○") if self._orders else ("CSMS ○",), "muted"
            )
        url = clean(central.url)
        short = url.split("://", 1)[-1]
        host, colon, after = short.partition("/")[0].rpartition(":")
        port = f":{after}" if colon and after.isdecimal() else host or short
        if self.proxied.central is central:
            near = clean(central.detail).rpartition("://")[2]
            far = near.rpartition(":")[2]
            return SummarySegment((f"PROXY ● {near} → {short}", f"PROXY ● :{far} → {port}"), "good")
        if not central.ours:
            return self._foreign_central(short, port, now)
        if not central.listening:
            reason = clean(central.detail) or "not listening"
            return SummarySegment((f"CSMS ○ {short} {reason}", f"CSMS ○ {reason}"), "bad")
        return SummarySegment((f"CSMS ● {short}", f"CSMS ● {port}"), "good")

    def _foreign_central(self, url: str, port: str, now: float) -> SummarySegment:
        """Linked while one of ours is; else why not, in the words of the one that is told of."""
        if self._is_linked:
            return SummarySegment((f"CSMS ● {url}", f"CSMS ● {port}"), "good")
        wrong = trouble(self._told_of, now)
        if wrong is None:
            return SummarySegment((f"CSMS ○ {url}", f"CSMS ○ {port}"), "bad")
        whole, short, shortest = (f"CSMS ○ {form}" for form in wrong.forms)
        longest = f"CSMS ○ {url} {wrong.forms[0]}"
        return SummarySegment((longest, whole, *[short] * 4, shortest), "bad")

    @property
    def _is_linked(self) -> bool:
        """True while one of our charge points is accepted."""
        return any(
            one.ours and one.link == "accepted" for one in self._stations.by_identity.values()
        )

    @property
    def _told_of(self) -> Station | None:
        """The charge point that the line tells of, None where it is not known, or none is."""
        known, chosen = self._stations.by_identity, self._selection.station
        ours = (one for one in known.values() if one.ours)
        return known.get(chosen) if chosen else next(ours, None)

    def _charge_points(self, now: float) -> list[SummarySegment]:
        known = self._stations.by_identity.values()
        station = self._told_of
        others = sum(one.ours or one.link != "offline" for one in known if one is not station)
        more = f" +{others}" if others else ""
        if station is None:
            foreign = self._selection.foreign
            return [SummarySegment((f"{clean(foreign)} ○ gone{more}",), "bad")] if foreign else []
        chosen = self._selection.target
        several = chosen is not None and self._selection.several
        name = clean(str(chosen) if several else station.identity)
        if station.link != "accepted":
            return [self._not_accepted(station, name, more, now)]
        connector = station.connector(chosen.connector) if chosen else station.busiest
        tx = f" tx {connector.transaction}" if connector.transaction is not None else ""
        status = clean(connector.status)
        shorter = (f"{cut_middle(name, 24)} ● {status}{tx}{more}",) * 4
        forms = (
            f"{name} ● {status}{tx}{more}",
            *shorter,
            *(f"{cut_middle(name, cells)} ● {status}" for cells in (24, 18, 12)),
        )
        return [SummarySegment(forms, "bad" if connector.status == "Faulted" else "good")]

    def _not_accepted(self, station: Station, name: str, more: str, now: float) -> SummarySegment:
        """Why, unless the part about the central system says so."""
        glyph = link_glyph(station)
        queued = f" {station.queued:,} queued" if station.queued else ""
        told, shorter = (f"{cut_middle(name, n)} {glyph} {station.link}" for n in (99, 24))
        central = self.central
        elsewhere = central is not None and not central.ours and not self._is_linked
        wrong = None if elsewhere else trouble(station, now)
        whys = [clean(station.link_detail)] if station.link_detail and not elsewhere else []
        if wrong is not None:
            whole, short, shortest = wrong.forms
            whys = [whole, *[short] * 4, shortest]
        names = (told, *[shorter] * len(whys))
        forms = [f"{name} {why}{queued}{more}" for name, why in zip(names, whys, strict=False)]
        role = "warning" if glyph == "◐" else "bad"
        return SummarySegment((*forms, f"{shorter}{queued}{more}", f"{shorter}{queued}"), role)

    def _asking(self) -> list[SummarySegment]:
        """Stations that wait for somebody to say whether they are let in."""
        asking = [clean(one.identity) for one in self._stations.by_identity.values() if one.asking]
        if not asking or not self._orders:
            return []
        key = key_of("view.stations")
        more = f" +{len(asking) - 1}" if len(asking) > 1 else ""
        told = f"? {cut_middle(asking[0], 16)}{more} asks – {key}"
        return [SummarySegment((told, *[f"? asks – {key}"] * 2, f"? {key}"), "warning")]

    def _bus(self) -> SummarySegment:
        chosen = self._selection.chosen
        load = next(iter(self._loads.values()), None)
        if chosen is not None:
            load = self._loads.get(chosen.station)
        if load is None:
            return SummarySegment(("CAN ○",), "muted")
        bitrate, percent = load.bitrate, load.load_pct
        real = self.real_buses.of(load.station)
        if real is not None:  # what the lab's own bus does then takes no time
            if real.bitrate is None or real.load_pct is None:
                rate = f"{load.frames_per_s:.0f} frames/s"
                return SummarySegment((*[f"CAN ● {rate}"] * 5, "CAN ●"), "good")
            bitrate, percent = real.bitrate, real.load_pct
        share = f"{percent:.1f} %"
        kilobits = f"{number(bitrate / 1000)}k" if bitrate else "ideal"
        return SummarySegment(
            (f"CAN ● {kilobits} {share}", *[f"CAN ● {share}"] * 4, "CAN ●"), "good"
        )

    def _real_bus(self, now: float) -> list[SummarySegment]:
        chosen = self._selection.chosen
        told = self.real_buses.status(None if chosen is None else chosen.station, now)
        return [] if told is None else [SummarySegment(tuple(told[0]), told[1])]

    def _by_hand_on_can(self) -> list[SummarySegment]:
        if not self.sending:
            return []
        key = key_of("can.stop")
        long, short = f"▶ {self.sending} CAN by hand – {key} stops", f"▶ {self.sending} CAN – {key}"
        return [SummarySegment((long, *[short] * 4), "anomaly")]

    def _anomaly(self) -> SummarySegment:
        state, chosen = self.anomaly, self._selection.target
        elsewhere = [
            place
            for place in {**self._anomalies, **self._by_hand}
            if place != chosen and self._runs(place)
        ]
        here = self.anomalies
        phase = here.phase(state.anomaly) or "safe" if state is not None else "safe"
        attack = self.attack
        if attack is not None and (attack.active or phase != "off") and phase != "on":
            name, sign = clean(attack.anomaly), "▶" if attack.active else FADING_MARKER
            long, short = (f"{sign} {cut(name, cells)}" for cells in (24, 12))
            return SummarySegment((*[f"ANOMALY {long}"] * 2, long, short), "anomaly")
        if state is None or phase == "safe":
            if elsewhere:
                where = f"▶ {_places(elsewhere)}"
                return SummarySegment((*[f"ANOMALY {where}"] * 2, where), "anomaly")
            return SummarySegment((*["ANOMALY ■ idle"] * 2, "■ idle"), "muted")
        if phase == "failed":
            return SummarySegment(("ANOMALY ✗ failed", "✗ failed"), "bad")
        if phase == "off":
            return SummarySegment(("ANOMALY ■ stopping", "■ stopping"), "warning")
        short = clean(short_name(state))
        if phase in ("waiting", "lasting"):
            what = f"{'…' if phase == 'waiting' else FADING_MARKER} {short}"
            brief = f"{what[0]} {cut(short, 12)}"
            return SummarySegment((*[f"ANOMALY {what}"] * 2, what, brief), "warning")
        others = len(elsewhere) + max(0, len(here.on) - 1)
        others += len(self._by_hand[chosen]) if chosen is not None else 0
        more = f" +{others}" if others else ""
        cycle = f" #{state.cycle}" if state.cycle else ""
        what = f"▶ {short}{cycle}{more}"
        brief = f"▶ cycle {state.cycle}{more}" if state.cycle else f"▶ {cut(short, 12)}{more}"
        return SummarySegment((*[f"ANOMALY {what}"] * 2, what, brief), "anomaly")

    def _alarm(self) -> SummarySegment:
        chosen = self._selection.target
        raised = [place for place, alarms in self._alarms.pairs() if alarms.raised]
        elsewhere = [place for place in raised if place != chosen]
        if not raised:
            return SummarySegment((*["ALARM · none"] * 4, "· none"), "muted")
        if chosen not in raised:
            what = f"▲ {_places(elsewhere)}"
            return SummarySegment((*[f"ALARM {what}"] * 4, what), "alarm")
        alarms = self._alarms.at(*chosen)
        more = f" +{len(elsewhere)}" if elsewhere else ""
        since = "earlier" if alarms.earlier else "raised"
        what = f"▲ {since if alarms.after is None else f'{alarms.after:.1f} s'}{more}"
        return SummarySegment((*[f"ALARM {what}"] * 4, what), "alarm")

    def _load(self) -> list[SummarySegment]:
        """What the central system had to put up with, where there is room to say so."""
        load = self._stations.load
        if load is None:
            return []
        counts = {"invalid": load.invalid, "throttled": load.throttled, "too big": load.oversize}
        told = ", ".join(f"{count:,} {name}" for name, count in counts.items() if count)
        return [SummarySegment((f"! {told}", ""), "warning")] if told else []


def _named(places: list[ChosenPlace]) -> str:
    more = f" and {len(places) - NAMED} more" if len(places) > NAMED else ""
    return ", ".join(str(place) for place in places[:NAMED]) + more


def _places(places: list[ChosenPlace]) -> str:
    more = f" +{len(places) - 1}" if len(places) > 1 else ""
    return f"{cut_middle(clean(str(places[0])), 16)}{more}"

"""CAN buses: load, and what is known of the nodes on each."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from typing import Final

from evtui.events import BusLoad, CanFrame, Event, LostFrames, NodeState
from evtui.tui.models.detail import Block
from evtui.tui.models.identifiers import seconds_text
from evtui.tui.models.text import clean, cut, fit

__all__ = ["ACTIVE", "BUS_OFF", "NODES_MAX", "PASSIVE", "BusBook", "BusStory", "NodeStory"]

ACTIVE: Final = "error active"
PASSIVE: Final = "error passive"
BUS_OFF: Final = "bus off"

NODES_MAX = 64
"""Nodes of a bus that are told apart; a frame of another counts for the bus alone."""

NAME_WIDTH = 14


class NodeStory:
    """What is known of one node.

    Attributes:
        name: harmless to a terminal.
        state: its error state (ISO 11898-1).
        tec, rec: transmit and receive error counters; 0 for one that was never in trouble.
        frames: that it has sent, but for those of ``lost``.
        lost: frames of it that came faster than they could be looked at.
        queued: frames that wait in its transmit queue.
        last: lab time in s of the newest; None before the first.
    """

    __slots__ = ("frames", "last", "lost", "name", "queued", "rec", "state", "tec")

    def __init__(self, name: str) -> None:
        self.name = clean(name)
        self.state: str = ACTIVE
        self.tec = 0
        self.rec = 0
        self.frames = self.lost = self.queued = 0
        self.last: float | None = None


class BusStory:
    """What is known of one bus.

    Attributes:
        name: harmless to a terminal.
        load: what was said of it last; None before that.
        peak: highest load in per cent.
        nodes: by name, in the order in which they spoke.
    """

    def __init__(self, name: str) -> None:
        self.name = clean(name)
        self.station = ""
        self.load: BusLoad | None = None
        self.peak = 0.0
        self.nodes: dict[str, NodeStory] = {}

    def node(self, name: str) -> NodeStory | None:
        """The node called so; None where there are too many."""
        known = self.nodes.get(name)
        if known is None and len(self.nodes) < NODES_MAX:
            known = self.nodes[name] = NodeStory(name)
        return known

    def take_frame(self, frame: CanFrame) -> None:
        """Count a frame for the node that sent it; an error frame is sent by whoever sees one."""
        node = self.node(frame.node)
        if node is not None and not frame.error:
            node.frames += 1
            node.last = frame.t

    def take_load(self, load: BusLoad) -> None:
        """What is said of it once a second."""
        self.load = load
        self.peak = max(self.peak, load.load_pct)
        for name in load.queued:
            self.node(name)
        for name, node in self.nodes.items():
            node.queued = load.queued.get(name, 0)

    def facts(self) -> str:
        """Load and counts, a line each."""
        load = self.load
        if load is None:
            return "load        not told yet"
        rate = f"{load.bitrate / 1000:g} kbit/s" if load.bitrate else "nothing takes time"
        lines = [
            f"load        {load.load_pct:.1f} %, at most {self.peak:.1f} % so far, {rate}",
            f"worst case  {load.worst_pct:.1f} %, with as many stuff bits as there may be",
            f"frames      {load.frames:,}, {load.frames_per_s:,.0f}/s",
            f"errors      {load.errors:,} error frames",
            f"queued      {sum(load.queued.values()):,} in the nodes' transmit queues",
            f"dropped     {load.dropped:,}, because a node's transmit queue was full",
        ]
        return "\n".join(lines)

    def table(self, now: float) -> str:
        """The nodes at lab time ``now`` in s, a line each."""
        counters = f"{'TEC':>4} {'REC':>4} {'queue':>5} {'frames':>10}"
        lines = [f"{'node':{NAME_WIDTH}} {'state':13} {counters}  last"]
        for node in self.nodes.values():
            last = "–" if node.last is None else f"{seconds_text(max(0.0, now - node.last))} ago"
            counters = f"{node.tec:>4} {node.rec:>4} {node.queued:>5}"
            counters += f" {node.frames + node.lost:>10,}"
            lines.append(f"{fit(node.name, NAME_WIDTH)} {node.state:13} {counters}  {last}")
        if len(self.nodes) >= NODES_MAX:
            lines.append(f"others are not told apart: there may be {NODES_MAX}")
        return "\n".join(lines)


class BusBook:
    """Every bus there is, in the order in which they were heard of."""

    def __init__(self) -> None:
        self._buses: dict[str, BusStory] = {}

    def feed(self, events: Iterable[Event]) -> bool:
        """Take what ``events`` say of buses; whether there is more to show than frames."""
        news = False
        for event in events:
            if isinstance(event, CanFrame):
                bus = self._buses.get(event.bus)
                if bus is None:
                    bus = self._at(event.bus, event.station)
                bus.take_frame(event)
            elif isinstance(event, BusLoad):
                bus = self._at(event.bus, event.station)
                bus.take_load(event)
                news = True
            elif isinstance(event, NodeState):
                node = self._at(event.bus, event.station).node(event.node)
                if node is not None:
                    node.state, node.tec, node.rec = event.state, event.tec, event.rec
                news = True
        return news

    def count_lost(self, lost: Iterable[LostFrames]) -> None:
        """Take how many frames there were, since the start, that :meth:`feed` never got."""
        sent: Counter[tuple[str, str]] = Counter()
        for each in lost:
            frame = each.newest
            if not frame.error and self._at(frame.bus, frame.station).node(frame.node) is not None:
                sent[frame.bus, frame.node] += each.count
        for (bus, name), count in sent.items():
            self._buses[bus].nodes[name].lost = count

    def _at(self, name: str, station: str) -> BusStory:
        bus = self._buses.setdefault(name, BusStory(name))
        bus.station = station or bus.station
        return bus

    @property
    def buses(self) -> tuple[BusStory, ...]:
        """All of them."""
        return tuple(self._buses.values())

    def of(self, station: str) -> BusStory | None:
        """The bus of a charge point, or the first one; None where there is none yet."""
        buses = self._buses.values()
        return next((bus for bus in buses if bus.station == station), next(iter(buses), None))

    def blocks(self, now: float) -> list[Block]:
        """Everything at lab time ``now`` in s, for a dialog."""
        if not self._buses:
            return [Block("", "no frame and no load of a bus yet")]
        return [
            Block("", f"buses       {len(self._buses)}"),
            *(Block(cut(bus.name, 40), f"{bus.facts()}\n\n{bus.table(now)}") for bus in self.buses),
        ]

"""One line on a CAN bus: a gauge of its load, its nodes with their error states, what waits."""

from __future__ import annotations

from collections.abc import Callable
from typing import ClassVar

from textual import on
from textual.events import Resize

from evtui.tui.models.buses import ACTIVE, BUS_OFF, PASSIVE, BusStory, NodeStory
from evtui.tui.models.text import cut
from evtui.tui.rows import Piece, Row, RowsWidget, first_that_fits

__all__ = ["BusLine", "bus_row"]

GAUGE = 10
"""Cells of the gauge."""

BUSY, FULL = 70.0, 95.0
"""Per cent of load from which on the gauge warns."""

NAME_WIDTH = 14

STATES = {ACTIVE: ("●", "good"), PASSIVE: ("▲", "warning"), BUS_OFF: ("✗", "bad")}


class BusLine(RowsWidget):
    """Over the lists of the CAN panel.

    Args:
        ask: calls :meth:`tell`, which it needs whenever its width changes.
    """

    DEFAULT_CSS = """
    BusLine {
        height: 1;
        & > .bus--muted { color: $text-muted; }
        & > .bus--good { color: $text-success; }
        & > .bus--warning { color: $text-warning; text-style: bold; }
        & > .bus--bad { color: $text-error; text-style: bold; }
    }
    """
    COMPONENT_CLASSES: ClassVar[set[str]] = {"bus--muted", "bus--good", "bus--warning", "bus--bad"}
    ROLE_PREFIX = "bus"

    def __init__(self, ask: Callable[[], None]) -> None:
        super().__init__()
        self._ask = ask

    @on(Resize)
    def _tell_anew(self) -> None:
        self._ask()

    def tell(self, bus: BusStory | None, *, named: bool) -> None:
        """Show a bus, or that nothing is known of one yet.

        Args:
            named: whether its name has to be said, since there are several.
        """
        width = self.size.width
        if width:
            self.show([(*bus_row(bus, width, named=named), Piece(" " * width))])


def bus_row(bus: BusStory | None, width: int, *, named: bool = False) -> Row:
    """What the line says in ``width`` cells; see :meth:`BusLine.tell`."""
    if bus is None or bus.load is None:
        return (Piece(" load of the bus: not told yet"[:width], "muted"),)
    return first_that_fits(_forms(bus, named=named), width)


def _forms(bus: BusStory, *, named: bool) -> list[Row]:
    """In fewer and fewer words; what is wrong goes last."""
    name = [Piece(f" {cut(bus.name, NAME_WIDTH)}", "muted")] if named else []
    gauge, share, rate = _gauge(bus), _share(bus), _rate(bus)
    lost = _queue_and_losses(bus)
    nodes = list(bus.nodes.values())
    troubled = [node for node in nodes if node.state != ACTIVE or node.tec or node.rec]
    all_nodes = [piece for node in nodes for piece in _node(node)]
    some = [piece for node in troubled for piece in _node(node)]
    return [
        (*name, *gauge, share, rate, *all_nodes, *lost),
        (*name, *gauge, share, rate, *some, *lost),
        (*name, share, rate, *some, *lost),
        (*name, share, *some, *lost),
        (share, *some, *lost),
    ]


def _role(load: float) -> str:
    return "bad" if load >= FULL else "warning" if load >= BUSY else "good"


def _gauge(bus: BusStory) -> list[Piece]:
    assert bus.load is not None
    load = min(100.0, bus.load.load_pct)
    cells = round(GAUGE * load / 100) or (1 if load >= 1 else 0)
    return [Piece(" " + "█" * cells, _role(load)), Piece("░" * (GAUGE - cells), "muted")]


def _share(bus: BusStory) -> Piece:
    assert bus.load is not None
    return Piece(f" {bus.load.load_pct:.1f} %", _role(bus.load.load_pct))


def _rate(bus: BusStory) -> Piece:
    assert bus.load is not None
    bitrate = f" of {bus.load.bitrate // 1000}k" if bus.load.bitrate else ""
    return Piece(f"{bitrate}  {bus.load.frames_per_s:,.0f}/s ", "muted")


def _node(node: NodeStory) -> list[Piece]:
    glyph, role = STATES.get(node.state, ("?", "warning"))
    counters = f" {node.tec}/{node.rec}" if node.tec or node.rec else ""
    state = "" if node.state == ACTIVE else f" {node.state}"
    return [
        Piece(f" {cut(node.name, NAME_WIDTH)} ", "muted"),
        Piece(f"{glyph}{state}{counters}", role),
    ]


def _queue_and_losses(bus: BusStory) -> list[Piece]:
    assert bus.load is not None
    told = []
    if queued := sum(bus.load.queued.values()):
        told.append(Piece(f"  queue {queued:,}", "muted"))
    if bus.load.errors:
        told.append(Piece(f"  {bus.load.errors:,} errors", "warning"))
    if bus.load.dropped:
        told.append(Piece(f"  {bus.load.dropped:,} dropped", "warning"))
    return told

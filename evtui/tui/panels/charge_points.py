"""The charge points at a glance: a line a connector, ours and foreign, side by side."""

from __future__ import annotations

from collections.abc import Callable
from typing import ClassVar

from rich.cells import cell_len
from textual import on
from textual.events import Click, Resize
from textual.message import Message

from evtui.tui.key_hints import key_of
from evtui.tui.models.selection import ChosenPlace, Selection
from evtui.tui.models.station_lines import connector_text, link_glyph, link_role, trouble
from evtui.tui.models.stations import ConnectorRow, Station, StationRows
from evtui.tui.models.text import clean, cut_middle, first_fitting, fit
from evtui.tui.rows import Piece, Row, RowsWidget

__all__ = ["ChargePointsPanel"]

REDRAW_SECONDS = 0.5

NAME_WIDTH = 14
CURRENT_WIDTH = 7

PointLine = tuple[Station, int | None, ConnectorRow | None]


class ChargePointsPanel(RowsWidget):
    """There while there is more than one connector, and room for it; a click chooses.

    Args:
        stations: what is known of the charge points.
        selection: which connector is chosen.
        marks: tells what goes on at a connector, in up to three characters.
    """

    DEFAULT_CSS = """
    ChargePointsPanel {
        width: 1fr;
        display: none;
        padding: 0 1;
        border: round $border-blurred;
        border-title-color: $foreground;
        border-subtitle-color: $text-muted;
        & > .points--good { color: $text-success; }
        & > .points--bad { color: $text-error; text-style: bold; }
        & > .points--warning { color: $text-warning; }
        & > .points--muted { color: $text-muted; }
        & > .points--chosen { color: $text-accent; text-style: bold; }
        & > .points--value { text-style: bold; }
    }
    """

    COMPONENT_CLASSES: ClassVar[set[str]] = {
        "points--good",
        "points--bad",
        "points--warning",
        "points--muted",
        "points--chosen",
        "points--value",
    }
    ROLE_PREFIX = "points"

    class StationPointed(Message):
        """Somebody clicked on a connector, or on a station that has told of none."""

        def __init__(self, station: str, connector: int | None, *, ours: bool) -> None:
            super().__init__()
            self.station = station
            self.connector = connector
            self.ours = ours

    def __init__(
        self,
        stations: StationRows,
        selection: Selection,
        marks: Callable[[ChosenPlace], str],
        *,
        id: str = "charge-points",  # noqa: A002
    ) -> None:
        super().__init__(id=id)
        self._stations = stations
        self._selection = selection
        self._marks = marks
        self._shown: list[PointLine] = []
        self._drawn_at = -REDRAW_SECONDS
        self._name_width = NAME_WIDTH
        self._now = 0.0
        self.room = 2
        """Most lines it may have."""
        self.several = False
        """Whether there was more than one line at the last tick."""
        self.border_title = "Charge points"
        self.border_subtitle = (
            f"{key_of('view.next_connector')} next   {key_of('view.stations')} list"
        )

    @property
    def lines(self) -> list[PointLine]:
        """A line for each connector, and one for a station that has told of none."""
        lines: list[PointLine] = []
        for station in self._stations.by_identity.values():
            if not station.ours and station.link == "offline":
                continue
            outlets = station.outlets
            lines += [(station, number, connector) for number, connector in outlets]
            if not outlets:
                lines.append((station, None, None))
        return lines

    def tick(self, now: float) -> None:
        """Show lab time ``now`` in seconds; the currents move twice a second."""
        self._now = now
        if not 0 <= now - self._drawn_at < REDRAW_SECONDS:
            self._drawn_at = now
            self.draw()

    @on(Resize)
    def draw(self) -> None:
        """Show the lines that fit, the chosen one among them."""
        lines = self.lines
        self.several = len(lines) > 1
        room = self.room
        self.styles.height = min(len(lines), room) + 2
        if not self.display:
            return
        visible = room if len(lines) <= room else room - 1
        here = (n for n, line in enumerate(lines) if self._is_chosen(line))
        first = max(0, next(here, 0) - visible + 1)
        self._shown = lines[first : first + visible]
        width = self.content_size.width
        longest = max((cell_len(_name(line)) for line in self._shown), default=0)
        self._name_width = max(NAME_WIDTH, min(longest, width // 3))
        rows = [self._row(line, width) for line in self._shown]
        if len(lines) > room:
            hidden = len(lines) - visible
            rows.append((Piece(f"  {hidden} more: {key_of('view.stations')} lists all", "muted"),))
        self.show([*rows, *[()] * (self.size.height - len(rows))])

    def _is_chosen(self, line: PointLine) -> bool:
        """True for the connector that orders go to, and for all of a foreign station."""
        station, number, _ = line
        chosen = self._selection
        return station.identity == chosen.foreign or chosen.target == (station.identity, number)

    def _row(self, line: PointLine, width: int) -> Row:
        station, number, connector = line
        wide = self._name_width
        chosen = self._is_chosen(line)
        name = _name(line)
        start = (
            Piece("▸ " if chosen else "  ", "chosen"),
            Piece(f"{link_glyph(station)} ", link_role(station)),
            Piece(fit(cut_middle(name, wide), wide) + " ", "chosen" if chosen else ""),
        )
        current = ""
        if connector is not None and connector.current is not None:
            current = f"{connector.current:.0f} A"
        marks = self._marks(ChosenPlace(station.identity, number)) if number is not None else ""
        room = width - wide - 5 - CURRENT_WIDTH - 4
        if station.link == "accepted" and connector is not None:
            told, role = connector_text(connector), "bad" if connector.error else ""
        else:
            queued = f" {station.queued:,} queued" if station.queued else ""
            wrong = trouble(station, self._now)
            forms = (station.link,) if wrong is None else wrong.forms
            told = first_fitting([f"{form}{queued}" for form in forms], room)
            role = link_role(station)
        return (
            *start,
            Piece(fit(told, room), role),
            Piece(fit(current, CURRENT_WIDTH, right=True), "value"),
            Piece(fit(f" {marks}", 4), "bad"),
        )

    @on(Click)
    def _choose(self, event: Click) -> None:
        offset = event.get_content_offset(self)
        if offset is not None and offset.y < len(self._shown):
            station, number, _ = self._shown[offset.y]
            self.post_message(self.StationPointed(station.identity, number, ours=station.ours))


def _name(line: PointLine) -> str:
    station, number, _ = line
    return clean(station.identity if number is None else f"{station.identity}/{number}")

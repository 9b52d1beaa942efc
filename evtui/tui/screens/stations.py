"""Every charge point in a list: choose one, let one in, and what the central system carries."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, ClassVar, NamedTuple

from rich.cells import cell_len
from textual import on
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Vertical
from textual.events import Resize
from textual.message import Message

from evtui.commands import STATIONS
from evtui.tui.answers import when_answered
from evtui.tui.dialog import Dialog
from evtui.tui.doing import Doing, does
from evtui.tui.handle import LabHandle
from evtui.tui.key_hints import key_of
from evtui.tui.keymap import bindings
from evtui.tui.line_view import Cells, LineView
from evtui.tui.models.filter import Filter
from evtui.tui.models.notices import NoticeLevel, Notices
from evtui.tui.models.selection import Selection
from evtui.tui.models.station_lines import (
    about,
    connectors_text,
    link_glyph,
    link_role,
    load_forms,
    trouble,
    where_to_connect,
)
from evtui.tui.models.stations import Station, StationRows
from evtui.tui.models.text import clean, cut_middle, fit
from evtui.tui.panels.footer import KeyFooter
from evtui.tui.rows import Piece, Row, RowsWidget, first_that_fits

__all__ = ["Chosen", "StationsScreen"]

WIDE, WIDER = 110, 150
"""Cells from which a row has room for vendor and model, and from which for errors too."""

LEAST_IDENTITY = 12
"""Cells of the identities' column, however short they are."""


class Chosen(NamedTuple):
    """What the list ends with.

    Attributes:
        station: identity of the charge point.
        ours: False for a foreign one.
        operation: True where an operation is to be sent to it.
    """

    station: str
    ours: bool
    operation: bool


class _Rows:
    """The stations as a list's source: in order of appearance, none left out.

    One that goes while the cursor is on it stays until the cursor leaves it: a key that is on its
    way must not act on its neighbour.
    """

    filter: Filter | None = None

    def __init__(self, stations: StationRows) -> None:
        self._stations = stations
        self._rows: list[Station] = []
        self.refresh()

    def refresh(self, under: Station | None = None) -> None:
        """Take in stations that have come or gone, but for the one under the cursor."""
        rows = list(self._stations.by_identity.values())
        if under is not None and self._stations.get(under.identity) is None:
            rows = sorted([*rows, under], key=lambda row: row.key)
        self._rows = rows

    @property
    def total(self) -> int:
        return len(self._rows)

    def set_filter(self, row_filter: Filter | None) -> None:
        """There is none."""

    def __len__(self) -> int:
        return len(self._rows)

    def row(self, position: int) -> Any:
        return self._rows[position]

    def position(self, key: int) -> int:
        return next((n for n, row in enumerate(self._rows) if row.key >= key), len(self._rows))


class Lines(RowsWidget):
    """Rows of text in the dialog."""

    DEFAULT_CSS = """
    Lines {
        height: 1;
        padding: 0 1;
        & > .lines--muted { color: $text-muted; }
        & > .lines--strong { text-style: bold; }
        & > .lines--bad { color: $text-error; }
        & > .lines--warning { color: $text-warning; text-style: bold; }
    }
    """
    COMPONENT_CLASSES: ClassVar[set[str]] = {
        "lines--muted",
        "lines--strong",
        "lines--bad",
        "lines--warning",
    }
    ROLE_PREFIX = "lines"


class StationsScreen(Doing, Dialog[Chosen | None]):
    """The list, live; ends with what was chosen, or with None.

    Args:
        handle: the lab.
        stations: what is known of the charge points; somebody else feeds it.
        selection: the connector that is chosen now.
        orders: whether there is a lab that can be told something.
        notices: where what is said is kept.
    """

    DEFAULT_CSS = """
    StationsScreen {
        align: center middle;
        & > Vertical {
            width: 100%;
            height: 1fr;
            border: round $border;
            background: $surface;
            border-title-color: $foreground;
            border-title-style: bold;
            border-subtitle-color: $text-muted;
        }
        #detail { height: 4; border-top: solid $foreground 30%; }
    }
    """

    BINDINGS: ClassVar[list[BindingType]] = bindings(STATIONS)

    class AdmissionAnswered(Message):
        """The lab has done what was asked, or could not."""

        def __init__(self, text: str, level: NoticeLevel) -> None:
            super().__init__()
            self.text = text
            self.level = level

    def __init__(
        self,
        handle: LabHandle,
        stations: StationRows,
        selection: Selection,
        *,
        orders: bool,
        notices: Notices | None = None,
    ) -> None:
        super().__init__()
        self._handle = handle
        self._stations = stations
        self._selection = selection
        self._orders = orders
        self._commands = tuple(
            command
            for command in STATIONS
            if orders or (command.scope == "view" and command.name != "stations.operation")
        )
        self._rows = _Rows(stations)
        self._table: list[tuple[str, int]] = []
        self.list = LineView(self._rows, self._cells, follows=False, id="stations")
        self.list.empty = "no charge point yet"
        self.head = Lines(id="head")
        self.detail = Lines(id="detail")
        self.load = Lines(id="load")
        self.footer = KeyFooter(self._commands, notices=notices)

    def compose(self) -> ComposeResult:
        """Names of the columns, the list, more of the one under the cursor, the load, keys."""
        box = Vertical()
        box.border_title = "Stations"
        with box:
            yield self.head
            yield self.list
            yield self.detail
            yield self.load
        yield self.footer

    def on_mount(self) -> None:
        """Begin at one that asks, else at the chosen one."""
        asking = next((n for n, row in enumerate(self._all) if row.asking), None)
        self.list.go_to(self._place_of(self._selection.station) if asking is None else asking)
        self.call_after_refresh(self.tick)

    @property
    def _all(self) -> list[Station]:
        return list(self._stations.by_identity.values())

    def _place_of(self, identity: str) -> int:
        return next((n for n, row in enumerate(self._all) if row.identity == identity), 0)

    # What is shown

    @on(Resize)
    def tick(self) -> None:
        """Show what is known now."""
        under: Station | None = self.list.entry
        self._rows.refresh(under)
        if under is not None and under.gone and self._stations.get(under.identity) is not None:
            self.list.go_to(self._place_of(under.identity))  # it is back
        width = self.list.size.width
        self._table = self._columns(width - 2)  # once for all rows
        names = "".join(fit(name, cells - 1) + " " for name, cells in self._table)
        self.head.show([(Piece(names, "muted"),)])
        self.list.redraw()
        self._show_detail()
        forms = [(Piece(form, "muted"),) for form in load_forms(self._stations)]
        self.load.show([first_that_fits(forms, self.load.content_size.width)])

    @on(LineView.Moved)
    def _show_detail(self) -> None:
        width = self.detail.content_size.width
        lines = _detail(self.list.entry, self._stations, self._selection, self._handle.now())
        self.detail.show([first_that_fits(forms, width) for forms in lines])

    def _cells(self, station: Station, width: int) -> Cells:
        mark = "▸" if station.identity == self._selection.station else " "
        texts: dict[str, tuple[str, str]] = {
            "": (f"{mark}{link_glyph(station)}", link_role(station)),
            "station": (clean(station.identity), "strong" if station.ours else ""),
            "whose": ("ours" if station.ours else "foreign", "muted"),
            "link": (station.link, link_role(station)),
            "vendor model firmware": (about(station), "muted"),
            "connectors": self._connectors(station),
            "queued": (f"{station.queued:,}" if station.queued else "", "warning"),
            "errors": (", ".join(map(clean, station.errors)), "bad"),
        }
        columns = self._table or self._columns(width)
        name, role = texts["station"]
        texts["station"] = cut_middle(name, dict(columns)["station"] - 1), role
        return [(fit(texts[name][0], cells - 1) + " ", texts[name][1]) for name, cells in columns]

    def _columns(self, width: int) -> list[tuple[str, int]]:
        """Names and widths of the columns in ``width`` cells.

        Identities take what the connectors leave free, and half of the room where both are long.
        """
        columns = [("", 3), ("station", 0), ("whose", 8), ("link", 11)]
        if width >= WIDE:
            columns.append(("vendor model firmware", 26))
        after = [("queued", 7), *([("errors", 20)] if width >= WIDER else [])]
        room = width - sum(cells for _, cells in (*columns, *after))
        identity = max((cell_len(clean(row.identity)) for row in self._all), default=0) + 1
        told = (cell_len(self._connectors(row)[0]) for row in self._all)
        free = room - max(told, default=0) - 1
        columns[1] = ("station", max(LEAST_IDENTITY, min(identity, max(free, room // 2))))
        return [*columns, ("connectors", room - columns[1][1]), *after]

    def _connectors(self, station: Station) -> tuple[str, str]:
        """What goes on there; where it is not linked, first why."""
        connectors = connectors_text(station, self._selection.target)
        wrong = trouble(station, self._handle.now())
        if wrong is None:
            return connectors, ""
        return " · ".join(part for part in (wrong.forms[-1], connectors) if part), "bad"

    # What is done

    async def action_command(self, name: str) -> None:
        """Do what the command says, if it is one of the list."""
        if any(command.name == name for command in self._commands):
            await self.do(name)

    @does("stations.choose")
    def _stations_choose(self) -> None:
        """Take the station under the cursor; a foreign one for its operations."""
        self._end(lambda station: self._orders and not station.ours)

    @does("stations.operation")
    def _stations_operation(self) -> None:
        """Take the station under the cursor, for an operation."""
        self._end(lambda station: True)

    @does("stations.close")
    def _stations_close(self) -> None:
        """Choose nothing."""
        self.dismiss(None)

    def _end(self, operation: Callable[[Station], bool]) -> None:
        station = self._under_the_cursor()
        if station is not None:
            self.dismiss(Chosen(station.identity, station.ours, operation(station)))

    def _under_the_cursor(self) -> Station | None:
        """The station that a key acts on; None, which is said, where it is not there any more."""
        station: Station | None = self.list.entry
        if station is None or not station.gone:
            return station
        self.footer.say(f"{station.identity} has gone, nothing is done", "warning")
        return None

    @does("csms.admit")
    def _csms_admit(self) -> None:
        """Let in the station under the cursor."""
        self._answer_for("csms.admit")

    @does("csms.turn_away")
    def _csms_turn_away(self) -> None:
        """Turn away the station under the cursor."""
        self._answer_for("csms.turn_away")

    def _answer_for(self, command: str) -> None:
        station = self._under_the_cursor()
        if station is None:
            return
        if not station.asking:
            self.footer.say(f"{station.identity} does not ask to be let in", "warning")
            return
        when_answered(
            self._handle.submit(command, station=station.identity),
            lambda outcome, level: self.post_message(self.AdmissionAnswered(outcome.text, level)),
        )

    @on(AdmissionAnswered)
    def _show_answer(self, answer: AdmissionAnswered) -> None:
        self.footer.say(answer.text, answer.level)


def _detail(
    station: Station | None, stations: StationRows, selection: Selection, now: float
) -> list[list[Row]]:
    """More of one station, in three lines, and how another one comes: of each its forms."""
    connect: list[Row] = [(Piece(where_to_connect(stations), "muted"),)]
    if station is None:
        return [[()], [()], connect]
    name, who = clean(station.identity), about(station) or "has not booted yet"
    wrong = trouble(station, now)
    when = clean(station.link_detail) if wrong is None else wrong.when
    told = [[name, who, station.link, when], [name, station.link, when]]
    first: list[Row] = [(Piece(" · ".join(filter(None, words)), "strong"),) for words in told]
    if station.asking:
        admit, turn_away = key_of("csms.admit"), key_of("csms.turn_away")
        remedy = f"asks to be let in: {admit} lets it in, {turn_away} turns it away"
        return [first, [(Piece(remedy, "warning"),)], connect]
    connectors = connectors_text(station, selection.target) or "no connector known yet"
    errors = ", ".join(map(clean, station.errors))
    noted = (Piece(connectors), Piece(f"  {errors}" if errors else "", "bad"))
    if wrong is not None:
        first = [(*row, Piece(f" · {connectors}")) for row in first] + first
        noted = (Piece(wrong.why, "bad"), Piece(f"  {errors}" if errors else "", "bad"))
    return [first, [noted], connect]

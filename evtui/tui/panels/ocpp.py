"""The OCPP panel: one row an exchange."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from rich.cells import cell_len

from evtui.events import AnomalyState, CentralSystemState, Event, LinkState, OcppMessage
from evtui.tui.line_view import Cells, LineView
from evtui.tui.models.exchanges import CallOutcome, Exchange, OcppLog
from evtui.tui.models.injected import Injected
from evtui.tui.models.station_lines import Trouble
from evtui.tui.models.text import clean, clock, fit
from evtui.tui.panels.list_panel import ListPanel

__all__ = ["OcppPanel"]

_ROLES: dict[CallOutcome, str] = {
    "pending": "warning",
    "accepted": "good",
    "rejected": "bad",
    "error": "bad",
}

NOTHING = "no messages yet – "
EMPTY = f"{NOTHING}waiting for the charge point to boot"

ACTION_WIDTH = 22  # RemoteStartTransaction
LATENCY_WIDTH = 6
STATION_WIDTH, SHORT_STATION_WIDTH = 10, 6
UID_WIDTH = 12


class OcppPanel(ListPanel):
    """Requests with their answers, the one fact that matters and the latency.

    Args:
        start_utc: Unix time in seconds of lab time 0.
    """

    NAME: ClassVar[str] = "OCPP"

    def __init__(self, start_utc: float, *, id: str = "ocpp") -> None:  # noqa: A002
        super().__init__(id=id)
        self.log_model = OcppLog()
        self._injected = Injected()
        self._start_utc = start_utc
        self._fresh = True
        self._trouble = ""
        self._waits = EMPTY
        self.view = LineView(self.log_model.store, self.cells, id="ocpp-list")
        self.view.empty = EMPTY
        self.views = (self.view,)

    def tell(self, station: str, wrong: Trouble | None) -> None:
        """Say why no messages can come from the station that is told of; None: they can."""
        said = "" if wrong is None else f"{clean(station)} ○ {wrong.forms[1]}"
        if said == self._trouble:
            return
        self._trouble = said
        self.show_title()
        empty = self._waits if wrong is None else f"{NOTHING}{wrong.why}"
        if empty != self.view.empty:
            self.view.empty = empty
            self.view.redraw()

    @property
    def parts(self) -> list[str]:
        """Why no messages come, if they cannot."""
        return [self._trouble] if self._trouble else []

    def feed(self, events: Sequence[Event]) -> None:
        """Take the OCPP messages among ``events``, and the ends of connections."""
        for event in events:
            if isinstance(event, OcppMessage):
                self.log_model.feed((event,), self._injected.by)
            elif isinstance(event, AnomalyState):
                self._injected.note(event)
                continue
            elif isinstance(event, CentralSystemState) and event.listening and not event.ours:
                at = clean(event.detail).rpartition(" ")[2]
                self._waits = self.view.empty = f"{NOTHING}connect a charge point to {at}/ID"
            elif isinstance(event, LinkState) and event.state == "offline":
                self.log_model.lose(event.station)
            else:
                continue
            self._fresh = True

    def reset(self) -> None:
        """Forget every exchange."""
        self.log_model = OcppLog()
        self.view.restart(self.log_model.store)
        self._fresh = True

    def tick(self, now: float) -> None:
        """Show what has come."""
        if self._fresh:
            self._fresh = False
            self.log_model.store.publish()
            self.view.redraw()
            self.show_title()

    @property
    def pending(self) -> int:
        """Exchanges that wait for the next tick."""
        return self.log_model.store.pending

    @property
    def dropped(self) -> int:
        """Exchanges that left the list because it was full."""
        return self.log_model.store.dropped

    def cells(self, exchange: Exchange, width: int) -> Cells:
        """Columns of one row in ``width`` cells; what is wider shows more."""
        role = _ROLES[exchange.outcome]
        time = clock(self._start_utc + exchange.t)
        from_csms = exchange.caller == "central_system"
        several = len(self.log_model.stations) > 1
        # A column of stations must not leave too little for the fact that matters.
        roomy = width >= (78 if several else 60)
        before: Cells = [
            (f"{time if roomy else time[:8]} ", "muted"),
            (f"{exchange.arrow} ", "from-csms" if from_csms else ""),
        ]
        if several:
            station = STATION_WIDTH if roomy else SHORT_STATION_WIDTH
            before.append((fit(clean(exchange.station), station) + " ", "muted"))
        before += [
            (fit(exchange.title, ACTION_WIDTH), "from-csms" if from_csms else ""),
            (f" {exchange.glyph} ", role),
        ]
        after: Cells = []
        if width >= (72 if several else 56):
            latency = exchange.latency_text
            cells = max(LATENCY_WIDTH, cell_len(latency) + 1)
            after.append((fit(latency, cells, right=True), "muted"))
        if width >= 90:
            after.append((f"  {fit(clean(exchange.uid), UID_WIDTH)}", "muted"))
        room = width - sum(cell_len(text) for text, _ in (*before, *after))
        return [*before, (fit(exchange.fact, room), "bad" if role == "bad" else "strong"), *after]

"""Ground truth while it happens: which attacks are on, which still show.  Pure.

Everything here comes from what the injector says (:class:`~evtui.events.AnomalyState`).
"""

from __future__ import annotations

from typing import NamedTuple

from evtui.events import AnomalyState
from evtui.recording.format import TruthRow
from evtui.recording.format.cell import csv_text
from evtui.recording.format.layout import LIST_SEPARATOR

__all__ = ["Standing", "TruthTracker"]

CAUSES_KEPT = 4096
"""Newest truth events that are remembered as causes; a consequence follows within a step."""


class Standing(NamedTuple):
    """The truth about one connector, or about all of a station.

    Attributes:
        active: an injector is on.
        effect: the disturbance shows, or the injector is on.
        attack_ids: attacks in effect, in the order they came.
        joined: ``attack_ids`` as one CSV field.
    """

    active: bool
    effect: bool
    attack_ids: tuple[str, ...]
    joined: str


CALM = Standing(False, False, (), "")

_Key = tuple[str, int, str]


class TruthTracker:
    """Follows the injectors' events and answers for the rows that are written meanwhile.

    It may begin in the middle: the first event of a running attack stands for its start.
    """

    def __init__(self) -> None:
        self._rows: dict[_Key, TruthRow] = {}
        self._lasting: dict[_Key, TruthRow] = {}
        self._connectors: dict[tuple[str, int], Standing] = {}
        self._stations: dict[str, Standing] = {}
        self._causes: dict[int, None] = {}
        self._acted_on: dict[int, None] = {}

    def update(self, state: AnomalyState) -> bool:
        """Take in an event; True when a row of truth.csv came or changed."""
        if state.active:
            _keep(self._causes, state.seq)
            if state.change == "step" and state.cause is not None:
                _keep(self._acted_on, state.cause)
        key = (state.station, state.connector, state.attack_id)
        old = self._rows.get(key)
        new = _follow(old, state)
        if new is None or new == old:
            return False
        self._rows[key] = self._lasting[key] = new
        if new.outcome and new.t_effect_end is not None:
            del self._lasting[key]
        rows = [row for row in self._lasting.values() if row.station == state.station]
        self._stations[state.station] = _standing(rows)
        self._connectors[state.station, state.connector] = _standing(
            [row for row in rows if row.connector == state.connector]
        )
        return True

    def at(self, station: str, connector: int) -> Standing:
        """The truth about a connector."""
        return self._connectors.get((station, connector), CALM)

    def on(self, station: str, connector: int | None = None) -> Standing:
        """The truth about a bus, or about a message; it may be about the whole station."""
        if not connector:
            return self._stations.get(station, CALM)
        return self.at(station, connector)

    def injected(self, cause: int | None) -> bool:
        """True when ``cause`` is an event of an injector that was on."""
        return cause in self._causes

    def acted_on(self, seq: int | None) -> bool:
        """True when an injector did a step because of event ``seq``.

        Who sits on the line acts on messages that others have sent.
        """
        return seq in self._acted_on

    def rows(self) -> list[TruthRow]:
        """Every attack so far, in the order they came."""
        return list(self._rows.values())


def _keep(kept: dict[int, None], seq: int) -> None:
    kept[seq] = None
    if len(kept) > CAUSES_KEPT:
        del kept[next(iter(kept))]


def _standing(lasting: list[TruthRow]) -> Standing:
    if not lasting:
        return CALM
    ids = tuple(row.attack_id for row in lasting)
    active = any(row.t_end is None for row in lasting)
    return Standing(active, True, ids, csv_text(LIST_SEPARATOR.join(ids)))


def _follow(row: TruthRow | None, state: AnomalyState) -> TruthRow | None:
    """The row after ``state``; None when the event is about no attack that is known or on."""
    if row is None:
        return _begin(state) if state.active or state.change == "off" else None
    if state.change == "off" and row.t_end is None:
        return row._replace(t_end=state.t)
    if state.change in ("safe", "failed") and not row.outcome:
        end = state.t if row.t_end is None else row.t_end
        over = None if state.lasting else state.t
        return row._replace(t_end=end, t_effect_end=over, outcome=state.change)
    if state.change == "effect_end" and row.t_effect_end is None:
        return row._replace(t_effect_end=state.t)
    if state.change == "parameters" and state.active:
        return row._replace(
            parameters=dict(state.parameters), variant=state.variant, changes=row.changes + 1
        )
    return row


def _begin(state: AnomalyState) -> TruthRow:
    return TruthRow(
        attack_id=state.attack_id,
        type=state.anomaly,
        layer=state.layer,
        t_start=state.t,
        t_end=None if state.active else state.t,
        parameters=dict(state.parameters),
        station=state.station,
        connector=state.connector,
        variant=state.variant,
        t_effect_end=None,
        outcome="",
        changes=0,
    )

"""What the anomaly panel says: events in, rows out, for any size; nothing of a terminal.

Every line has a long and a short form and the longest that fits is taken; how many rows there
are decides which lines are shown and which share one.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import chain

from evtui.detection import VIEWS as DETECTOR_VIEWS
from evtui.events import Alarm, AnomalyState, Detection, Event, LabState
from evtui.tui.chart import FADING_MARKER
from evtui.tui.key_hints import key_of
from evtui.tui.models.alarms import Alarms
from evtui.tui.models.anomalies import AnomalyStates, short_name
from evtui.tui.models.by_hand import HandAttacks
from evtui.tui.models.declared import explanation
from evtui.tui.models.text import clean
from evtui.tui.models.tour import BATTERY
from evtui.tui.panels.parameter_lines import NOTHING, ParameterLines
from evtui.tui.rows import Piece, Row, first_that_fits, progress_bar, row_text

__all__ = ["AnomalyView"]

VIEWS = [(view, view.upper(), f"detector on {view.upper()}") for view in DETECTOR_VIEWS]
"""Where a detector looks: name in the events, short and long name for people."""

BAR_CELLS = (10, 6)
"""Cells of the countdown bar, where there is room and where there is less."""
SEPARATOR = Piece("  ")

SIGNS: Mapping[str, tuple[str, str]] = {
    "on": ("▶", "running"),
    "waiting": ("…", "stopping"),
    "off": ("…", "stopping"),
    "lasting": (FADING_MARKER, "stopping"),
    "failed": ("✗", "alarm"),
}
"""How one is told of that is not the chosen one, by its phase."""

MOST_OTHERS = 3
"""Lines for what is on besides the one that is told of."""


@dataclass
class AnomalyView:
    """State of one connector's anomaly, its detectors and the lab, as the events told it.

    Attributes:
        orders: whether the keys for the lab are named.
    """

    orders: bool = True
    anomalies: AnomalyStates = field(default_factory=AnomalyStates)
    lab: LabState | None = None
    by_hand: HandAttacks = field(default_factory=HandAttacks)
    alarms: Alarms = field(default_factory=Alarms)

    def feed(self, events: Iterable[Event]) -> bool:
        """Take in ``events``; True when something on the panel may have changed."""
        changed = False
        for event in events:
            if isinstance(event, LabState):
                self.lab = event
                self.anomalies.note(event)
            elif isinstance(event, Alarm | Detection):
                self.alarms.feed(event)
            elif isinstance(event, AnomalyState):
                self.alarms.feed(event)
                self._note_anomaly(event)
            else:
                continue
            changed = True
        return changed

    @property
    def anomaly(self) -> AnomalyState | None:
        """The one that is told of."""
        return self.anomalies.shown

    @property
    def title(self) -> str:
        """Its name and its layer, or that there is none."""
        state = self.anomaly
        return "" if state is None else f"{clean(state.anomaly)} · {state.layer}"

    @property
    def counting(self) -> bool:
        """True while a countdown is moving."""
        return any(state.next_at is not None for state in self.anomalies.on)

    def rows(self, width: int, height: int, now: float) -> tuple[Row, ...]:
        """At most ``height`` rows of at most ``width`` cells for lab time ``now`` in seconds."""
        state = self.anomaly
        if state is None:
            status = self._status(None, now)
            lines = [[status, status[:1]], *([self._lab_lines()] if self.lab else [])]
        else:
            lines = self._lines(state, height, now)
        if not self.orders:
            lines = [[_without_orders(form) for form in forms] for forms in lines]
        return tuple(first_that_fits(forms, width) for forms in lines[:height])

    def _lines(self, state: AnomalyState, height: int, now: float) -> list[Sequence[Row]]:
        others = self.anomalies.others
        if not others or height < 4:
            return [*chain(*self._lines_of(state, height, now))]
        room = min(len(others), MOST_OTHERS, max(1, height - 5))
        before, after = self._lines_of(state, height - room, now)
        return [*before, *self._other_lines(others, room, now), *after]

    def _lines_of(
        self, state: AnomalyState, height: int, now: float
    ) -> tuple[list[Sequence[Row]], list[Sequence[Row]]]:
        """Of the one that is told of, down to what it is doing; then who noticed, and the lab."""
        told = ParameterLines(state, keys=self._keys_act_on(state))
        head, short = self._headline(state, told, now), self._short_head(state, told, now)
        step, both, lab = self._step_lines(state, now), self._detector_lines(), self._lab_lines()
        if height <= 1:
            return [_joined(short, step, both)], []
        if height == 2:
            return [_joined(short, self._more, lab)], [_joined(step, both)]
        if height == 3:
            return [_joined(short, self._more), step], [_joined(both, lab)]
        if height == 4:
            return _said(head, _joined(told.levels, told.period), step), [both]
        if height < 8:
            why = self._why_lines(state) if height == 7 else NOTHING
            said = _said(head, why, told.levels, told.waits, step)
            return said, [both] if height == 5 else [both, lab]
        parameters = told.levels, told.waits_alone, told.more
        upper = _said(head, self._why_lines(state), *parameters, step)
        if height == 8:
            return upper, [both, lab]
        views = [self._view_lines(view, short, long) for view, short, long in VIEWS]
        spare = height - len(upper) - len(views) - 1
        blank: Sequence[Row] = [()]
        return [*upper, *[blank] * (spare > 0)], [*views, *[blank] * (spare > 1), lab]

    def _keys_act_on(self, state: AnomalyState) -> bool:
        return state.anomaly == (self.anomalies.chosen or state.anomaly)

    def _note_anomaly(self, state: AnomalyState) -> None:
        if state.by_hand:
            self.by_hand.note(state)
        else:
            self.anomalies.note(state)

    # The lines ------------------------------------------------------------------------

    def _status(self, state: AnomalyState | None, now: float) -> tuple[Piece, ...]:
        attack = self.by_hand.newest
        name = clean(attack.anomaly) if attack else ""
        phase = "" if state is None else self.anomalies.phase(state.anomaly)
        if state is not None and phase == "on":
            beside = f" + {name}" if name else ""
            cycle = _cycle(state, " / ")
            return (Piece(f"▶ running{f'  {cycle}' if cycle else ''}{beside}", "running"),)
        if attack is not None and attack.active:
            return (
                Piece(f"▶ {name} by hand, on {attack.layer}", "running"),
                Piece(f"  {key_of('anomaly.by_hand')} ends it", "order"),
            )
        if phase == "off":
            return (Piece("… stopping", "stopping"),)
        if state is not None and phase == "waiting":
            return (Piece(f"… waits for its start{_in(state, now)}", "stopping"),)
        if attack is not None:
            return (Piece(f"{FADING_MARKER} {name} is over, its effect shows", "stopping"),)
        if phase == "lasting":
            return (Piece(f"{FADING_MARKER} over, its effect shows", "stopping"),)
        if state is not None and phase == "failed":
            return (Piece(f"✗ failed {state.detail}", "alarm"),)
        start, others = key_of("anomaly.start"), key_of("anomaly.catalogue")
        return (
            Piece("■ idle", "idle"),
            Piece(f"  press {start} to start, {others} for others", "order"),
        )

    def _headline(self, state: AnomalyState, told: ParameterLines, now: float) -> Sequence[Row]:
        status = self._status(state, now)
        if not told.choice:
            return status, status[:1]
        brief = _briefly(status)
        return (
            (*status, SEPARATOR, *told.named_choice),
            (*brief, SEPARATOR, *told.named_choice),
            (*status, SEPARATOR, *told.choice),
            (*status[:1], SEPARATOR, *told.choice),
            status[:1],
        )

    def _short_head(self, state: AnomalyState, told: ParameterLines, now: float) -> Sequence[Row]:
        status = self._status(state, now)
        if self.anomalies.phase(state.anomaly) == "on":
            status = (Piece(f"▶ {_cycle(state, '/') or 'running'}", "running"),)
        status = _briefly(status)
        shape = (SEPARATOR, Piece(told.shape, "value")) if told.shape else ()
        variant = (SEPARATOR, *(run for run in told.named_choice if run.role != "key"))
        return (
            *([(*status, *variant, *shape)] if told.choice else []),
            (*status, *shape),
            (*status[:1], *shape),
            status[:1],
        )

    def _why_lines(self, state: AnomalyState) -> Sequence[Row]:
        forms = explanation(state, strict=self.lab is not None and self.lab.strict)
        return [(Piece(form, "muted"),) for form in forms] or NOTHING

    def _step_lines(self, state: AnomalyState, now: float) -> Sequence[Row]:
        phase = self.anomalies.phase(state.anomaly)
        if phase not in ("on", "waiting"):
            told = state.detail
            if not told and phase in ("", "safe") and state.steps:
                steps = "1 step" if state.steps == 1 else f"{state.steps} steps"
                told = f"a cycle is {steps} in {state.period:.1f} s"
            return [(Piece(clean(told), "muted"),)]
        place = Piece(_place(state), "muted")
        if state.next_at is None:
            return [(place, Piece(state.step_label, "value"))]
        left = max(0.0, state.next_at - now)
        wait = max(state.next_at - self.anomalies.step_from(state.anomaly), 1e-9)
        share = min(1.0, max(0.0, 1.0 - left / wait))
        bar, short_bar = (progress_bar(share, cells) for cells in BAR_CELLS)
        due = Piece(f" in {f'{left:.1f} s':<6}", "value")
        after = Piece(state.next_label, "value")
        came = (Piece(state.step_label), Piece(" → ", "muted")) if state.step_label else ()
        return (
            (place, *came, after, due, *bar),
            (place, Piece("→ ", "muted"), after, due, *bar),
            (place, Piece("→ ", "muted"), after, due, *short_bar),
            (Piece("→ ", "muted"), after, due, *bar),
            (Piece("→ ", "muted"), after, due),
        )

    def _other_lines(
        self, others: Sequence[AnomalyState], room: int, now: float
    ) -> list[Sequence[Row]]:
        """A line for each of the others, the newest first; the rest in the last one."""
        newest = [*reversed(others)]
        if len(newest) <= room:
            return [self._other(state, now) for state in newest]
        shown, rest = newest[: room - 1], newest[room - 1 :]
        return [*(self._other(state, now) for state in shown), _and_more(rest)]

    def _other(self, state: AnomalyState, now: float) -> Sequence[Row]:
        phase = self.anomalies.phase(state.anomaly)
        sign, role = SIGNS[phase]
        name = Piece(f"{sign} {clean(short_name(state))}", role)
        layer = Piece(f" · {state.layer}", "muted")
        if phase == "waiting":
            return (
                (name, layer, Piece(f"  waits{_in(state, now)}")),
                (name, Piece(_in(state, now))),
            )
        if phase != "on":
            told = {"off": "stopping", "lasting": state.detail}.get(phase, state.detail)
            return ((name, layer, Piece(f"  {clean(told)}", "muted")), (name,))
        came = Piece(f"  {clean(state.step_label)}") if state.step_label else Piece("")
        if state.next_at is None:
            return ((name, layer, came), (name, came))
        after = (Piece(" → ", "muted"), Piece(clean(state.next_label)), Piece(_in(state, now)))
        return ((name, layer, came, *after), (name, layer, *after), (name, came))

    @property
    def _more(self) -> Sequence[Row]:
        others = self.anomalies.others
        return _and_more([*reversed(others)]) if others else NOTHING

    def _verdict(self, view: str) -> tuple[Piece, Piece]:
        """What a detector says, long and short."""
        detector = self.alarms.verdict(view)
        off = self.lab is not None and view not in self.lab.detector_views
        if off and not detector.raised:
            return Piece("off", "muted"), Piece("off", "muted")
        if detector.raised is None:
            attacked = self.anomaly is not None and self.anomaly.attack_id
            text = "not seen yet" if attacked else "quiet"
            return Piece(text, "muted"), Piece(text, "muted")
        if detector.raised and detector.earlier:
            return (
                Piece("not seen yet, ▲ alarm from before", "alarm"),
                Piece("▲ earlier", "alarm"),
            )
        if detector.raised:
            if detector.after is not None:
                return (
                    Piece(f"▲ alarm, detected after {detector.after:.1f} s", "alarm"),
                    Piece(f"▲ {detector.after:.1f} s", "alarm"),
                )
            word = "▲ false alarm" if detector.false else "▲ alarm"
            return Piece(word, "alarm"), Piece(word, "alarm")
        if detector.after is not None:
            return (
                Piece(f"△ cleared, was detected after {detector.after:.1f} s", "cleared"),
                Piece(f"△ {detector.after:.1f} s", "cleared"),
            )
        return Piece("△ cleared", "cleared"), Piece("△ cleared", "cleared")

    def _view_lines(self, view: str, short: str, long: str) -> Sequence[Row]:
        verdict, brief = self._verdict(view)
        wide = max(len(name) for _, _, name in VIEWS)
        evidence = self.alarms.verdict(view).evidence
        name = Piece(f"{long:<{wide}}  ", "muted")
        return (
            (name, verdict, Piece(f"  {evidence}", "muted")),
            (name, verdict),
            (Piece(f"{short} ", "muted"), verdict),
            (Piece(f"{short} ", "muted"), brief),
        )

    def _detector_lines(self) -> Sequence[Row]:
        verdicts = [
            (Piece(f"{short} ", "muted"), self._verdict(view)[1]) for view, short, _ in VIEWS
        ]
        both = (*verdicts[0], SEPARATOR, *verdicts[1])
        # Where there is room for one view, the one that noticed.
        first = next((row for row in verdicts if row[1].role == "alarm"), verdicts[0])
        return [(Piece("detector  ", "muted"), *both), both, first, first[1:]]

    def _lab_lines(self) -> Sequence[Row]:
        if self.lab is None:
            return [()]
        mode = "strict" if self.lab.strict else "lenient"
        plug = "plugged" if self.lab.plugged else "unplugged"
        if self.lab.vehicle != BATTERY:
            plug = f"{clean(self.lab.vehicle)} {plug}"
        meter = f"{self.lab.meter_interval:g} s"
        settings = (
            (f"power stage {self.lab.preset}", key_of("station.preset")),
            (mode, key_of("station.strict")),
            (plug, key_of("station.plug")),
        )
        with_keys: list[Piece] = []
        for text, key in settings:
            with_keys += (Piece(text), Piece(f" [{key}]  ", "key"))
        plain = f"stage {self.lab.preset} · {mode} · {plug}"
        return (
            (*with_keys, Piece("meter values every ", "muted"), Piece(meter)),
            (*with_keys, Piece(f"meter {meter}")),
            (Piece(f"{plain} · meter {meter}"),),
            (Piece(plain),),
        )


def _without_orders(row: Row) -> Row:
    """``row`` without the keys it names; what stood between its parts stays."""
    kept = []
    for run in row:
        if run.role == "key":
            run = Piece(" " * (len(run.text) - len(run.text.rstrip())))
        if run.role != "order":
            kept.append(run)
    return tuple(kept)


def _briefly(status: Row) -> Row:
    """The status with fewer words for what to press while nothing is on."""
    if status[0].role != "idle":
        return status
    start, others = key_of("anomaly.start"), key_of("anomaly.catalogue")
    return status[0], Piece(f"  {start} starts, {others} others", "order")


def _cycle(state: AnomalyState, of: str) -> str:
    """``cycle 4 / ∞``; empty where nothing repeats itself."""
    wanted = ParameterLines(state).cycles
    if not wanted and not state.cycle:
        return ""
    return f"cycle {state.cycle}" + (f"{of}{wanted}" if wanted else "")


def _place(state: AnomalyState) -> str:
    """``step 3/4 ``; empty before the first."""
    if state.step < 0 and not state.steps:
        return ""
    return f"step {state.step + 1}{f'/{state.steps}' if state.steps else ''} "


def _in(state: AnomalyState, now: float) -> str:
    return "" if state.next_at is None else f" in {max(0.0, state.next_at - now):.1f} s"


def _and_more(others: Sequence[AnomalyState]) -> Sequence[Row]:
    """``+2 more: can-flood, delay``, shorter and shorter."""
    names = ", ".join(clean(short_name(state)) for state in others)
    count = f"+{len(others)}"
    return (
        (Piece(f"{count} more: ", "muted"), Piece(names, "running")),
        (Piece(f"{count}: ", "muted"), Piece(names, "running")),
        (Piece(f"{count} more", "running"),),
        (Piece(count, "running"),),
    )


def _said(*lines: Sequence[Row]) -> list[Sequence[Row]]:
    """Those that have something to say."""
    return [line for line in lines if row_text(line[0])]


def _joined(*parts: Sequence[Row]) -> Sequence[Row]:
    """All parts on one line, the last ones shortened first and then left out."""
    forms: list[Row] = []
    chosen = [list(part) for part in parts if any(row_text(row) for row in part)]
    while chosen:
        forms.append(_in_line([part[0] for part in chosen]))
        shortenable = next((part for part in reversed(chosen) if len(part) > 1), None)
        if shortenable is not None:
            shortenable.pop(0)
        else:
            chosen.pop()
    return forms


def _in_line(rows: Sequence[Row]) -> Row:
    joined: list[Piece] = []
    for row in rows:
        joined += (*([Piece("   ")] if joined else []), *row)
    return tuple(joined)

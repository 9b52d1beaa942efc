"""What the anomaly panel says: events in, rows out, for any size; nothing of a terminal.

Every line has a long and a short form and the longest that fits is taken; how many rows there
are decides which lines are shown and which share one.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from evtui.detection import FED_FROM, View
from evtui.events import Alarm, AnomalyState, Detection, Event, LabState
from evtui.tui.chart import FADING_MARKER
from evtui.tui.key_hints import key_of
from evtui.tui.models.alarms import Alarms
from evtui.tui.models.anomalies import AnomalyStates
from evtui.tui.models.by_hand import HandAttacks
from evtui.tui.models.text import clean
from evtui.tui.rows import Row, Run, first_that_fits, progress_bar, row_text

__all__ = ["AnomalyView"]

PLACES: Mapping[View, str] = {"can": "edge", "ocpp": "CSMS"}
VIEWS = [(view, place, f"{place} ({FED_FROM[view]})") for view, place in PLACES.items()]
"""Where a detector looks from: name in the events, short and long name for people."""

EXPLANATIONS = {
    "seed": (
        "profiles come while the current is off: start and stop shape the wave",
        "profiles come at 0 A: start and stop shape the wave",
        "start and stop shape the wave",
    ),
    "txprofile": (
        "one long transaction: the profiles alone swing the current",
        "profiles swing the current",
    ),
    "txdefault": (
        "profiles come while the current is off: start and stop shape the wave",
        "profiles come at 0 A: start and stop shape the wave",
        "start and stop shape the wave",
    ),
    "startstop": (
        "no profiles: remote start and stop shape the wave",
        "start and stop shape the wave",
    ),
}
"""What swings the current in each variant, long and short."""

STRICT_SEED = (
    "strict: both profiles come back Rejected, there is no transaction",
    "strict: profiles are Rejected",
)

BAR_CELLS = (10, 6)
"""Cells of the countdown bar, where there is room and where there is less."""
SEPARATOR = Run("  ")


@dataclass
class AnomalyView:
    """State of one connector's anomaly, its detectors and the lab, as the events told it.

    Attributes:
        orders: whether the keys for the lab are named.
    """

    orders: bool = True
    anomalies: AnomalyStates = field(default_factory=AnomalyStates)
    lab: LabState | None = None
    stopping: bool = False
    step_from: float = 0.0
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
    def counting(self) -> bool:
        """True while a countdown is moving."""
        return self.anomaly is not None and self.anomaly.active

    def rows(self, width: int, height: int, now: float) -> tuple[Row, ...]:
        """At most ``height`` rows of at most ``width`` cells for lab time ``now`` in seconds."""
        state = self.anomaly
        if state is None:
            status = self._status(None)
            lines = [[status, status[:1]], *([self._lab_lines()] if self.lab else [])]
        else:
            lines = self._lines(state, height, now)
        if not self.orders:
            lines = [[_without_orders(form) for form in forms] for forms in lines]
        return tuple(first_that_fits(forms, width) for forms in lines[:height])

    def _lines(self, state: AnomalyState, height: int, now: float) -> list[Sequence[Row]]:
        head, step = self._headline(state), self._step_lines(state, now)
        both, lab = self._detector_lines(), self._lab_lines()
        if height <= 1:
            return [_joined(self._short_head(state), step, both)]
        if height == 2:
            return [_joined(self._short_head(state), lab), _joined(step, both)]
        if height == 3:
            return [_joined(self._short_head(state)), step, _joined(both, lab)]
        if height == 4:
            return [head, _joined(_level_lines(state), _period_lines(state)), step, both]
        parameters = [_level_lines(state), _wait_lines(state)]
        if height == 5:
            return [head, *parameters, step, both]
        if height == 6:
            return [head, *parameters, step, both, lab]
        why = self._explanation_lines(state)
        if height == 7:
            return [head, why, *parameters, step, both, lab]
        parameters = [_level_lines(state), _wait_lines(state)[1:], [_more_runs(state)]]
        if height == 8:
            return [head, why, *parameters, step, both, lab]
        views = [self._view_lines(view, short, long) for view, short, long in VIEWS]
        if height == 9:
            return [head, why, *parameters, step, *views, lab]
        if height == 10:
            return [head, why, *parameters, step, [()], *views, lab]
        return [head, why, *parameters, step, [()], *views, [()], lab]

    def _note_anomaly(self, state: AnomalyState) -> None:
        if state.by_hand:
            self.by_hand.note(state)
            return
        if state.change == "off":
            self.stopping = True
        elif state.active or state.change in ("safe", "failed"):
            self.stopping = False
        if state.change in ("on", "cycle", "step"):
            self.step_from = state.t
        self.anomalies.note(state)

    # The lines ------------------------------------------------------------------------

    def _status(self, state: AnomalyState | None) -> tuple[Run, ...]:
        attack = self.by_hand.newest
        name = clean(attack.anomaly) if attack else ""
        if state is not None and state.active:
            beside = f" + {name}" if name else ""
            cycle = f"cycle {state.cycle} / {_cycles(state)}"
            return (Run(f"▶ running  {cycle}{beside}", "running"),)
        if attack is not None and attack.active:
            return (
                Run(f"▶ {name} by hand, on {attack.layer}", "running"),
                Run(f"  {key_of('anomaly.by_hand')} ends it", "order"),
            )
        if self.stopping:
            return (Run("… stopping", "stopping"),)
        if attack is not None:
            return (Run(f"{FADING_MARKER} {name} is over, its effect shows", "stopping"),)
        if state is not None and state.change == "failed":
            return (Run(f"✗ failed {state.detail}", "alarm"),)
        return (
            Run("■ idle", "idle"),
            Run(f"  press {key_of('anomaly.start')} to start", "order"),
        )

    def _headline(self, state: AnomalyState) -> Sequence[Row]:
        status = self._status(state)
        variant = (
            Run(state.variant, "value"),
            Run(f" [{key_of('anomaly.variant')}]", "key"),
        )
        return (
            (*status, SEPARATOR, Run(state.anomaly, "muted"), Run(" variant ", "muted"), *variant),
            (*status, SEPARATOR, Run("variant ", "muted"), *variant),
            (*status, SEPARATOR, *variant),
            (*status[:1], SEPARATOR, *variant),
            status[:1],
        )

    def _short_head(self, state: AnomalyState) -> Sequence[Row]:
        low, high = _amperes(state)
        status = self._status(state)[:1]
        if state.active:
            status = (Run(f"▶ cycle {state.cycle}/{_cycles(state)}", "running"),)
        shape = Run(f"{low:g}–{high:g} A  {state.period:.1f} s", "value")
        variant = (Run("variant ", "muted"), Run(state.variant, "value"))
        return (
            (*status, SEPARATOR, *variant, SEPARATOR, shape),
            (*status, SEPARATOR, shape),
            status,
        )

    def _explanation_lines(self, state: AnomalyState) -> Sequence[Row]:
        forms = EXPLANATIONS.get(state.variant, ("",))
        if state.variant == "seed" and self.lab is not None and self.lab.strict:
            forms = STRICT_SEED
        return [(Run(form, "muted"),) for form in forms]

    def _step_lines(self, state: AnomalyState, now: float) -> Sequence[Row]:
        if not state.active:
            detail = state.detail if state.change in ("off", "safe", "failed") else ""
            return (
                [(Run(detail, "muted"),)]
                if detail
                else [(Run(f"a cycle is {state.steps} steps in {state.period:.1f} s", "muted"),)]
            )
        place = Run(f"step {state.step + 1}/{state.steps} ", "muted")
        if state.next_at is None:
            return [(place, Run(state.step_label, "value"))]
        left = max(0.0, state.next_at - now)
        wait = max(state.next_at - self.step_from, 1e-9)
        share = min(1.0, max(0.0, 1.0 - left / wait))
        bar, short_bar = (progress_bar(share, cells) for cells in BAR_CELLS)
        due = Run(f" in {f'{left:.1f} s':<6}", "value")
        after = Run(state.next_label, "value")
        came = (Run(state.step_label), Run(" → ", "muted")) if state.step_label else ()
        return (
            (place, *came, after, due, *bar),
            (place, Run("→ ", "muted"), after, due, *bar),
            (place, Run("→ ", "muted"), after, due, *short_bar),
            (Run("→ ", "muted"), after, due, *bar),
            (Run("→ ", "muted"), after, due),
        )

    def _verdict(self, view: str) -> tuple[Run, Run]:
        """What a detector says, long and short."""
        detector = self.alarms.verdict(view)
        off = self.lab is not None and view not in self.lab.detector_views
        if off and not detector.raised:
            return Run("off", "muted"), Run("off", "muted")
        if detector.raised is None:
            attacked = self.anomaly is not None and self.anomaly.attack_id
            text = "not seen yet" if attacked else "quiet"
            return Run(text, "muted"), Run(text, "muted")
        if detector.raised and detector.earlier:
            return (
                Run("not seen yet, ▲ alarm from before", "alarm"),
                Run("▲ earlier", "alarm"),
            )
        if detector.raised:
            if detector.after is not None:
                return (
                    Run(f"▲ alarm, detected after {detector.after:.1f} s", "alarm"),
                    Run(f"▲ {detector.after:.1f} s", "alarm"),
                )
            word = "▲ false alarm" if detector.false else "▲ alarm"
            return Run(word, "alarm"), Run(word, "alarm")
        if detector.after is not None:
            return (
                Run(f"△ cleared, was detected after {detector.after:.1f} s", "cleared"),
                Run(f"△ {detector.after:.1f} s", "cleared"),
            )
        return Run("△ cleared", "cleared"), Run("△ cleared", "cleared")

    def _view_lines(self, view: str, short: str, long: str) -> Sequence[Row]:
        verdict, brief = self._verdict(view)
        wide = max(len(name) for _, _, name in VIEWS)
        evidence = self.alarms.verdict(view).evidence
        name = Run(f"{long:<{wide}}  ", "muted")
        return (
            (name, verdict, Run(f"  {evidence}", "muted")),
            (name, verdict),
            (Run(f"{short} ", "muted"), verdict),
            (Run(f"{short} ", "muted"), brief),
        )

    def _detector_lines(self) -> Sequence[Row]:
        verdicts = [(Run(f"{short} ", "muted"), self._verdict(view)[1]) for view, short, _ in VIEWS]
        both = (*verdicts[0], SEPARATOR, *verdicts[1])
        # Where there is room for one view, the one that noticed.
        first = next((row for row in verdicts if row[1].role == "alarm"), verdicts[0])
        return [(Run("detector  ", "muted"), *both), both, first, first[1:]]

    def _lab_lines(self) -> Sequence[Row]:
        if self.lab is None:
            return [()]
        mode = "strict" if self.lab.strict else "lenient"
        plug = "plugged" if self.lab.plugged else "unplugged"
        meter = f"{self.lab.meter_interval:g} s"
        settings = (
            (f"power stage {self.lab.preset}", key_of("station.preset")),
            (mode, key_of("station.strict")),
            (plug, key_of("station.plug")),
        )
        with_keys: list[Run] = []
        for text, key in settings:
            with_keys += (Run(text), Run(f" [{key}]  ", "key"))
        plain = f"stage {self.lab.preset} · {mode} · {plug}"
        return (
            (*with_keys, Run("meter values every ", "muted"), Run(meter)),
            (*with_keys, Run(f"meter {meter}")),
            (Run(f"{plain} · meter {meter}"),),
            (Run(plain),),
        )


def _amperes(state: AnomalyState) -> tuple[float, float]:
    return _number(state, "low_a"), _number(state, "high_a")


def _number(state: AnomalyState, name: str) -> float:
    value = state.parameters.get(name)
    return float(value) if isinstance(value, int | float) else 0.0


def _without_orders(row: Row) -> Row:
    """``row`` without the keys it names; what stood between its parts stays."""
    kept = []
    for run in row:
        if run.role == "key":
            run = Run(" " * (len(run.text) - len(run.text.rstrip())))
        if run.role != "order":
            kept.append(run)
    return tuple(kept)


def _level_lines(state: AnomalyState) -> Sequence[Row]:
    low, high = _amperes(state)
    lower, raiser = key_of("anomaly.lower_low"), key_of("anomaly.raise_low")
    weaker, stronger = key_of("anomaly.weaker"), key_of("anomaly.stronger")
    low_run, high_run = Run(f"{low:g} A", "value"), Run(f"{high:g} A", "value")
    return (
        (
            *(Run("low ", "muted"), low_run, Run(f" [{lower} {raiser}]", "key")),
            *(Run("   high ", "muted"), high_run, Run(f" [{weaker} {stronger}]", "key")),
        ),
        (Run("low ", "muted"), low_run, Run("  high ", "muted"), high_run),
        (Run(f"{low:g}–{high:g} A", "value"),),
    )


def _period_lines(state: AnomalyState) -> Sequence[Row]:
    keys = f" [{key_of('anomaly.shorter')} {key_of('anomaly.longer')}]"
    period = Run(f"{state.period:.1f} s", "value")
    return (
        (Run("period ", "muted"), period, Run(keys, "key")),
        (Run("period ", "muted"), period),
    )


def _wait_lines(state: AnomalyState) -> Sequence[Row]:
    numbers = " ".join(f"{_number(state, f'wait_{n}_s'):.1f}" for n in (1, 2, 3, 4))
    waits = (Run("waits ", "muted"), Run(f"{numbers} s", "value"))
    period = _period_lines(state)
    return (
        (*waits, SEPARATOR, *period[0], SEPARATOR, *_more_runs(state)),
        (*waits, SEPARATOR, *period[0]),
        (
            *(Run("waits ", "muted"), Run(f"{numbers} = {state.period:.1f} s", "value")),
            period[0][-1],
        ),
        waits,
        period[1],
    )


def _more_runs(state: AnomalyState) -> Row:
    return (
        *(Run("cycles ", "muted"), Run(_cycles(state), "value")),
        Run(f" [{key_of('anomaly.cycles')}]", "key"),
        *(Run("  jitter ", "muted"), Run(f"{_number(state, 'jitter'):.0%}", "value")),
        Run(f" [{key_of('anomaly.jitter')}]", "key"),
    )


def _cycles(state: AnomalyState) -> str:
    cycles = _number(state, "cycles")
    return f"{cycles:.0f}" if cycles else "∞"


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
    joined: list[Run] = []
    for row in rows:
        joined += (*([Run("   ")] if joined else []), *row)
    return tuple(joined)

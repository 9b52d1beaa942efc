"""What the scenario panel says: events in, rows out, for any size; nothing of a terminal."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from evtui.events import Event, ScenarioState, Verdict
from evtui.tui.models.text import clean
from evtui.tui.rows import Piece, Row, first_that_fits, progress_bar

__all__ = ["ScenarioView"]

BAR_CELLS = 10
GAP = Piece("  ")


@dataclass
class ScenarioView:
    """How far the scenario is and how it was judged, as the events told it."""

    state: ScenarioState | None = None
    title: str = ""
    step_from: float = 0.0
    verdicts: list[Verdict] = field(default_factory=list)
    failure: str = ""

    def feed(self, events: Iterable[Event]) -> bool:
        """Take in ``events``; True when something on the panel may have changed."""
        changed = False
        for event in events:
            if isinstance(event, ScenarioState):
                self._note_state(event)
            elif isinstance(event, Verdict):
                self.verdicts.append(event)
            else:
                continue
            changed = True
        return changed

    @property
    def counting(self) -> bool:
        """True while a countdown is moving."""
        return self.state is not None and self.state.change != "end"

    def rows(self, width: int, height: int, now: float) -> tuple[Row, ...]:
        """At most ``height`` rows of at most ``width`` cells for lab time ``now`` in seconds."""
        state = self.state
        if state is None:
            return ()
        if height <= 1:
            lines = [self._one_line(state, now)]
        elif state.change == "end":
            lines = self._judged(state)
        else:
            lines = self._running(state, now)
        return tuple(first_that_fits(forms, width) for forms in lines[:height])

    def unseen(self, height: int) -> int:
        """Verdicts that ``height`` rows have no room for, once there are all of them."""
        if self.state is None or self.state.change != "end":
            return 0
        return max(0, len(self.verdicts) + 1 - height)

    def _note_state(self, state: ScenarioState) -> None:
        if state.change == "begin":
            self.title = clean(state.label) or clean(state.scenario)
            self.verdicts, self.failure = [], ""
        if state.change == "failed":
            self.failure = clean(f"{state.path}: {state.detail}" if state.path else state.detail)
        if state.change != "waiting" or self.state is None or self.state.path != state.path:
            self.step_from = state.t
        self.state = state

    # The lines

    def _one_line(self, state: ScenarioState, now: float) -> Sequence[Row]:
        name = Piece("scenario ", "muted")
        if state.change == "end":
            result = self._result(state)
            worst = [Piece(f"  {_verdict_text(one)}", "muted") for one in self._by_gravity()[:1]]
            detailed = (name, result, *(worst if not self.verdicts_met else ()))
            return (detailed, (name, result), (result,))
        place, label = self._place(state), Piece(clean(state.label), "value")
        due = self._due(state, now)
        return (
            (name, place, GAP, label, GAP, *due),
            (place, GAP, label, GAP, *due[:1]),
            (place, GAP, label),
            (place,),
        )

    def _running(self, state: ScenarioState, now: float) -> list[Sequence[Row]]:
        place, label = self._place(state), Piece(clean(state.label), "value")
        detail = clean(state.detail)
        more = (GAP, Piece(detail, "muted")) if detail and state.change != "failed" else ()
        where = Piece(state.path, "muted")
        head: Sequence[Row] = (
            (place, GAP, label, *more, GAP, where),
            (place, GAP, label, *more),
            (place, GAP, label),
        )
        lines = [head]
        due = self._due(state, now)
        if due:
            lines.append((due, due[:1]))
        if self.failure:
            lines.append(((Piece(f"✗ {self.failure}", "failed"),),))
        if state.ends is not None and state.change not in ("cleanup", "failed"):
            left = max(0.0, state.ends - now)
            lines.append(((Piece(f"ends in {left:.0f} s at the latest", "muted"),),))
        return lines

    def _judged(self, state: ScenarioState) -> list[Sequence[Row]]:
        lines: list[Sequence[Row]] = [((self._result(state),),)]
        for verdict in self._by_gravity():
            mark = Piece("✓ ", "met") if verdict.met else Piece("✗ ", "failed")
            expectation = Piece(clean(verdict.expectation), "" if verdict.met else "value")
            found = Piece(f"  {clean(verdict.found)}", "muted")
            lines.append(((mark, expectation, found), (mark, expectation)))
        return lines

    @property
    def verdicts_met(self) -> bool:
        """True when there are verdicts and all are good."""
        return bool(self.verdicts) and all(verdict.met for verdict in self.verdicts)

    def _by_gravity(self) -> list[Verdict]:
        return sorted(self.verdicts, key=lambda verdict: verdict.met)

    def _result(self, state: ScenarioState) -> Piece:
        text = clean(state.detail) or "ended"
        if not self.verdicts:
            return Piece(f"■ {text}", "muted")
        return Piece(f"✓ {text}", "met") if self.verdicts_met else Piece(f"✗ {text}", "failed")

    def _place(self, state: ScenarioState) -> Piece:
        if state.change == "failed":
            return Piece("✗ failed", "failed")
        if not state.step:
            return Piece("… cleanup" if state.path.startswith("cleanup") else "…", "waiting")
        return Piece(f"▶ step {state.step}/{state.steps}", "running")

    def _due(self, state: ScenarioState, now: float) -> Row:
        """When the step ends or gives up, with a bar."""
        if state.until is None:
            return ()
        left = max(0.0, state.until - now)
        share = 1.0 - left / max(state.until - self.step_from, 1e-9)
        word = "gives up in" if state.change == "waiting" else "done in"
        bar = progress_bar(min(1.0, max(0.0, share)), BAR_CELLS)
        return (Piece(f"{word} {left:.1f} s", "due"), *bar)


def _verdict_text(verdict: Verdict) -> str:
    return clean(f"{verdict.expectation}: {verdict.found}")

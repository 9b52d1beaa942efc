"""CAN signals that somebody has put on the current chart."""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Iterable, Sequence

from evtui.events import CanFrame, Event
from evtui.tui.models.meanings import values_of
from evtui.tui.models.signals import SignalKey, SignalTrack, Span
from evtui.tui.models.text import number
from evtui.tui.series import LONGEST, nice_ceiling

__all__ = ["CHARTED_MAX", "GLYPHS", "Charted", "ChartedSignal"]

CHARTED_MAX = 3
GLYPHS = ("+", "∘", "◇")
"""What the signals are drawn with."""

SPAN_SECONDS = 0.1
"""s that one point of the chart keeps the lowest and the highest value of."""


class ChartedSignal:
    """One of them: its values of the last ten minutes.

    Args:
        key: which signal.
        label: message and signal, for people.
        unit: of its values.
        glyph: what it is drawn with.
    """

    def __init__(self, key: SignalKey, label: str, unit: str, glyph: str) -> None:
        self.key = key
        self.label = label
        self.unit = unit
        self.glyph = glyph
        self._spans: deque[Span] = deque(maxlen=LONGEST)
        self._newest: float | None = None

    def take(self, span: Span) -> None:
        """Note what it was for a moment."""
        self._newest = span.last
        spans = self._spans
        if spans and span.t - spans[-1].t < SPAN_SECONDS:
            before = spans[-1]
            low, high = min(before.low, span.low), max(before.high, span.high)
            spans[-1] = Span(before.t, low, high, span.last)
        else:
            spans.append(span)

    @property
    def newest(self) -> float | None:
        """Its newest value; None before the first."""
        return self._newest

    @property
    def text(self) -> str:
        """The newest value for people, with its unit."""
        value = "–" if self._newest is None else number(self._newest)
        return f"{value} {self.unit}".rstrip()

    @property
    def points(self) -> tuple[tuple[float, float], ...]:
        """Lab time in s and value, oldest first: the extremes of each tenth of a second."""
        return tuple(
            (span.t, value)
            for span in self._spans
            for value in ((span.low, span.high) if span.low != span.high else (span.low,))
        )

    def scale(self, since: float) -> tuple[float, float]:
        """Round values below and above all that came after lab time ``since`` in s."""
        seen = [span for span in self._spans if span.t >= since]
        low = min((span.low for span in seen), default=0.0)
        high = max((span.high for span in seen), default=0.0)
        return (-float(nice_ceiling(-low)) if low < 0 else 0.0), float(nice_ceiling(max(0.0, high)))

    def on_axis(self, since: float) -> bool:
        """True for amperes that are not negative: the chart's axis is theirs too."""
        return self.unit == "A" and self.scale(since)[0] == 0

    def forget(self) -> None:
        """What comes next is from another moment."""
        self._spans.clear()
        self._newest = None


class Charted:
    """All of them, at most three."""

    def __init__(self) -> None:
        self._signals: dict[SignalKey, ChartedSignal] = {}

    @property
    def signals(self) -> Sequence[ChartedSignal]:
        """In the order in which they were put there."""
        return tuple(self._signals.values())

    def holds(self, key: SignalKey) -> bool:
        """True for one that is on the chart."""
        return key in self._signals or key._replace(bus="") in self._signals

    def put(self, track: SignalTrack, label: str) -> bool:
        """Put a signal on the chart, with what is known of it; False where there is no room."""
        free = [each for each in GLYPHS if each not in {one.glyph for one in self.signals}]
        if not free:
            return False
        signal = ChartedSignal(track.key, label, track.unit, free[0])
        for span in track.history:
            signal.take(span)
        self._signals[track.key] = signal
        return True

    def remove(self, key: SignalKey) -> None:
        """Take one off the chart."""
        if self._signals.pop(key, None) is None:
            self._signals.pop(key._replace(bus=""), None)

    def clear(self) -> int:
        """Take all of them off; how many there were."""
        count = len(self._signals)
        self._signals.clear()
        return count

    def forget(self) -> None:
        """What comes next is from another moment; which signals there are stays."""
        for signal in self._signals.values():
            signal.forget()

    def feed(self, events: Iterable[Event]) -> None:
        """Take the frames among ``events`` that have one of them."""
        if not self._signals:
            return
        for event in events:
            if not isinstance(event, CanFrame):
                continue
            for key, signal in self._signals.items():
                if key.is_in(event):
                    self._take(signal, event)

    def _take(self, signal: ChartedSignal, frame: CanFrame) -> None:
        for said in values_of(frame) or ():
            if said.name == signal.key.name and said.value is not None:
                if math.isfinite(said.value):
                    signal.take(Span(frame.t, said.value, said.value, said.value))

"""Signals of CAN frames over time: lowest, mean, highest, and a short history of each."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable
from typing import NamedTuple

from evtui.events import CanFrame
from evtui.tui.models.meanings import Values, meaning_of, values_of

__all__ = ["HISTORY_SECONDS", "SIGNALS_MAX", "SignalBook", "SignalKey", "SignalTrack", "Span"]

HISTORY_SECONDS = 60.0

SPAN_SECONDS = 0.25
"""s of history that one span stands for."""

SIGNALS_MAX = 512
"""Signals that are followed: some 10 MiB of history; those that come later are not."""


class SignalKey(NamedTuple):
    """Which signal of which message on which bus; an empty bus is every one."""

    bus: str
    arbitration_id: int
    extended: bool
    name: str

    def is_in(self, frame: CanFrame) -> bool:
        """True for a frame that may have it."""
        return (
            frame.arbitration_id == self.arbitration_id
            and self.bus in ("", frame.bus)
            and frame.extended == self.extended
        )


class Span(NamedTuple):
    """Lowest, highest and last value of some time from ``t`` (lab time in s) on."""

    t: float
    low: float
    high: float
    last: float


class SignalTrack:
    """One signal since the list began.

    Attributes:
        unit: of all its values.
        text: the newest value for people.
        low, high: extremes; None before the first value that is a number.
        count: values.
    """

    def __init__(self, key: SignalKey, unit: str) -> None:
        self.key = key
        self.unit = unit
        self.text = ""
        self.low: float | None = None
        self.high: float | None = None
        self.count = 0
        self._total = 0.0
        self._history: deque[Span] = deque(maxlen=int(HISTORY_SECONDS / SPAN_SECONDS) + 1)

    @property
    def mean(self) -> float | None:
        """Mean of all values, each frame counting once; None before the first."""
        return self._total / self.count if self.count else None

    @property
    def history(self) -> tuple[Span, ...]:
        """The last minute, oldest first."""
        return tuple(self._history)

    def take(self, value: float, t: float) -> None:
        """Note a new value at lab time ``t`` in s."""
        if self.low is None or self.high is None:
            self.low = self.high = value
        elif value < self.low:
            self.low = value
        elif value > self.high:
            self.high = value
        self.repeat(value, 1)
        history = self._history
        start = t // SPAN_SECONDS * SPAN_SECONDS
        if history and history[-1].t == start:
            span = history[-1]
            history[-1] = Span(start, min(span.low, value), max(span.high, value), value)
        else:
            history.append(Span(start, value, value, value))

    def repeat(self, value: float, frames: int) -> None:
        """Count frames that said it, where nothing else is new."""
        self.count += frames
        self._total += value * frames


class _Message:
    """What is known of the frames with one identifier."""

    __slots__ = ("data", "repeats", "span", "tracks", "values")

    def __init__(self) -> None:
        self.tracks: dict[str, SignalTrack] = {}
        self.data: bytes | None = None
        self.values: Values = ()
        self.repeats = 0
        self.span = -1.0

    def settle(self) -> None:
        """Count the frames that only repeated what was said before."""
        repeats, self.repeats = self.repeats, 0
        if repeats:
            for said in self.values:
                if said.value is not None:
                    self.tracks[said.name].repeat(said.value, repeats)


class SignalBook:
    """Every signal of every message that a database knows.

    Attributes:
        left_out: signals that are not followed, because there were too many.
    """

    def __init__(self) -> None:
        self._messages: dict[tuple[str, int, bool], _Message | None] = {}
        self._followed = 0
        self.left_out = 0

    def feed(self, frames: Iterable[CanFrame]) -> None:
        """Take frames in the order of the stream; most say what the one before did."""
        for frame in frames:
            if frame.error or frame.remote:
                continue
            key = (frame.bus, frame.arbitration_id, frame.extended)
            try:
                message = self._messages[key]
            except KeyError:
                message = self._begin(frame, key)
            if message is None:
                continue
            span = frame.t // SPAN_SECONDS
            if frame.data == message.data and span == message.span:
                message.repeats += 1
                continue
            message.settle()
            message.span = span
            if frame.data != message.data:
                message.data, message.values = frame.data, self._values(frame, message)
            for said in message.values:
                track = message.tracks[said.name]
                track.text = said.text
                if said.value is not None:
                    track.take(said.value, frame.t)

    def of(self, frame: CanFrame) -> tuple[SignalTrack, ...]:
        """The signals of this frame's message, as far as they are followed."""
        message = self._messages.get((frame.bus, frame.arbitration_id, frame.extended))
        if message is None:
            return ()
        message.settle()
        return tuple(message.tracks.values())

    def track(self, key: SignalKey) -> SignalTrack | None:
        """What is known of one signal."""
        message = self._messages.get((key.bus, key.arbitration_id, key.extended))
        return message.tracks.get(key.name) if message else None

    def _begin(self, frame: CanFrame, key: tuple[str, int, bool]) -> _Message | None:
        if len(self._messages) >= 2 * SIGNALS_MAX * 8:  # identifiers that nobody knows
            self._messages = {known: each for known, each in self._messages.items() if each}
        message = self._messages[key] = _Message() if meaning_of(frame) else None
        return message

    def _values(self, frame: CanFrame, message: _Message) -> Values:
        """Its values; what is new among the signals is followed where there is room."""
        kept = []
        for said in values_of(frame) or ():
            if said.name not in message.tracks:
                if self._followed >= SIGNALS_MAX:
                    self.left_out += 1
                    continue
                self._followed += 1
                key = SignalKey(frame.bus, frame.arbitration_id, frame.extended, said.name)
                message.tracks[said.name] = SignalTrack(key, said.unit)
            kept.append(said)
        return tuple(kept)

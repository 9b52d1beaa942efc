"""CAN frames that should be seen, or not, and how busy the bus is."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import msgspec
from msgspec import Meta

from evtui.events import BusLoad, CanFrame
from evtui.scenario.expectations.base import EXPECTATIONS, Expectation, Observer
from evtui.scenario.judge.matching import TOLERANCE
from evtui.scenario.language.mistakes import shown
from evtui.scenario.language.model import AtLeastOne, Duration, Model, NotNegative, Percent
from evtui.scenario.language.narration import seconds

if TYPE_CHECKING:
    from evtui.scenario.language.checking import Check

__all__ = ["FrameExpected", "LoadExpected", "LoadRange", "NoFrameExpected"]

FromNode = Annotated[
    str | None,
    Meta(description="node, charge-point, module or the name of an anomaly; any when left out."),
]
FrameBytes = Annotated[str | None, Meta(description="hexadecimal bytes, 64 00; any when left out.")]
WindowStart = Annotated[Duration | None, Meta(description="s from the start of the run.")]
WindowEnd = Annotated[Duration | None, Meta(description="s; the end of the run when left out.")]


@EXPECTATIONS.add
class FrameExpected(Expectation, frozen=True, kw_only=True):
    """A CAN frame is seen."""

    example = '{frame: 0x210, from: charge-point, data: "64 00"}'

    frame: Annotated[NotNegative, Meta(description="arbitration id: 0x210 or a number.")]
    sender: FromNode = msgspec.field(default=None, name="from")
    data: FrameBytes = None
    count: Annotated[AtLeastOne, Meta(description="how many at least.")] = 1

    def words(self) -> str:
        times = f", {self.count} times at least" if self.count != 1 else ""
        return f"frame {_about(self.frame, self.sender, self.data)}{times}"

    def check(self, check: Check) -> None:
        _check_data(check, self.data)

    def observer(self) -> FrameSeen:
        return FrameSeen(self)


@EXPECTATIONS.add
class NoFrameExpected(Expectation, frozen=True, kw_only=True):
    """A CAN frame is not seen."""

    anywhere = True
    example = "{no_frame: 0x201, from: charge-point}"

    no_frame: Annotated[NotNegative, Meta(description="arbitration id: 0x210 or a number.")]
    sender: FromNode = msgspec.field(default=None, name="from")
    data: FrameBytes = None
    start: WindowStart = msgspec.field(default=None, name="start")
    end: WindowEnd = msgspec.field(default=None, name="end")

    def words(self) -> str:
        window = "" if self.start is None else f" from {seconds(self.start)}"
        window += "" if self.end is None else f" until {seconds(self.end)}"
        return f"no frame {_about(self.no_frame, self.sender, self.data)}{window}"

    def check(self, check: Check) -> None:
        _check_data(check, self.data)

    def observer(self) -> FrameNotSeen:
        return FrameNotSeen(self)


class _Frames:
    """Which frames an expectation means."""

    def __init__(self, arbitration_id: int, sender: str | None, data: str | None) -> None:
        self._id = arbitration_id
        self._sender = sender
        self._data = None if data is None else bytes.fromhex(data)

    def mean(self, frame: CanFrame) -> bool:
        return (
            frame.arbitration_id == self._id
            and not frame.error
            and self._sender in (None, frame.node)
            and self._data in (None, frame.data)
        )


class FrameSeen(Observer):
    reads = (CanFrame,)

    def __init__(self, expected: FrameExpected) -> None:
        self._frames = _Frames(expected.frame, expected.sender, expected.data)
        self._wanted = expected.count
        self._seen = 0
        self._first = 0.0

    def see(self, frame: CanFrame, t: float) -> None:
        if self._frames.mean(frame):
            self._first = self._first if self._seen else t
            self._seen += 1

    def judge(self) -> tuple[bool, str]:
        if not self._seen:
            return False, "not seen"
        times = "once" if self._seen == 1 else f"{self._seen} times"
        return self._seen >= self._wanted, f"seen {times}, first at {self._first:.1f} s"


class FrameNotSeen(Observer):
    reads = (CanFrame,)

    def __init__(self, expected: NoFrameExpected) -> None:
        self._frames = _Frames(expected.no_frame, expected.sender, expected.data)
        self._start, self._end = expected.start or 0.0, expected.end
        self._looked = False
        self._first: float | None = None

    def see(self, frame: CanFrame, t: float) -> None:
        if t < self._start - TOLERANCE or (self._end is not None and t > self._end + TOLERANCE):
            return
        self._looked = True
        if self._first is None and self._frames.mean(frame):
            self._first = t

    def judge(self) -> tuple[bool, str]:
        if self._first is not None:
            return False, f"seen at {self._first:.1f} s"
        return self._looked, "not seen" if self._looked else "no frame at all in that time"


class LoadRange(Model, frozen=True, kw_only=True):
    """Bounds of the highest load."""

    between: Annotated[
        tuple[Percent, Percent], Meta(description="lowest and highest per cent allowed.")
    ]
    start: WindowStart = msgspec.field(default=None, name="from")
    end: WindowEnd = msgspec.field(default=None, name="to")


@EXPECTATIONS.add
class LoadExpected(Expectation, frozen=True, kw_only=True):
    """The highest load of a CAN bus, over any second, keeps to bounds."""

    example = "bus_load: {between: [0 %, 5 %]}"

    bus_load: LoadRange

    def words(self) -> str:
        low, high = self.bus_load.between
        return f"peak bus load {low:g} to {high:g} %"

    def check(self, check: Check) -> None:
        check.bounds("bus_load", self.bus_load.between, "%")

    def observer(self) -> LoadWithin:
        return LoadWithin(self.bus_load)


class LoadWithin(Observer):
    reads = (BusLoad,)

    def __init__(self, bounds: LoadRange) -> None:
        self._bounds = bounds
        self._peak: tuple[float, float] | None = None

    def see(self, load: BusLoad, t: float) -> None:
        start, end = self._bounds.start or 0.0, self._bounds.end
        if t < start or (end is not None and t > end):
            return
        if self._peak is None or load.load_pct > self._peak[0]:
            self._peak = load.load_pct, t

    def judge(self) -> tuple[bool, str]:
        if self._peak is None:
            return False, "no load was measured in that time"
        low, high = self._bounds.between
        peak, t = self._peak
        met = low - TOLERANCE <= peak <= high + TOLERANCE
        return met, f"{peak:.1f} % at {t:.1f} s"


def _about(arbitration_id: int, sender: str | None, data: str | None) -> str:
    content = "" if data is None else f"#{''.join(data.split()).upper()}"
    return f"{arbitration_id:#x}{content}{'' if sender is None else f' from {sender}'}"


def _check_data(check: Check, data: str | None) -> None:
    try:
        bytes.fromhex(data or "")
    except ValueError:
        check.add("data", f'expected hexadecimal bytes such as "64 00", got {shown(data)}')

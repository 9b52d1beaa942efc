"""What was heard on the bus is said once more."""

from __future__ import annotations

import asyncio
from typing import Literal

from evtui.anomalies.api import AnomalyError, Cycle, Parameters, Signature, parameter
from evtui.anomalies.can._forging import RETOLD, ForgingAnomaly
from evtui.anomalies.run import Run
from evtui.canbus import Frame, Recorded
from evtui.events import CanFrame
from evtui.kinds import Choice, Number

__all__ = ["CanReplay", "ReplayParameters"]


class ReplayParameters(Parameters):
    """What one can tweak."""

    variant: Literal["instead", "beside"] = parameter(
        Choice("instead", "beside"),
        "the genuine frames are muted meanwhile, or stay",
        default="instead",
    )
    frames: Literal["reports", "commands", "all"] = parameter(
        Choice("reports", "commands", "all"),
        "0x300; 0x200, 0x201 and 0x210; or all of them",
        default="reports",
    )
    record_s: float = parameter(Number(0.5, 600, "s"), "that are recorded first", default=10.0)
    speed: float = parameter(Number(0.1, 10), "times the pace of the recording", default=1.0)
    pause_s: float = parameter(Number(0, 600, "s"), "between two replays", default=0.0)


class CanReplay(ForgingAnomaly[ReplayParameters]):
    """Replay (SynCAN *playback*: a signal is overwritten with a series recorded before).

    A CAN frame has neither sender nor time nor counter, so nothing tells the old one from a new
    one.
    """

    name = "can-replay"
    title = "Replay on CAN"
    about = (
        "The attacker records the bus for a while, then says the same again, over and over: "
        "reports of a current that flowed then hide what flows now; commands of then switch and "
        "limit the module now. Every frame is genuine by its bytes."
    )
    signature = Signature(
        ocpp="MeterValues repeat an earlier course, whatever limits say now",
        can="a sequence of 0x300 that was there before, at the same pace, from another node",
        current="unchanged by replayed reports, switched by replayed commands",
    )
    techniques = ("T0856", "T0855")
    severity = 4
    stakes = ("fraud", "safety")
    references = (
        "Hanselmann et al. 2020, SynCAN (CANet): playback attack",
        "EVerest on CAN power modules: no encryption, no authentication, no message integrity",
    )
    claims = frozenset({"identifier 0x300", "limit", "charging"})
    undone = RETOLD
    Parameters = ReplayParameters
    pace = ("record_s", "pause_s")

    @classmethod
    def cycle_of(cls, parameters: ReplayParameters) -> Cycle:
        return Cycle(1, parameters.record_s / parameters.speed + parameters.pause_s)

    async def act(self, run: Run[ReplayParameters]) -> None:
        recording: list[Recorded] = []
        recorded = 0.0
        while True:
            told = run.parameters
            if told.record_s != recorded:
                run.bus.unmute()
                recording.clear()
                recorded = told.record_s
                await run.step(f"record {recorded:g} s", record(run, recording, recorded))
                if not recording:
                    raise AnomalyError(f"nothing was heard on the bus in {recorded:g} s")
            chosen = [each for each in recording if is_wanted(run, each.frame)]
            run.cycle()
            await run.step(f"replay {len(chosen)} frames", replay(run, chosen, told))
            await run.wait(told.pause_s)


async def record(run: Run[ReplayParameters], recording: list[Recorded], seconds: float) -> None:
    """Keep what the station's nodes say about this connector."""
    begun = run.now

    def heard(frame: CanFrame) -> None:
        if run.bus.is_ours(frame):
            kept = Frame(frame.arbitration_id, frame.data, extended=frame.extended)
            recording.append(Recorded(run.now - begun, kept))

    run.bus.listen(heard)
    await asyncio.sleep(seconds)
    run.bus.listen(None)


async def replay(
    run: Run[ReplayParameters], frames: list[Recorded], told: ReplayParameters
) -> None:
    """Say it all once, at its own pace."""
    if told.variant == "instead":
        run.bus.mute(lambda frame: is_wanted(run, frame))
    else:
        run.bus.unmute()
    begun = run.now
    for at, frame in frames:
        await asyncio.sleep(max(0.0, begun + at / told.speed - run.now))
        run.bus.send(frame)
    await asyncio.sleep(max(0.0, begun + told.record_s / told.speed - run.now))
    if told.pause_s > 0:
        run.bus.unmute()


def is_wanted(run: Run[ReplayParameters], frame: Frame) -> bool:
    """True for a frame that the parameters mean."""
    if not run.bus.is_ours(frame):
        return False
    wanted = run.parameters.frames
    return wanted == "all" or run.bus.is_report(frame) == (wanted == "reports")

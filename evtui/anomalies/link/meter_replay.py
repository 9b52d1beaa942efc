"""Meter values of before arrive in place of those of now."""

from __future__ import annotations

from collections import deque
from typing import Any, ClassVar

from evtui.anomalies.api import Anomaly, Need, Parameters, Signature, parameter
from evtui.anomalies.link._meter import REGISTER, meter_values_of, samples
from evtui.anomalies.run import Run
from evtui.anomalies.targets import Deed
from evtui.durations import Seconds
from evtui.kinds import Switch
from evtui.ocppj import Let, Passing

__all__ = ["MeterReplay", "MeterReplayParameters"]

CAPTURED_MAX = 1_000
"""MeterValues that are remembered."""


class MeterReplayParameters(Parameters):
    """What one can tweak."""

    window_s: float = parameter(
        Seconds(1.0, 3600.0), "for which meter values are captured before", default=30.0
    )
    new_timestamps: bool = parameter(
        Switch(), "give the old values the time of those in whose place they are", default=False
    )


class MeterReplay(Anomaly[MeterReplayParameters]):
    """Captures MeterValues, then has them arrive again and again in place of the genuine ones.

    Message id, connector and transaction stay those of the genuine message, so the central
    system's answer fits it.  Without new timestamps the very same values, with their times, come
    again: what a signature over the meter value does not prevent.  StopTransaction is left as it
    is: at the end the register jumps.
    """

    name = "meter-replay"
    layer = "link"
    title = "Replayed meter values"
    about = (
        "Whoever relays the connection records some MeterValues and has them arrive again and "
        "again instead of the genuine ones. The register does not grow, or runs back at the begin "
        "of each round: energy is delivered that nobody sees. A signature over each value does "
        "not help, since every value is genuine; only its time, or its repetition, tells."
    )
    signature = Signature(
        ocpp="the same values again; the register runs back; old timestamps, unless they are new",
        can="0x300 tells another current than MeterValues",
        current="as ordered; what is reported of it is from before",
    )
    techniques = ("T0856", "T0832")
    severity = 4
    stakes = ("fraud", "grid")
    references = (
        "arXiv 2504.00319 (multi-replay of meter values)",
        "OCPP security whitepaper: AttemptedReplayAttacks",
    )
    needs: ClassVar[frozenset[Need]] = frozenset({"link"})
    claims = frozenset({"meter values"})
    ends = "at once: the next meter values arrive as they were measured"
    undone = "messages pass unchanged"
    Parameters = MeterReplayParameters
    pace = ("window_s",)

    def __init__(self) -> None:
        self._captured: deque[list[dict[str, Any]]] = deque(maxlen=CAPTURED_MAX)
        self._next = 0

    async def act(self, run: Run[MeterReplayParameters]) -> None:
        begun = run.now
        await run.step(f"capture for {run.parameters.window_s:g} s")

        def decide(message: Passing) -> Deed | None:
            if message.sender != "charge_point" or not meter_values_of(message, run.connector):
                return None
            values = message.payload["meterValue"]
            if run.now - begun < run.parameters.window_s or not self._captured:
                self._captured.append(values)
                return None
            return self._replay(run, message, values)

        run.link.intercept(decide)
        await run.for_ever()

    def _replay(
        self, run: Run[MeterReplayParameters], message: Passing, values: list[dict[str, Any]]
    ) -> Deed:
        old = self._captured[self._next % len(self._captured)]
        self._next += 1
        if run.parameters.new_timestamps and values:
            now = values[0]["timestamp"]
            old = [each | {"timestamp": now} for each in old]
        true, told = next(samples(values, REGISTER), None), next(samples(old, REGISTER), None)
        what = "" if true is None or told is None else f" {true:,.0f} Wh told as {told:,.0f} Wh"
        text = message.saying(message.payload | {"meterValue": old})
        return Deed(f"MeterValues{what} of before", (Let(text),))

"""The clock of the charge point is wrong."""

from __future__ import annotations

from typing import ClassVar

from evtui.anomalies.api import Anomaly, Knob, Need, Parameters, Signature, parameter
from evtui.anomalies.run import Run
from evtui.kinds import Number

__all__ = ["ClockSkew", "SkewParameters"]

LARGEST = 100_000_000.0
"""s, three years."""


class SkewParameters(Parameters):
    """What one can tweak."""

    offset_s: float = parameter(
        Number(-LARGEST, LARGEST, "s"), "by which the clock is fast at once", default=600.0
    )
    drift_ppm: float = parameter(
        Number(-500_000.0, 500_000.0, "ppm"), "by which it runs fast from then on", default=0.0
    )


class ClockSkew(Anomaly[SkewParameters]):
    """The charge point's UTC is ahead or behind, and may run fast or slow.

    Timestamps of everything it says follow it, and what it does at a time of day: charging
    schedules with an absolute start, reservations that expire, clock-aligned meter values.  The
    time of the lab does not.  The currentTime of the central system in the answer to each
    Heartbeat is ignored: a station that sets its clock by it has no skew for longer than that.
    A quartz is off by 20 to 100 ppm, 2 to 9 s a day.
    """

    name = "clock-skew"
    layer = "ocpp"
    title = "Clock that is wrong"
    about = (
        "The charge point's clock is wrong, because its battery is empty or because somebody "
        "serves it a wrong time. Transactions begin before they were asked for, or in the future; "
        "what is paid by time of day is paid wrongly, and schedules act at the wrong moment."
    )
    signature = Signature(
        ocpp="timestamps differ from the time of arrival, by a constant or more and more",
        can="nothing to see",
        current="as ordered, but for schedules with an absolute start",
    )
    techniques = ("T0856",)
    severity = 3
    stakes = ("fraud", "availability")
    references = (
        "oss-security July 2025: a timestamp of the year 222222017 stops SteVe",
        "OCPP security whitepaper: SettingSystemTime",
    )
    needs: ClassVar[frozenset[Need]] = frozenset({"charge point"})
    claims = frozenset({"station clock"})
    ends = "at once: the next timestamps are right"
    undone = "the clock is set"
    Parameters = SkewParameters
    strength = Knob("offset_s", 60.0)

    async def act(self, run: Run[SkewParameters]) -> None:
        while True:
            wanted = run.parameters
            label = f"the station's clock is {wanted.offset_s:+g} s off, {wanted.drift_ppm:+g} ppm"
            await run.step(
                label, run.charge_point.skew_clock(wanted.offset_s, wanted.drift_ppm / 1e6)
            )
            await run.changed()

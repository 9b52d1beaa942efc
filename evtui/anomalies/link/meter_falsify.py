"""The meter values that arrive are not those that were measured."""

from __future__ import annotations

from bisect import bisect_right
from typing import Any, ClassVar

from evtui.anomalies.api import Anomaly, Knob, Need, Parameters, Signature, parameter
from evtui.anomalies.link._meter import REGISTER, meter_values_of, rewritten, samples
from evtui.anomalies.run import Run
from evtui.anomalies.targets import Deed
from evtui.durations import Seconds
from evtui.kinds import Number
from evtui.ocppj import Let, Passing

__all__ = ["FalsifyParameters", "MeterFalsify"]

REGISTERS_KEPT = 20_000
"""Register readings that are remembered, to falsify alike what is told of them once more in a
StopTransaction."""

POWER, CURRENT = "Power.Active.Import", "Current.Import"
INTERVAL = "Energy.Active.Import.Interval"


class FalsifyParameters(Parameters):
    """What one can tweak."""

    factor: float = parameter(
        Number(0.0, 100.0), "by which power, current and energy are multiplied", default=0.1
    )
    offset_w: float = parameter(
        Number(-1_000_000.0, 1_000_000.0, "W"), "added to the power", default=0.0
    )
    ramp_in_s: float = parameter(
        Seconds(0.0, 3600.0), "in which both come to their full size", default=0.0
    )


class _Register:
    """The register as it is told: it goes on from where it was, and never back."""

    def __init__(self) -> None:
        self._true: list[float] = []
        self._told: list[float] = []

    def __bool__(self) -> bool:
        return bool(self._true)

    def add(self, true: float, factor: float, extra: float) -> float:
        """What is told of a reading in Wh; one from before is told as it was.

        Args:
            extra: Wh that are told beside the share of what was measured since the last.
        """
        if not self._true:
            self._true.append(true)
            self._told.append(true)
        elif true > self._true[-1] or extra:
            told = self._told[-1] + max(0.0, (true - self._true[-1]) * factor + extra)
            if len(self._true) >= REGISTERS_KEPT:
                del self._true[: REGISTERS_KEPT // 2], self._told[: REGISTERS_KEPT // 2]
            self._true.append(true)
            self._told.append(told)
        return self.at(true)

    def at(self, true: float) -> float:
        """What was told of a reading, or of one between two."""
        place = bisect_right(self._true, true)
        if place == 0:
            return true
        if place == len(self._true):
            return self._told[-1]
        low, high = self._true[place - 1], self._true[place]
        share = (true - low) / (high - low)
        return self._told[place - 1] + share * (self._told[place] - self._told[place - 1])


class MeterFalsify(Anomaly[FalsifyParameters]):
    """Power, current and energy in MeterValues and StopTransaction, changed on their way.

    A factor of 0.1 skims energy: a tenth of it is paid.  One of 10 is a phantom load; eleven
    charge points that tell 64.8 kW each are enough to have a feeder shed load for nothing.  Of
    the register the *increase* is multiplied, so it never runs back, and meterStop agrees with it.
    """

    name = "meter-falsify"
    layer = "link"
    title = "Falsified meter values"
    about = (
        "Whoever relays the connection multiplies power, current and energy in MeterValues and "
        "the meterStop of StopTransaction. With less than is delivered, energy is stolen; with "
        "more, the customer pays it and the operator sees a load that is not there. The values "
        "agree with each other: only the bus, or a second meter, tells."
    )
    signature = Signature(
        ocpp="MeterValues arrive otherwise than they were sent; registers of both ends part ways",
        can="0x300 tells more current than MeterValues",
        current="as ordered; what is reported of it is a fraction",
    )
    techniques = ("T0856", "T0832")
    severity = 4
    stakes = ("fraud", "grid")
    references = (
        "arXiv 2504.00319 (replay of meter values)",
        "MITRE ATT&CK for ICS T0856 Spoof Reporting Message",
        "arXiv 2404.06635: 84 % of DC stations without TLS",
    )
    needs: ClassVar[frozenset[Need]] = frozenset({"link"})
    claims = frozenset({"meter values"})
    ends = "at once: the next meter values arrive as they were measured"
    undone = "messages pass unchanged"
    Parameters = FalsifyParameters
    strength = Knob("factor", 0.1)
    pace = ("ramp_in_s",)

    def __init__(self) -> None:
        self._register = _Register()
        self._transaction: int | None = None
        self._begun = 0.0
        self._last = 0.0

    async def act(self, run: Run[FalsifyParameters]) -> None:
        self._begun = self._last = run.now
        run.link.intercept(lambda message: self._decide(run, message))
        await run.for_ever()

    def _decide(self, run: Run[FalsifyParameters], message: Passing) -> Deed | None:
        if message.sender != "charge_point" or message.kind != "call":
            return None
        told = self._told(run, message)
        if told is None or told == message.payload:
            return None
        return Deed(_in_words(message, told), (Let(message.saying(told)),))

    def _told(self, run: Run[FalsifyParameters], message: Passing) -> dict[str, Any] | None:
        """The payload as it is to arrive; None where it is not about meter values."""
        payload: dict[str, Any] = message.payload
        if meter_values_of(message, run.connector):
            self._transaction = payload.get("transactionId", self._transaction)
            values = payload["meterValue"]
            for true in samples(values, REGISTER):
                self._count(run, true)
            return payload | {"meterValue": rewritten(values, self._change(run, values))}
        if message.action == "StartTransaction" and payload["connectorId"] == run.connector:
            return payload | {"meterStart": int(self._count(run, payload["meterStart"]))}
        if message.action == "StopTransaction" and self._register:
            if payload["transactionId"] != self._transaction:
                return None
            told = payload | {"meterStop": int(self._count(run, payload["meterStop"]))}
            if data := payload.get("transactionData"):
                told["transactionData"] = rewritten(data, self._change(run, data))
            return told
        return None

    def _count(self, run: Run[FalsifyParameters], true: float) -> float:
        """Take in a reading of the register; returns what is told of it."""
        factor, offset = self._now(run)
        extra = offset * (run.now - self._last) / 3600 if self._register else 0.0
        self._last = run.now
        return self._register.add(true, factor, extra)

    def _now(self, run: Run[FalsifyParameters]) -> tuple[float, float]:
        """Factor and offset at this moment of the ramp."""
        wanted = run.parameters
        ramp = wanted.ramp_in_s
        share = 1.0 if ramp <= 0 else min(1.0, (run.now - self._begun) / ramp)
        return 1 + (wanted.factor - 1) * share, wanted.offset_w * share

    def _change(self, run: Run[FalsifyParameters], values: list[dict[str, Any]]) -> Any:
        factor, offset = self._now(run)
        voltage = next(samples(values, "Voltage"), 0.0)

        def change(measurand: str, number: float) -> float:
            if measurand == REGISTER:
                return float(int(self._register.at(number)))
            if measurand == POWER:
                return max(0.0, number * factor + offset)
            if measurand == CURRENT:
                return max(0.0, number * factor + (offset / voltage if voltage else 0.0))
            return number * factor if measurand == INTERVAL else number

        return change


def _in_words(message: Passing, told: dict[str, Any]) -> str:
    if message.action != "MeterValues":
        key = "meterStop" if message.action == "StopTransaction" else "meterStart"
        return f"{message.action} {message.payload[key]:,} Wh told as {told[key]:,} Wh"
    for measurand, unit in ((POWER, "W"), (CURRENT, "A"), (REGISTER, "Wh")):
        true = next(samples(message.payload["meterValue"], measurand), None)
        instead = next(samples(told["meterValue"], measurand), None)
        if true is not None and instead is not None and true != instead:
            return f"MeterValues {true:,.0f} {unit} told as {instead:,.0f} {unit}"
    return "MeterValues changed"

"""The repeated current fluctuation at the link: limits that the central system never set."""

from __future__ import annotations

from typing import Any, ClassVar

from evtui.anomalies.api import Anomaly, Cycle, Knob, Need, Parameters, Signature, parameter
from evtui.anomalies.run import Run
from evtui.anomalies.targets import Deed
from evtui.durations import Seconds
from evtui.kinds import Choice, Integer, Number
from evtui.ocppj import Let, Passing

__all__ = ["FluctuationLink", "LinkFluctuation"]

LOOK_EVERY = 1.0
"""s between two looks at the mode."""

FORGED = "forged SetChargingProfile"

MOST_PERIODS = "ChargingScheduleMaxPeriods"
HIGHEST_LEVEL = "ChargeProfileMaxStackLevel"


class LinkFluctuation(Parameters):
    """What one can tweak.

    Raises:
        ValueError: low is above high.
    """

    mode: str = parameter(
        Choice("forge", "edit"),
        "send limits of one's own, or edit those that come",
        default="forge",
    )
    low_a: float = parameter(Number(0.0, 1000.0, "A"), "lower limit", default=0.0)
    high_a: float = parameter(Number(0.0, 1000.0, "A"), "upper limit", default=100.0)
    period_s: float = parameter(Seconds(2.0, 600.0), "of one swing", default=8.0)
    duty: float = parameter(Number(0.1, 0.9), "share of it at the upper limit", default=0.5)
    cycles: int = parameter(Integer(0, 1_000_000), "0 for endless; of mode forge", default=0)

    def __post_init__(self) -> None:
        if self.low_a > self.high_a:
            raise ValueError(f"low_a is {self.low_a:g} A, above high_a, {self.high_a:g} A")

    @property
    def waits(self) -> tuple[float, float]:
        """s at the lower and at the upper limit."""
        high = self.period_s * self.duty
        return self.period_s - high, high


class FluctuationLink(Anomaly[LinkFluctuation]):
    """The current swings although the central system asked for a constant one, or for nothing.

    In mode ``forge`` whoever sits on the link sends SetChargingProfile calls of its own to the
    charge point, at the highest stack level, and keeps the answers: the central system sees
    nothing at all.  It names the transaction once it has learnt its id from a message that
    passes, and sets a TxDefaultProfile until then, which a TxProfile of the central system
    outdoes.  Mode ``edit`` sends nothing: a SetChargingProfile, or the profile of a
    RemoteStartTransaction, that comes by is given a schedule that swings, with as many periods as
    the station takes (100 here: 50 swings); where none comes by nothing happens.
    """

    name = "fluctuation-link"
    layer = "link"
    title = "Fluctuation at the link"
    about = (
        "Whoever relays the connection has the current swing between two limits: by forged "
        "SetChargingProfile calls, or by editing the schedule of one that the central system "
        "sends. The charge point obeys what looks like its central system; that sees nothing but "
        "the current in the meter values."
    )
    signature = Signature(
        ocpp="SetChargingProfile that arrives and was not sent, or not so",
        can="SetLimit at the pace of the swing",
        current="swings between low and high",
    )
    techniques = ("T0806", "T0830", "T0855")
    severity = 4
    stakes = ("grid", "safety")
    references = (
        "arXiv 2404.06635: 84 % of DC stations without TLS",
        "Sarieddine et al. 2023, arXiv 2302.12890",
    )
    needs: ClassVar[frozenset[Need]] = frozenset({"link"})
    knows_station: ClassVar[bool] = True
    claims = frozenset({"limit"})
    ends = "when the current is as the central system ordered it"
    undone = "ClearChargingProfile for forged profiles; edited ones are sent as they were"
    Parameters = LinkFluctuation
    pace = ("period_s",)
    strength = Knob("high_a", 10.0)
    floor = Knob("low_a", 2.0)

    def __init__(self) -> None:
        self._transaction: int | None = None
        self._starting = ""
        self._default_id = self._transaction_id = 0

    @classmethod
    def cycle_of(cls, parameters: LinkFluctuation) -> Cycle:
        return Cycle(2, parameters.period_s)

    @classmethod
    def longest(cls, parameters: LinkFluctuation) -> float | None:
        return super().longest(parameters) if parameters.mode == "forge" else None

    async def act(self, run: Run[LinkFluctuation]) -> None:
        self._default_id = next(run.site.profile_ids)
        self._transaction_id = next(run.site.profile_ids)
        run.link.intercept(lambda message: self._decide(run, message))
        cycles = 0
        while True:
            if run.parameters.mode == "edit":
                await run.link.clear_forged(run.attempt)
                await run.wait(LOOK_EVERY)
                continue
            if run.parameters.cycles and cycles >= run.parameters.cycles:
                return
            cycles += 1
            run.cycle()
            await self._swing(run)

    async def _swing(self, run: Run[LinkFluctuation]) -> None:
        for upper in (False, True):
            parameters = run.parameters
            amperes, other = parameters.low_a, parameters.high_a
            if upper:
                amperes, other = other, amperes
            await run.step(f"{FORGED} {amperes:g} A", self._forge(run, amperes))
            await run.wait(run.parameters.waits[upper], f"{FORGED} {other:g} A")

    async def _forge(self, run: Run[LinkFluctuation], amperes: float) -> str:
        named = self._transaction
        return await run.link.forge_limit(
            self._default_id if named is None else self._transaction_id,
            amperes,
            transaction=named,
            stack_level=int(run.site.charge_point.configuration.number(HIGHEST_LEVEL)),
        )

    # What comes by

    def _decide(self, run: Run[LinkFluctuation], message: Passing) -> Deed | None:
        payload = message.payload
        if message.sender == "charge_point":
            self._learn(run, message)
        elif message.kind == "result" and message.uid == self._starting:
            self._transaction = payload.get("transactionId")
        elif message.kind == "call" and run.parameters.mode == "edit":
            return self._edit(run, message)
        return None

    def _learn(self, run: Run[LinkFluctuation], message: Passing) -> None:
        """Which transaction runs, from what the charge point says of it."""
        payload = message.payload
        if message.kind != "call":
            return
        if message.action == "StopTransaction":
            if payload.get("transactionId") == self._transaction:
                self._transaction = None
        elif payload.get("connectorId") == run.connector:
            if message.action == "StartTransaction":
                self._starting = message.uid
            elif message.action == "MeterValues":
                self._transaction = payload.get("transactionId", self._transaction)

    def _edit(self, run: Run[LinkFluctuation], message: Passing) -> Deed | None:
        payload: dict[str, Any] = message.payload
        if message.action == "SetChargingProfile":
            key, about = "csChargingProfiles", payload.get("connectorId")
        elif message.action == "RemoteStartTransaction":
            key, about = "chargingProfile", payload.get("connectorId", run.connector)
        else:
            return None
        if key not in payload or about not in (0, run.connector):
            return None
        if message.action == "SetChargingProfile":
            run.link.put_back(payload)
        swinging = payload | {key: self._swinging(run, payload[key])}
        parameters = run.parameters
        label = f"{message.action}: made to swing, {parameters.low_a:g} to {parameters.high_a:g} A"
        return Deed(label, (Let(message.saying(swinging)),))

    def _swinging(self, run: Run[LinkFluctuation], profile: dict[str, Any]) -> dict[str, Any]:
        """A profile with a schedule that swings from now on, in whole seconds (section 7.14)."""
        parameters = run.parameters
        most = int(run.site.charge_point.configuration.number(MOST_PERIODS))
        waits = [max(1, round(wait)) for wait in parameters.waits]
        limits = [parameters.low_a, parameters.high_a]
        periods, start = [], 0
        for number in range(most - most % 2):
            limit = round(limits[number % 2], 1)
            periods.append({"startPeriod": start, "limit": limit})
            start += waits[number % 2]
        schedule = {
            "startSchedule": run.site.clock.iso(),
            "chargingRateUnit": "A",
            "chargingSchedulePeriod": periods,
        }
        return profile | {"chargingProfileKind": "Absolute", "chargingSchedule": schedule}

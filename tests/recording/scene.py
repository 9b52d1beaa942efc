"""A lab made up for tests of recording: it publishes what the real one would."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Literal

from evtui.attacks import ParameterValue
from evtui.events import (
    Alarm,
    AnomalyState,
    CanFrame,
    Detection,
    Event,
    EventStream,
    OcppMessage,
    Sample,
    as_json,
)
from evtui.violations import Violation, told_by

START_UTC = 1_767_225_600.0
STATION = "CP1"
ATTACK = (40.0, 80.0)
"""s, injector on and off."""

Kind = Literal["call", "result", "error", "invalid"]


class Clock:
    """Lab time that a test sets."""

    def __init__(self, start_utc: float = START_UTC) -> None:
        self.start_utc = start_utc
        self.time = 0.0

    def now(self) -> float:
        return self.time


class Scene:
    """Plays the lab: publishes what one would, on a stream of its own."""

    def __init__(self, subscriber: Callable[[Event], None], station: str = STATION) -> None:
        self.clock = Clock()
        self.stream = EventStream(self.clock)
        self.stream.subscribe(subscriber)
        self.station = station
        self.current = 0.0
        self.limit = 100.0
        self.energy = 0.0
        self.reported: float | None = None
        self.transaction: int | None = None
        self._uid = 0

    def exchange(
        self, action: str, call: dict[str, Any], result: dict[str, Any], *, to_station: bool = False
    ) -> OcppMessage:
        """A call and its result, each seen at both ends; returns the call as delivered."""
        self._uid += 1
        uid = f"m{self._uid}"
        asker: Literal["central_system", "charge_point"]
        asker = "central_system" if to_station else "charge_point"
        other: Literal["central_system", "charge_point"]
        other = "charge_point" if to_station else "central_system"
        sent = self.message(uid, action, call, sender=asker, kind="call")
        self.clock.time += 0.001
        arrived = self.message(
            uid, action, call, sender=asker, kind="call", phase="delivered", cause=sent.seq
        )
        answer = self.message(
            uid, action, result, sender=other, kind="result", cause=arrived.seq, latency=0.0
        )
        self.clock.time += 0.001
        self.message(
            uid,
            action,
            result,
            sender=other,
            kind="result",
            phase="delivered",
            cause=answer.seq,
            latency=0.002,
        )
        return arrived

    def message(
        self,
        uid: str,
        action: str,
        payload: Any,
        *,
        sender: Literal["central_system", "charge_point"] = "charge_point",
        kind: Kind = "call",
        phase: Literal["sent", "delivered"] = "sent",
        cause: int | None = None,
        latency: float | None = None,
        text: str = "",
        violation: str = "",
    ) -> OcppMessage:
        """One message as one end sees it."""
        at_station = (sender == "charge_point") == (phase == "sent")
        connector = payload.get("connectorId") if isinstance(payload, dict) else None
        return self.stream.publish(
            OcppMessage(
                source=self.station if at_station else "csms",
                station=self.station,
                sender=sender,
                phase=phase,
                kind=kind,
                uid=uid,
                action=action,
                body=as_json(payload),
                connector=connector,
                cause=cause,
                latency=latency,
                text=text,
                link=1,
                violation=(
                    Violation("", violation, kind="tolerated")
                    if violation
                    else told_by(kind, "", "")
                ),
            )
        )

    def frame(self, arbitration_id: int, data: bytes, node: str, cause: int | None = None) -> None:
        """One frame; its last bit passed a quarter of a millisecond ago."""
        self.stream.publish(
            CanFrame(
                source=node,
                station=self.station,
                bus=f"{self.station}/can",
                node=node,
                arbitration_id=arbitration_id,
                data=data,
                cause=cause,
            )
        )

    def sample(self) -> None:
        """What the power stage does now, and the 0x300 frame that says so."""
        self.energy += self.current * 400.0 * 0.1 / 3600
        self.stream.publish(
            Sample(
                source=self.station,
                station=self.station,
                connector=1,
                current=self.current,
                limit=self.limit,
                target=self.limit if self.transaction else 0.0,
                voltage=400.0,
                power=self.current * 400.0,
                energy=self.energy,
                temperature=25.0 + self.current / 50,
                contactor=self.transaction is not None,
                status="Charging" if self.transaction else "Preparing",
                reported=self.reported,
                soc=35.0 + self.energy / 600,
                transaction_id=self.transaction,
                phase="charging" if self.transaction else "idle",
            )
        )
        self.frame(0x300, round(self.current).to_bytes(2, "little"), "module")

    def meter_values(self) -> None:
        """MeterValues with six measurands and its empty answer."""
        self.reported = round(self.current, 1)
        measured = {
            "Current.Import": ("A", self.reported),
            "Current.Offered": ("A", self.limit),
            "Voltage": ("V", 400.0),
            "Power.Active.Import": ("W", round(self.current * 400)),
            "Energy.Active.Import.Register": ("Wh", round(self.energy)),
            "SoC": ("Percent", 35),
        }
        values = [
            {"value": str(value), "context": "Sample.Periodic", "measurand": name, "unit": unit}
            for name, (unit, value) in measured.items()
        ]
        payload = {
            "connectorId": 1,
            "transactionId": self.transaction,
            "meterValue": [{"timestamp": "2026-01-01T00:00:00Z", "sampledValue": values}],
        }
        self.exchange("MeterValues", payload, {})

    def truth(
        self,
        change: Literal["on", "cycle", "step", "parameters", "off", "safe", "failed"],
        *,
        active: bool = True,
        attack_id: str = "fluctuation-1",
        parameters: dict[str, ParameterValue] | None = None,
        step_label: str = "",
    ) -> AnomalyState:
        """What the injector says."""
        return self.stream.publish(
            AnomalyState(
                source="injector",
                station=self.station,
                connector=1,
                attack_id=attack_id,
                anomaly="repeated-current-fluctuation",
                change=change,
                active=active,
                variant="txprofile",
                parameters=parameters or {"low_a": 0.0, "high_a": 100.0},
                step_label=step_label,
                period=8.0,
            )
        )

    def set_limit(self, limit: float) -> None:
        """SetChargingProfile, and the 0x210 frame that it causes."""
        profile = {"chargingProfileId": 7, "chargingProfilePurpose": "TxProfile", "limit": limit}
        arrived = self.exchange(
            "SetChargingProfile",
            {"connectorId": 1, "csChargingProfiles": profile},
            {"status": "Accepted"},
            to_station=True,
        )
        self.limit = limit
        self.frame(0x210, round(limit).to_bytes(2, "little"), "charge-point", arrived.seq)

    def alarm(
        self,
        view: str,
        *,
        raised: bool = True,
        attack_id: str = "fluctuation-1",
        scored_after: float = 0.0,
    ) -> None:
        """An alarm; a raised one is joined with the truth, ``scored_after`` s later."""
        alarm = self.stream.publish(
            Alarm(
                source=f"current-reversals/{view}",
                station=self.station,
                connector=1,
                detector="current-reversals",
                view=view,
                raised=raised,
                evidence='4 reversals of 8 A in 60 s, "often"',
            )
        )
        if raised:
            self.clock.time += scored_after
            self.stream.publish(
                Detection(
                    source="scorer",
                    cause=alarm.seq,
                    station=self.station,
                    detector="current-reversals",
                    view=view,
                    attack_id=attack_id,
                    time_to_detect=self.clock.time - ATTACK[0] - 0.2 if attack_id else None,
                )
            )

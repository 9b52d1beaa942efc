"""A lab without an engine: a canned story on a clock that a test moves."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import Future
from typing import Any, Literal

from evtui.attacks import ParameterValue
from evtui.commands import Outcome
from evtui.events import (
    Alarm,
    AnomalyState,
    BusLoad,
    CanFrame,
    CentralSystemState,
    ConnectorState,
    Detection,
    Event,
    EventReader,
    EventStream,
    LabState,
    LinkState,
    OcppMessage,
    Role,
    Sample,
    TransactionState,
    as_json,
)

START_UTC = 1_760_011_261.0  # 2025-10-09 12:01:01 UTC

WAITS = (2.0, 1.0, 2.0, 3.0)
PARAMETERS: dict[str, ParameterValue] = {
    "low_a": 0.0,
    "high_a": 100.0,
    "wait_1_s": 2.0,
    "wait_2_s": 1.0,
    "wait_3_s": 2.0,
    "wait_4_s": 3.0,
    "cycles": 0.0,
    "jitter": 0.0,
}


class FakeClock:
    """Lab time that stands still until a test moves it."""

    def __init__(self) -> None:
        self.start_utc = START_UTC
        self.t = 0.0

    def now(self) -> float:
        """Lab time in seconds."""
        return self.t


class FakeLab:
    """A ``LabHandle`` that plays a story and remembers the commands it was given.

    Attributes:
        submitted: names of the commands, in order.
        arguments: what came with each of them.
        answer: what the next command answers; an exception fails it.
        data: what it hands over besides.
        behind: s that lab time has fallen behind the computer's clock.
    """

    def __init__(self, *, capacity: int = 20_000) -> None:
        self.clock = FakeClock()
        self.stream = EventStream(self.clock)
        self._reader = self.stream.reader(capacity)
        self.submitted: list[str] = []
        self.arguments: list[dict[str, object]] = []
        self.answer: str | Exception = "done"
        self.data: object = None
        self.behind = 0.0
        self._uid = 0
        self._story: Iterator[float] | None = None
        self._story_t = 0.0

    @property
    def start_utc(self) -> float:
        """Unix time in seconds of lab time 0."""
        return self.clock.start_utc

    @property
    def events(self) -> EventReader:
        """Everything published."""
        return self._reader

    def now(self) -> float:
        """Lab time in seconds."""
        return self.clock.t

    def unix(self) -> float:
        """Unix time in seconds."""
        return self.clock.start_utc + self.clock.t + self.behind

    def submit(self, command: str, **arguments: object) -> Future[Outcome[Any]]:
        """Remember the command and answer at once."""
        self.submitted.append(command)
        self.arguments.append(arguments)
        future: Future[Outcome[Any]] = Future()
        if isinstance(self.answer, Exception):
            future.set_exception(self.answer)
        else:
            future.set_result(Outcome(self.answer, self.data))
        return future

    def publish(self, event: Event) -> int:
        """Put an event on the stream; returns its sequence number."""
        return self.stream.publish(event).seq

    def call(
        self,
        sender: Role,
        action: str,
        payload: Any,
        answer: Any = None,
        *,
        cause: int | None = None,
        station: str = "CP1",
        latency: float = 0.002,
    ) -> int:
        """A request seen at both ends, with its answer unless that is None.

        Returns:
            sequence number of the request's delivery, the cause of what it brings about.
        """
        self._uid += 1
        uid = f"m{self._uid}"
        other: Role = "charge_point" if sender == "central_system" else "central_system"
        phases: tuple[Literal["sent", "delivered"], ...] = ("sent", "delivered")
        common: dict[str, Any] = {"station": station, "uid": uid, "action": action, "link": 1}
        for phase in phases:
            delivered = self.publish(
                OcppMessage(
                    sender=sender,
                    phase=phase,
                    kind="call",
                    body=as_json(payload),
                    cause=cause,
                    **common,
                )
            )
        if answer is not None:
            for phase in phases:
                self.publish(
                    OcppMessage(
                        sender=other,
                        phase=phase,
                        kind="result",
                        body=as_json(answer),
                        latency=latency,
                        **common,
                    )
                )
        return delivered

    def frame(
        self,
        arbitration_id: int,
        data: bytes = b"",
        *,
        node: str = "charge-point",
        cause: int | None = None,
        extended: bool = False,
    ) -> int:
        """A frame on the bus of CP1."""
        return self.publish(
            CanFrame(
                source=node,
                station="CP1",
                bus="CP1/can",
                node=node,
                arbitration_id=arbitration_id,
                data=data,
                cause=cause,
                extended=extended,
            )
        )

    def play(self, until: float, *, attack_from: float | None = 5.0) -> None:
        """Tell the story up to lab time ``until`` in seconds."""
        if self._story is None:
            self._story = self._tell(attack_from)
        while self._story_t <= until + 1e-9:
            self.clock.t = self._story_t
            self._story_t = next(self._story)
        self.clock.t = until

    def _tell(self, attack_from: float | None) -> Iterator[float]:
        self._boot()
        current, limit, transaction, cycle, step = 0.0, 32.0, None, 0, 0
        step_at = attack_from
        reported: float | None = None
        status = "Available"
        for tick in range(1, 1_000_000):
            t = tick / 10
            yield t
            if step_at is not None and t >= step_at - 1e-9:
                if step == 0:
                    cycle += 1
                    self._anomaly("on" if cycle == 1 else "cycle", cycle, -1, t)
                if step == 0:
                    limit = self._limit(0.0)
                elif step == 1:
                    limit = self._limit(100.0)
                elif step == 2:
                    transaction = self._start(cycle)
                    status = "Charging"
                else:
                    self._stop(cycle)
                    transaction, status = None, "Finishing"
                self._anomaly("step", cycle, step, t + WAITS[step])
                step_at += WAITS[step]
                step = (step + 1) % 4
            target = limit if transaction is not None else 0.0
            current += (target - current) * 0.2
            self.frame(0x300, round(current).to_bytes(2, "little"), node="module")
            if transaction is not None and tick % 10 == 0:
                reported = round(current, 1)
                self._meter(transaction, reported)
            self.publish(
                Sample(
                    source="CP1",
                    station="CP1",
                    connector=1,
                    current=current,
                    limit=limit,
                    target=target,
                    reported=reported,
                    voltage=400.0,
                    power=current * 400,
                    energy=0.0,
                    temperature=30.0,
                    contactor=transaction is not None,
                    status=status,
                    transaction_id=transaction,
                )
            )
            if tick % 10 == 0:
                self.publish(
                    BusLoad(
                        station="CP1",
                        bus="CP1/can",
                        bitrate=500_000,
                        load_pct=0.2,
                        frames_per_s=10.0,
                        frames=tick,
                    )
                )
            if cycle == 3 and step == 3 and transaction is not None and tick % 100 == 53:
                self.alarm()

    def alarm(self) -> None:
        """The detector notices."""
        shared: dict[str, Any] = {
            "station": "CP1",
            "detector": "current-reversals",
            "view": "can",
        }
        self.publish(
            Alarm(connector=1, raised=True, evidence="4 reversals of 8 A in 60 s", **shared)
        )
        self.publish(Detection(attack_id="fluctuation-1", time_to_detect=19.1, **shared))

    def _boot(self) -> None:
        self.publish(CentralSystemState(url="ws://127.0.0.1:9000", listening=True))
        self.publish(
            LabState(
                station="CP1",
                preset="seed",
                strict=False,
                plugged=True,
                meter_interval=1.0,
                detector_views=("can",),
            )
        )
        self.publish(LinkState(station="CP1", side="charge_point", state="connected"))
        self.call(
            "charge_point",
            "BootNotification",
            {"chargePointVendor": "evtui", "chargePointModel": "lab"},
            {"status": "Accepted", "currentTime": "2025-10-09T12:01:01.000Z", "interval": 10},
        )
        self.publish(LinkState(station="CP1", side="charge_point", state="accepted"))
        for connector in (0, 1):
            self._status(connector, "Available")

    def _status(self, connector: int, status: str, *, cause: int | None = None) -> None:
        self.publish(ConnectorState(station="CP1", connector=connector, status=status))
        self.call(
            "charge_point",
            "StatusNotification",
            {"connectorId": connector, "status": status, "errorCode": "NoError"},
            {},
            cause=cause,
        )

    def _limit(self, amperes: float) -> float:
        schedule = {
            "chargingRateUnit": "A",
            "chargingSchedulePeriod": [{"startPeriod": 0, "limit": amperes}],
        }
        profile = {
            "chargingProfileId": 1,
            "stackLevel": 0,
            "chargingProfilePurpose": "TxProfile",
            "chargingProfileKind": "Absolute",
            "chargingSchedule": schedule,
        }
        cause = self.call(
            "central_system",
            "SetChargingProfile",
            {"connectorId": 1, "csChargingProfiles": profile},
            {"status": "Accepted"},
        )
        self.frame(0x210, round(amperes).to_bytes(2, "little"), cause=cause)
        return amperes

    def _start(self, transaction: int) -> int:
        cause = self.call(
            "central_system",
            "RemoteStartTransaction",
            {"idTag": "EVTUI", "connectorId": 1},
            {"status": "Accepted"},
        )
        self.call(
            "charge_point",
            "StartTransaction",
            {"connectorId": 1, "idTag": "EVTUI", "meterStart": 0},
            {"transactionId": transaction, "idTagInfo": {"status": "Accepted"}},
            cause=cause,
            latency=0.003,
        )
        self.frame(0x200, cause=cause)
        self.publish(
            TransactionState(
                station="CP1",
                connector=1,
                state="started",
                transaction_id=transaction,
                meter=0,
                id_tag="EVTUI",
            )
        )
        self._status(1, "Charging", cause=cause)
        return transaction

    def _stop(self, transaction: int) -> None:
        cause = self.call(
            "central_system",
            "RemoteStopTransaction",
            {"transactionId": transaction},
            {"status": "Accepted"},
        )
        self.frame(0x201, cause=cause)
        self.call(
            "charge_point",
            "StopTransaction",
            {"transactionId": transaction, "meterStop": 22 * transaction, "reason": "Remote"},
            {},
            cause=cause,
        )
        self.publish(
            TransactionState(
                station="CP1",
                connector=1,
                state="stopped",
                transaction_id=transaction,
                meter=22 * transaction,
                id_tag="EVTUI",
                reason="Remote",
            )
        )
        self._status(1, "Finishing", cause=cause)

    def _meter(self, transaction: int, current: float) -> None:
        sampled = [{"value": f"{current}", "measurand": "Current.Import", "unit": "A"}]
        self.call(
            "charge_point",
            "MeterValues",
            {
                "connectorId": 1,
                "transactionId": transaction,
                "meterValue": [{"timestamp": "2025-10-09T12:01:10Z", "sampledValue": sampled}],
            },
            {},
            latency=0.001,
        )

    def _anomaly(self, change: Any, cycle: int, step: int, next_at: float) -> None:
        labels = ("Profile 0 A", "Profile 100 A", "RemoteStart", "RemoteStop")
        self.publish(
            AnomalyState(
                station="CP1",
                connector=1,
                attack_id="fluctuation-1",
                anomaly="repeated-current-fluctuation",
                change=change,
                active=True,
                variant="seed",
                parameters=PARAMETERS,
                cycle=cycle,
                step=step,
                steps=4,
                step_label=labels[step] if step >= 0 else "",
                next_label=labels[(step + 1) % 4],
                next_at=next_at,
                period=8.0,
            )
        )

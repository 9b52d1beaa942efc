"""More of the canned story: further charge points of ours, further connectors, foreign ones."""

from __future__ import annotations

from evtui.events import (
    AnomalyState,
    CentralSystemLoad,
    ConnectorState,
    LabState,
    LinkState,
    QueueState,
    Sample,
    TransactionState,
)
from tests.tui.fake_lab import PARAMETERS, FakeLab

__all__ = [
    "asks",
    "attack",
    "connector",
    "flows",
    "foreign",
    "load",
    "offline",
    "several",
    "two_connectors",
]


def connector(lab: FakeLab, station: str = "CP1", number: int = 2, *, plugged: bool = True) -> None:
    """Another connector of ours, at rest."""
    lab.publish(
        LabState(
            station=station,
            connector=number,
            preset="dc",
            strict=False,
            plugged=plugged,
            meter_interval=1.0,
            detector_views=("can",),
        )
    )
    lab.publish(LinkState(station=station, side="charge_point", state="accepted"))
    lab.publish(ConnectorState(station=station, connector=number, status="Available"))
    flows(lab, station, number, 0.0)


def flows(lab: FakeLab, station: str, number: int, current: float, limit: float = 32.0) -> None:
    """A current at a connector of ours."""
    lab.publish(
        Sample(
            source=station,
            station=station,
            connector=number,
            current=current,
            limit=limit,
            target=current,
            voltage=400.0,
            power=current * 400,
            energy=0.0,
            temperature=30.0,
            contactor=current > 0,
            status="Charging" if current else "Available",
        )
    )


def charges(lab: FakeLab, station: str, number: int, transaction: int) -> None:
    """A transaction begins at a connector of ours."""
    lab.publish(
        TransactionState(
            station=station,
            connector=number,
            state="started",
            transaction_id=transaction,
            meter=0,
            id_tag="EVTUI",
        )
    )
    lab.publish(ConnectorState(station=station, connector=number, status="Charging"))


def attack(lab: FakeLab, station: str, number: int) -> None:
    """An anomaly begins at a connector of ours."""
    lab.publish(
        AnomalyState(
            station=station,
            connector=number,
            attack_id=f"fluctuation-{station.removeprefix('CP')}{number}",
            anomaly="repeated-current-fluctuation",
            change="on",
            active=True,
            variant="txprofile",
            parameters=PARAMETERS,
            cycle=1,
            steps=4,
            period=8.0,
        )
    )


def offline(lab: FakeLab, station: str = "CP1", queued: int = 12) -> None:
    """A charge point of ours has lost its connection and keeps what it has to tell."""
    lab.publish(
        LinkState(station=station, side="charge_point", state="offline", detail="close 1006")
    )
    lab.publish(QueueState(station=station, queued=queued, capacity=10_000, oldest=lab.now()))


def two_connectors(lab: FakeLab, until: float) -> None:
    """The story at connector 1, ordinary charging at connector 2."""
    lab.play(1.0)
    connector(lab)
    charges(lab, "CP1", 2, 9)
    for second in range(2, int(until) + 1):
        lab.play(float(second))
        flows(lab, "CP1", 2, 31.4)


def several(lab: FakeLab, until: float) -> None:
    """The story at CP1, another charge point CP2 with two connectors, and a foreign one."""
    two_connectors(lab, 6.0)
    for number in (1, 2):
        connector(lab, "CP2", number)
    charges(lab, "CP2", 1, 10)
    attack(lab, "CP2", 1)
    foreign(lab)
    for second in range(7, int(until) + 1):
        lab.play(float(second))
        flows(lab, "CP1", 2, 31.4)
        flows(lab, "CP2", 1, 98.8)


def foreign(lab: FakeLab, identity: str = "WALLBOX-7") -> None:
    """A foreign station connects, boots and charges."""
    lab.publish(LinkState(station=identity, side="central_system", state="connected"))
    boot = {
        "chargePointVendor": "Acme",
        "chargePointModel": "Wall Eleven",
        "firmwareVersion": "4.2.1",
    }
    answer = {"status": "Accepted", "currentTime": "2025-10-09T12:01:01Z", "interval": 10}
    lab.call("charge_point", "BootNotification", boot, answer, station=identity)
    lab.publish(LinkState(station=identity, side="central_system", state="accepted"))
    for number, status in ((0, "Available"), (1, "Charging"), (2, "Available")):
        told = {"connectorId": number, "status": status, "errorCode": "NoError"}
        lab.call("charge_point", "StatusNotification", told, {}, station=identity)
    begun = {
        "connectorId": 1,
        "idTag": "CARD",
        "meterStart": 0,
        "timestamp": "2025-10-09T12:00:00Z",
    }
    started = {"transactionId": 77, "idTagInfo": {"status": "Accepted"}}
    lab.call("charge_point", "StartTransaction", begun, started, station=identity)


def asks(lab: FakeLab, identity: str = "STRANGER") -> None:
    """A station that nobody knows connects, boots, and is told to wait."""
    lab.publish(LinkState(station=identity, side="central_system", state="connected"))
    boot = {"chargePointVendor": "Nobody", "chargePointModel": "X1"}
    answer = {"status": "Pending", "currentTime": "2025-10-09T12:01:01Z", "interval": 10}
    lab.call("charge_point", "BootNotification", boot, answer, station=identity)
    lab.publish(LinkState(station=identity, side="central_system", state="asking"))


def load(lab: FakeLab, invalid: int = 3, throttled: int = 0) -> None:
    """What the central system says it carries."""
    lab.publish(
        CentralSystemLoad(
            connections=3,
            connections_max=5_000,
            calls_per_s=2.0,
            refused=1,
            invalid=invalid,
            throttled=throttled,
        )
    )

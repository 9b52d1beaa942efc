"""How the parts of the lab are: central system, links, queues, connectors, transactions."""

from __future__ import annotations

from typing import Annotated, Literal

from evtui.events.base import Event, about
from evtui.events.traffic import Role

__all__ = [
    "ArmingState",
    "CanInterfaceState",
    "CentralSystemLoad",
    "CentralSystemState",
    "ConnectorState",
    "LabState",
    "LinkState",
    "PartState",
    "PeriodicState",
    "QueueState",
    "TransactionState",
]


class CentralSystemState(Event, frozen=True, kw_only=True):
    """The central system listens, or does not."""

    url: Annotated[str, about("`ws://127.0.0.1:9000`; for a foreign central system its URL.")]
    listening: Annotated[bool, about("True while it accepts connections.")]
    ours: Annotated[bool, about("False when `--csms` points at somebody else's.")] = True
    detail: Annotated[str, about("why it does not listen.")] = ""


class CanInterfaceState(Event, frozen=True, kw_only=True):
    """A real CAN bus that a lab's bus is joined to; told when its state changes, and while frames
    pass at most once a second.
    """

    station: Annotated[str, about("charge point the bus belongs to.")]
    bus: Annotated[str, about("name of the lab's bus, `CP1/can`.")]
    interface: Annotated[
        str, about("interface and channel, `slcan:/dev/ttyACM0`; the node of its frames too.")
    ]
    side: Annotated[
        str, about("which end of it is ours: `controller`, `module`, `both` or `neither`.")
    ]
    listen_only: Annotated[bool, about("True where nothing is ever sent.")]
    state: Annotated[
        Literal["opening", "open", "lost", "failed", "closed"],
        about("`opening`, `open`, `lost` after it was open, `failed` to open, or `closed`."),
    ]
    detail: Annotated[str, about("why it is not open.")] = ""
    bitrate: Annotated[
        int | None, about("bit/s, None where nobody has said: the adapter knows it.")
    ] = None
    load_pct: Annotated[
        float | None,
        about(
            "share of the bit rate that the frames of the last second took, per cent, as far as "
            "they have come here or gone from here; None without a bit rate."
        ),
    ] = None
    next_try: Annotated[
        float | None, about("lab time in s of the next attempt to open it, None where none is due.")
    ] = None
    armed_until: Annotated[
        float | None,
        about("lab time in s until which anomalies may send there; None while they may not."),
    ] = None
    received: Annotated[int, about("frames that have come from it since the start.")] = 0
    errors: Annotated[int, about("error frames among them.")] = 0
    dropped: Annotated[int, about("frames from it for which there was no room.")] = 0
    malformed: Annotated[int, about("what came and is no frame that the lab's bus carries.")] = 0
    sent: Annotated[int, about("frames handed to its driver.")] = 0
    unsent: Annotated[int, about("frames that its driver did not take, or found it closed.")] = 0
    withheld: Annotated[
        int, about("frames kept off it: it is only listened to, or was not armed.")
    ] = 0


class CentralSystemLoad(Event, frozen=True, kw_only=True):
    """What our central system carries and where it drew a line; told when it changed, at most
    once a second.
    """

    connections: Annotated[int, about("stations connected now.")]
    connections_max: Annotated[int, about("most that are let in.")]
    calls_per_s: Annotated[float, about("calls of stations answered in the last second.")] = 0.0
    refused: Annotated[
        int, about("connections not let in since the start, failed handshakes among them.")
    ] = 0
    invalid: Annotated[int, about("broken messages since the start.")] = 0
    oversize: Annotated[
        int, about("messages over the size limit since the start; each cost its connection.")
    ] = 0
    throttled: Annotated[
        int, about("messages held back since the start, because a station sent too many.")
    ] = 0
    evicted: Annotated[
        int, about("connections closed since the start because their station came again.")
    ] = 0
    abandoned: Annotated[
        int,
        about(
            "transactions closed since the start without a StopTransaction, because their "
            "connector became Available or started another."
        ),
    ] = 0


class QueueState(Event, frozen=True, kw_only=True):
    """What a charge point still has to tell its central system; told when it changed."""

    station: Annotated[str, about("identity of the charge point.")]
    queued: Annotated[int, about("messages of transactions that are kept until they are answered.")]
    capacity: Annotated[int, about("most that are kept.")]
    lost: Annotated[int, about("messages of transactions given up since the start.")] = 0
    oldest: Annotated[
        float | None, about("lab time in s of the oldest, None when nothing is queued.")
    ] = None


class LinkState(Event, frozen=True, kw_only=True):
    """A charge point's connection, seen by the end named in ``side``."""

    station: Annotated[str, about("identity of the charge point.")]
    side: Annotated[Role, about("`charge_point` or `central_system`.")]
    state: Annotated[
        str,
        about(
            "`connecting`, `connected`, `booting`, `pending`, `rejected`, `accepted` or "
            "`offline`; seen from the central system `asking` means that somebody has to say "
            "whether the station is let in."
        ),
    ]
    detail: Annotated[str, about("close code, reason.")] = ""
    next_try: Annotated[
        float | None, about("lab time in s of the next attempt to connect, None where none is due.")
    ] = None


class ArmingState(Event, frozen=True, kw_only=True):
    """A charge point of somebody else may be injected at, or no longer."""

    station: Annotated[str, about("identity of the charge point.")]
    armed_until: Annotated[
        float | None, about("lab time in s at which that ends; None while it may not.")
    ] = None


class ConnectorState(Event, frozen=True, kw_only=True):
    """Status of a connector as OCPP 1.6 section 4.9 defines it; connector 0 is the station."""

    station: Annotated[str, about("identity of the charge point.")]
    connector: Annotated[int, about("connectorId; 0 is the station.")]
    status: Annotated[str, about("OCPP 1.6 ChargePointStatus.")]
    error_code: Annotated[str, about("OCPP 1.6 ChargePointErrorCode.")] = "NoError"
    info: Annotated[str, about("what the StatusNotification says beside it.")] = ""


class TransactionState(Event, frozen=True, kw_only=True):
    """A transaction started or stopped at the charge point."""

    station: Annotated[str, about("identity of the charge point.")]
    connector: Annotated[int, about("connectorId, from 1.")]
    state: Annotated[Literal["started", "stopped"], about("`started` or `stopped`.")]
    transaction_id: Annotated[
        int | None, about("as the central system issued it; None while it has not answered.")
    ]
    meter: Annotated[int, about("Wh, meterStart or meterStop.")]
    id_tag: Annotated[str, about("id tag that started it.")]
    reason: Annotated[str, about("OCPP 1.6 Reason, when stopped.")] = ""


class PartState(Event, frozen=True, kw_only=True):
    """A supervised part of the lab: ``running``, ``crashed``, ``stopped``."""

    part: Annotated[str, about("name: `csms`, `CP1`, `CP1/module`, ...")]
    state: Annotated[
        Literal["running", "crashed", "stopped"], about("`running`, `crashed` or `stopped`.")
    ]
    detail: Annotated[str, about("one line for people: why it crashed.")] = ""


class LabState(Event, frozen=True, kw_only=True):
    """Settings that can change while the lab runs."""

    station: Annotated[str, about("identity of the charge point.")]
    preset: Annotated[str, about("power stage preset: `seed`, `dc`, `ccs` or `ac`.")]
    strict: Annotated[bool, about("True when a TxProfile without a transaction is rejected.")]
    plugged: Annotated[bool, about("True while a vehicle is plugged in.")]
    meter_interval: Annotated[float, about("s between MeterValues.")]
    detector_views: Annotated[
        tuple[str, ...], about("which feeds the detector reads: `can`, `ocpp` or both.")
    ]
    connector: Annotated[
        int,
        about(
            "connectorId that `plugged`, `anomaly` and `vehicle` are about; the rest is the "
            "station's."
        ),
    ] = 1
    anomaly: Annotated[str, about("the anomaly that the keys act on.")] = (
        "repeated-current-fluctuation"
    )
    vehicle: Annotated[
        str, about("name of the vehicle there, `recorded` for one that follows a session.")
    ] = "battery"


class PeriodicState(Event, frozen=True, kw_only=True):
    """A CAN message that somebody sends again and again by hand begins, is changed or ends."""

    station: Annotated[str, about("charge point the bus belongs to.")]
    bus: Annotated[str, about("name of the bus, `CP1/can`.")]
    message: Annotated[str, about("name in the DBC.")]
    change: Annotated[Literal["on", "changed", "off"], about("`on`, `changed` or `off`.")]
    arbitration_id: Annotated[int, about("11 or 29 bits.")]
    period: Annotated[float, about("s from one to the next.")]
    values: Annotated[dict[str, float], about("of its signals, by name, in the DBC's units.")]
    extended: Annotated[bool, about("True for a 29-bit id.")] = False
    says: Annotated[str, about("the same for people, `Limit 14 A`.")] = ""
    sent: Annotated[int, about("frames handed to the bus so far.")] = 0
    left_out: Annotated[
        int, about("turns left out so far, because others were waiting or the lab was held up.")
    ] = 0

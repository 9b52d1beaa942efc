"""What the central system knows of its stations, as they told it."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import msgspec

from evtui.central_system.kept import Ledger, LedgerRow

__all__ = ["RIVALS_WITHIN", "ConnectorInfo", "StationInfo", "StationRecord", "Stations"]

CONNECTORS_KEPT = 64
"""Connectors kept of a station; a foreign one may name any number."""

RIVALS, RIVALS_WITHIN = 3, 60.0
"""So many connections of a station replaced in so many s are the work of two clients."""

AWAY_KEPT = 1_000
"""Unknown stations remembered after they have gone."""


ACCEPTED = "accepted"
"""Kind of a row of a station's newest BootNotification; its name is the identity."""

SHOWN = ("chargePointVendor", "chargePointModel", "chargePointSerialNumber", "firmwareVersion")
"""What is shown of a BootNotification, all of it text."""


class ConnectorInfo(msgspec.Struct, frozen=True):
    """The newest StatusNotification of a connector (OCPP 1.6 section 6.47).

    Attributes:
        timestamp: the station's own, empty where it gave none.
    """

    status: str
    error_code: str
    info: str = ""
    timestamp: str = ""


class StationInfo(msgspec.Struct, frozen=True):
    """A station at one moment.

    Attributes:
        identity: as in its connection URL.
        ours: it is one of this process.
        connected: it has a connection now.
        boot_status: what its last BootNotification was answered: ``Accepted``, ``Pending`` or
            ``Rejected``; empty before the first.  ``Accepted`` as well without one: see
            :attr:`accepted`.
        vendor: of its BootNotification, as are model, serial and firmware.
        last_seen: lab time in s of its last sign of life, None when it never came.
        gone: why its last connection ended, empty while connected.
        connectors: by connectorId; 0 is the station.
        firmware_status: last FirmwareStatusNotification, empty before.
        diagnostics_status: last DiagnosticsStatusNotification, empty before.
        connections: how often it has connected.
        calls: of its calls, those that were valid.
    """

    identity: str
    ours: bool = False
    connected: bool = False
    boot_status: str = ""
    vendor: str = ""
    model: str = ""
    serial: str = ""
    firmware: str = ""
    last_seen: float | None = None
    gone: str = ""
    connectors: Mapping[int, ConnectorInfo] = msgspec.field(default_factory=dict)
    firmware_status: str = ""
    diagnostics_status: str = ""
    connections: int = 0
    calls: int = 0

    @property
    def accepted(self) -> bool:
        """True once its BootNotification was accepted; that holds over reconnects.

        Also for one that goes on without a BootNotification, and would be accepted: it booted
        before the central system started.
        """
        return self.boot_status == "Accepted"


class StationRecord(msgspec.Struct):
    """A station as it changes; :meth:`snapshot` is what others see.

    Acceptance outlives a connection: a station boots once and may reconnect any number of times
    (section 4.2).

    Attributes:
        booted: a BootNotification of it has come since the central system was made.
        accepted_before: in an earlier run, as what its newest BootNotification was answered.
        triggered: actions it may send while Pending, because it was told to (section 4.2).
        usurped: lab time in s at which a peer outside last came as this station of ours.
        put_out: lab times in s of the newest of its connections that another one replaced.
    """

    identity: str
    ours: bool
    connected: bool = False
    boot_status: str = ""
    booted: bool = False
    accepted_before: bool = False
    boot: Mapping[str, Any] = msgspec.field(default_factory=dict)
    last_seen: float | None = None
    gone: str = ""
    connectors: dict[int, ConnectorInfo] = msgspec.field(default_factory=dict)
    firmware_status: str = ""
    diagnostics_status: str = ""
    connections: int = 0
    calls: int = 0
    triggered: set[str] = msgspec.field(default_factory=set)
    usurped: float | None = None
    put_out: deque[float] = msgspec.field(default_factory=lambda: deque(maxlen=RIVALS))

    def rivals(self, now: float) -> str:
        """What it means that connections are replaced so often, empty while they are not.

        Two clients of one identity replace each other's connection for ever.
        """
        if len(self.put_out) < RIVALS or now - self.put_out[0] > RIVALS_WITHIN:
            return ""
        took = self.put_out[-1] - self.put_out[0]
        often = f"{RIVALS} times in {took:.0f} s"
        return f"two clients may be called {self.identity}: each puts the other out, {often}"

    def snapshot(self) -> StationInfo:
        """The station now."""
        boot = self.boot
        return StationInfo(
            identity=self.identity,
            ours=self.ours,
            connected=self.connected,
            boot_status=self.boot_status,
            vendor=boot.get("chargePointVendor", ""),
            model=boot.get("chargePointModel", ""),
            serial=boot.get("chargePointSerialNumber", ""),
            firmware=boot.get("firmwareVersion", ""),
            last_seen=self.last_seen,
            gone=self.gone,
            connectors=dict(self.connectors),
            firmware_status=self.firmware_status,
            diagnostics_status=self.diagnostics_status,
            connections=self.connections,
            calls=self.calls,
        )

    def on_status(self, payload: Mapping[str, Any]) -> None:
        """Take a StatusNotification.req."""
        connector = payload["connectorId"]
        if connector in self.connectors or len(self.connectors) < CONNECTORS_KEPT:
            self.connectors[connector] = ConnectorInfo(
                payload["status"],
                payload["errorCode"],
                payload.get("info", ""),
                payload.get("timestamp", ""),
            )


class Stations(Mapping[str, StationInfo]):
    """Stations by identity, in order of their first appearance.

    Args:
        ours: identities of this process.
        keep: True for a station that must be remembered while it is away.
        accepts: True for a station that would be accepted if it booted now.
        ledger: who was accepted in earlier runs, and where to keep who will be; default: nowhere.

    Raises:
        StateError: what was kept cannot be read.
    """

    def __init__(
        self,
        ours: frozenset[str],
        keep: Callable[[str], bool],
        accepts: Callable[[str], bool] = lambda identity: True,
        ledger: Ledger | None = None,
    ) -> None:
        self._ours = ours
        self._keep = keep
        self._records: dict[str, StationRecord] = {}
        self._away: dict[str, None] = {}
        self._kept: set[str] = set()
        self._ledger = Ledger() if ledger is None else ledger
        for identity, boot in self._ledger.read(ACCEPTED, dict[str, Any]):
            for name in SHOWN:
                if not isinstance(boot.get(name, ""), str):
                    raise self._ledger.damaged(ACCEPTED, identity, f"{name} is no text")
            own = identity in ours  # has ended with the central system: it will boot
            self._records[identity] = StationRecord(
                identity,
                own,
                boot_status="Accepted" if accepts(identity) and not own else "",
                accepted_before=True,
                boot=boot,
                gone="not here since the central system started",
            )
            self._away[identity] = None
            self._kept.add(identity)

    def __getitem__(self, identity: str) -> StationInfo:
        return self._records[identity].snapshot()

    def __iter__(self) -> Iterator[str]:
        return iter(tuple(self._records))

    def __len__(self) -> int:
        return len(self._records)

    def record(self, identity: str) -> StationRecord | None:
        """What is kept of a station, None when it never came, or was forgotten."""
        return self._records.get(identity)

    def arrive(self, identity: str) -> StationRecord:
        """A station connects."""
        self._away.pop(identity, None)
        record = self._records.get(identity)
        if record is None:
            record = StationRecord(identity, identity in self._ours)
            self._records[identity] = record
        record.connected = True
        record.gone = ""
        record.connections += 1
        return record

    def accepted(self, record: StationRecord) -> None:
        """A station was accepted, or has booted again: kept with what it said of itself."""
        self._kept.add(record.identity)
        self._ledger.put(ACCEPTED, record.identity, record.boot)
        self._ledger.commit()

    def not_accepted(self, record: StationRecord) -> None:
        """A station's BootNotification was answered Pending or Rejected."""
        if record.identity in self._kept:
            self._kept.discard(record.identity)
            self._ledger.remove(ACCEPTED, record.identity)
            self._ledger.commit()

    def rows(self) -> Iterator[tuple[LedgerRow, bytes]]:
        """Who was accepted, as it is kept."""
        for identity in self._kept:
            yield (ACCEPTED, identity), msgspec.json.encode(self._records[identity].boot)

    def leave(self, record: StationRecord, reason: str) -> None:
        """A station is gone.

        Of those nobody knows, one that never said anything is forgotten at once, for it may
        be none, and of the others the longest gone some time.
        """
        record.connected = False
        record.gone = reason
        record.triggered.clear()
        kept = record.identity in self._kept or self._keep(record.identity)
        if not record.calls and not kept:
            del self._records[record.identity]
            return
        self._away[record.identity] = None
        if len(self._away) <= AWAY_KEPT:
            return
        for identity in self._away:
            if not self._keep(identity):
                del self._away[identity], self._records[identity]
                self._kept.discard(identity)
                self._ledger.remove(ACCEPTED, identity)
                self._ledger.commit()
                return

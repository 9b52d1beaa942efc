"""What the pieces of one charge point share."""

from __future__ import annotations

from typing import Literal

import msgspec

from evtui.events import EventStream, Note
from evtui.runtime import LoopClock
from evtui.smart_charging import ProfileStore
from evtui.station.authorization.authorizer import Authorizer
from evtui.station.authorization.reservations import Reservations
from evtui.station.configuration import Configuration
from evtui.station.link.outbox import Outbox
from evtui.station.state.store import StateStore

__all__ = ["Identity", "StationContext"]


class Identity(msgspec.Struct, frozen=True):
    """Who the charge point says it is (OCPP 1.6 section 6.3).

    Attributes:
        name: identity in the connection URL.
        vendor: chargePointVendor, at most 20 characters.
        model: chargePointModel, at most 20 characters.
        serial: chargePointSerialNumber, at most 25 characters; empty leaves it out.
        firmware: firmwareVersion, at most 50 characters; empty leaves it out.
    """

    name: str
    vendor: str
    model: str
    serial: str = ""
    firmware: str = ""


class StationContext(msgspec.Struct):
    """Clock, stream and stores of one charge point.

    Attributes:
        identity: replaced when new firmware is installed.
        persist_interval: s between two registers that are kept while a transaction runs.
        rebooting: True from a Reset to the boot that follows; nothing starts meanwhile.
    """

    identity: Identity
    stream: EventStream
    clock: LoopClock
    configuration: Configuration
    profiles: ProfileStore
    outbox: Outbox
    store: StateStore
    authorizer: Authorizer
    reservations: Reservations
    persist_interval: float = 1.0
    rebooting: bool = False

    def note(self, text: str, level: Literal["info", "warning", "error"] = "info") -> None:
        """Publish a line for people."""
        name = self.identity.name
        self.stream.publish(Note(source=name, station=name, level=level, text=text))

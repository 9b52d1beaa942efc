"""Who a charge point says it is, new firmware included."""

from __future__ import annotations

from typing import Any

import msgspec
from msgspec.structs import replace

from evtui.station.state.store import StateStore

__all__ = ["Identity", "Nameplate"]

LONGEST_VERSION = 50
"""Characters of firmwareVersion (section 6.3)."""

DOCUMENT = "firmware"
"""Name under which the version is kept."""


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

    @property
    def told_at_boot(self) -> dict[str, Any]:
        """Payload of a BootNotification."""
        optional = {
            "chargePointSerialNumber": self.serial,
            "firmwareVersion": self.firmware,
        }
        return {
            "chargePointVendor": self.vendor,
            "chargePointModel": self.model,
            **{name: value for name, value in optional.items() if value},
        }


class Nameplate:
    """The identity of a charge point as it is now; the firmware that was installed is kept.

    Args:
        identity: as it was delivered.
        store: where the version of the firmware is kept.

    Attributes:
        identity: as it is now.
    """

    def __init__(self, identity: Identity, store: StateStore) -> None:
        self.identity = identity
        self._store = store

    def install(self, version: str) -> None:
        """Firmware of that version comes up from now on."""
        self.identity = replace(self.identity, firmware=version)
        self._store.save(DOCUMENT, version)

    def take_back(self) -> None:
        """Take back the version that was installed last, if one was.

        Raises:
            StateError: what was kept is no version.
        """
        version = self._store.load(DOCUMENT)
        if version is None:
            return
        if not (isinstance(version, str) and 0 < len(version) <= LONGEST_VERSION):
            raise self._store.damaged(f"document {DOCUMENT}: {version!r:.60} is no version")
        self.identity = replace(self.identity, firmware=version)

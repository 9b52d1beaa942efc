"""What the charge point answers to each operation of the central system (OCPP 1.6 section 5)."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import msgspec

from evtui.moments import unix_time
from evtui.ocppj import Then
from evtui.smart_charging import Purpose
from evtui.station.authorization.authorizer import Authorizer
from evtui.station.authorization.local_list import LocalList
from evtui.station.authorization.reservations import Reservations
from evtui.station.configuration import Configuration
from evtui.station.connector.availability import Availability
from evtui.station.connector.charging_profiles import ChargingProfiles
from evtui.station.connector.remote_control import RemoteControl
from evtui.station.files.diagnostics import Diagnostics
from evtui.station.files.firmware import FirmwareManagement
from evtui.station.link.reboots import Reboots
from evtui.station.link.triggers import Triggers

__all__ = ["OperationAnswers", "StationOperations"]

JsonObject = dict[str, Any]


class StationOperations(msgspec.Struct, frozen=True, kw_only=True):
    """The pieces of a charge point that can be asked something."""

    configuration: Configuration
    authorizer: Authorizer
    availability: Availability
    remote_control: RemoteControl
    triggers: Triggers
    charging_profiles: ChargingProfiles
    local_list: LocalList
    reservations: Reservations
    firmware: FirmwareManagement
    diagnostics: Diagnostics
    reboots: Reboots


class OperationAnswers:
    """One method for each operation; plain payloads in and out.

    A tolerated call may say a word that its schema does not know: nothing is done then, and
    the status of the answer says so.
    """

    def __init__(self, operations: StationOperations) -> None:
        self._operations = operations
        self._methods: Mapping[str, Callable[[JsonObject, Then], JsonObject]] = {
            "CancelReservation": self._cancel_reservation,
            "ChangeAvailability": self._change_availability,
            "ChangeConfiguration": self._change_configuration,
            "ClearCache": self._clear_cache,
            "ClearChargingProfile": self._clear_charging_profile,
            "DataTransfer": self._data_transfer,
            "GetCompositeSchedule": self._get_composite_schedule,
            "GetConfiguration": self._get_configuration,
            "GetDiagnostics": self._get_diagnostics,
            "GetLocalListVersion": self._get_local_list_version,
            "RemoteStartTransaction": self._remote_start,
            "RemoteStopTransaction": self._remote_stop,
            "ReserveNow": self._reserve_now,
            "Reset": self._reset,
            "SendLocalList": self._send_local_list,
            "SetChargingProfile": self._set_charging_profile,
            "TriggerMessage": self._trigger_message,
            "UnlockConnector": self._unlock_connector,
            "UpdateFirmware": self._update_firmware,
        }

    @property
    def actions(self) -> frozenset[str]:
        """Actions that are answered."""
        return frozenset(self._methods)

    def to(self, then: Then, action: str, payload: JsonObject) -> JsonObject:
        """The answer to a valid call of one of :attr:`actions`.

        Args:
            then: takes what must come after the answer.

        Raises:
            Refusal: the answer is a CALLERROR.
        """
        return self._methods[action](payload, then)

    # Core

    def _remote_start(self, payload: JsonObject, then: Then) -> JsonObject:
        status = self._operations.remote_control.start(
            payload["idTag"], payload.get("connectorId"), payload.get("chargingProfile"), then
        )
        return {"status": status}

    def _remote_stop(self, payload: JsonObject, then: Then) -> JsonObject:
        return {"status": self._operations.remote_control.stop(payload["transactionId"], then)}

    def _unlock_connector(self, payload: JsonObject, _then: Then) -> JsonObject:
        return {"status": self._operations.remote_control.unlock(payload["connectorId"])}

    def _change_availability(self, payload: JsonObject, _then: Then) -> JsonObject:
        wanted = payload["type"]
        if wanted not in ("Operative", "Inoperative"):
            return {"status": "Rejected"}
        status = self._operations.availability.change(
            payload["connectorId"], operative=wanted == "Operative"
        )
        return {"status": status}

    def _reset(self, payload: JsonObject, then: Then) -> JsonObject:
        kind = payload["type"]
        if kind not in ("Soft", "Hard"):
            return {"status": "Rejected"}
        return {"status": self._operations.reboots.reset(hard=kind == "Hard", then=then)}

    def _get_configuration(self, payload: JsonObject, _then: Then) -> JsonObject:
        known, unknown = self._operations.configuration.report(payload.get("key"))
        answer: JsonObject = {
            "configurationKey": [
                {"key": entry.key, "readonly": not entry.writable, "value": entry.text}
                for entry in known
            ]
        }
        return answer | {"unknownKey": unknown} if unknown else answer

    def _change_configuration(self, payload: JsonObject, _then: Then) -> JsonObject:
        status = self._operations.configuration.change(payload["key"], payload["value"])
        return {"status": status}

    def _clear_cache(self, _payload: JsonObject, _then: Then) -> JsonObject:
        return {"status": self._operations.authorizer.clear_cache()}

    def _data_transfer(self, _payload: JsonObject, _then: Then) -> JsonObject:
        return {"status": "UnknownVendorId"}

    # Smart charging

    def _set_charging_profile(self, payload: JsonObject, _then: Then) -> JsonObject:
        status = self._operations.charging_profiles.set(
            payload["connectorId"], payload["csChargingProfiles"]
        )
        return {"status": status}

    def _clear_charging_profile(self, payload: JsonObject, _then: Then) -> JsonObject:
        word = payload.get("chargingProfilePurpose")
        try:
            purpose = None if word is None else Purpose(word)
        except ValueError:  # no profile can have it
            return {"status": "Unknown"}
        status = self._operations.charging_profiles.clear(
            payload.get("id"), payload.get("connectorId"), purpose, payload.get("stackLevel")
        )
        return {"status": status}

    def _get_composite_schedule(self, payload: JsonObject, _then: Then) -> JsonObject:
        unit = payload.get("chargingRateUnit")
        if unit not in (None, "A", "W"):
            return {"status": "Rejected"}
        return self._operations.charging_profiles.composite(
            payload["connectorId"], payload["duration"], unit
        )

    # Remote trigger

    def _trigger_message(self, payload: JsonObject, then: Then) -> JsonObject:
        status = self._operations.triggers.request(
            payload["requestedMessage"], payload.get("connectorId"), then
        )
        return {"status": status}

    # Local authorization list

    def _get_local_list_version(self, _payload: JsonObject, _then: Then) -> JsonObject:
        return {"listVersion": self._operations.local_list.version}

    def _send_local_list(self, payload: JsonObject, _then: Then) -> JsonObject:
        status = self._operations.local_list.update(
            payload["listVersion"],
            payload["updateType"],
            payload.get("localAuthorizationList", ()),
        )
        return {"status": status}

    # Reservation

    def _reserve_now(self, payload: JsonObject, _then: Then) -> JsonObject:
        status = self._operations.reservations.reserve(
            payload["connectorId"],
            payload["idTag"],
            unix_time(payload["expiryDate"]),
            payload["reservationId"],
            payload.get("parentIdTag"),
        )
        return {"status": status}

    def _cancel_reservation(self, payload: JsonObject, _then: Then) -> JsonObject:
        return {"status": self._operations.reservations.cancel(payload["reservationId"])}

    # Firmware management

    def _update_firmware(self, payload: JsonObject, _then: Then) -> JsonObject:
        self._operations.firmware.update(payload)
        return {}

    def _get_diagnostics(self, payload: JsonObject, _then: Then) -> JsonObject:
        return self._operations.diagnostics.request(payload)

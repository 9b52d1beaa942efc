"""The charge point's end of one connection: operations of the central system, answered."""

from __future__ import annotations

from typing import Any, Protocol

from ocpp.v16 import call_result
from ocpp.v16.datatypes import KeyValue
from ocpp.v16.enums import Action, DataTransferStatus

from evtui.events import EventStream
from evtui.moments import unix_time
from evtui.ocpp16.naming import fields_of
from evtui.ocpp16.peer import Peer, on
from evtui.ocppj.link import Link
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

__all__ = ["Operations", "StationSession"]


class Operations(Protocol):
    """The pieces of a charge point that can be asked something."""

    @property
    def configuration(self) -> Configuration: ...

    @property
    def authorizer(self) -> Authorizer: ...

    @property
    def availability(self) -> Availability: ...

    @property
    def remote_control(self) -> RemoteControl: ...

    @property
    def triggers(self) -> Triggers: ...

    @property
    def charging_profiles(self) -> ChargingProfiles: ...

    @property
    def local_list(self) -> LocalList: ...

    @property
    def reservations(self) -> Reservations: ...

    @property
    def firmware(self) -> FirmwareManagement: ...

    @property
    def diagnostics(self) -> Diagnostics: ...

    @property
    def reboots(self) -> Reboots: ...


class StationSession(Peer):
    """Reads what the central system asks and hands it to the charge point.

    A tolerated call may say a word that its schema does not know: nothing is done then, and
    the status of the answer says so.
    """

    def __init__(
        self, link: Link, stream: EventStream, source: str, operations: Operations
    ) -> None:
        super().__init__(link, stream, source)
        self._operations = operations

    # Core

    @on(Action.remote_start_transaction)
    def on_remote_start(
        self,
        id_tag: str,
        connector_id: int | None = None,
        charging_profile: dict[str, Any] | None = None,
    ) -> Any:
        status = self._operations.remote_control.start(
            id_tag, connector_id, charging_profile, self.afterwards
        )
        return call_result.RemoteStartTransaction(status=status)

    @on(Action.remote_stop_transaction)
    def on_remote_stop(self, transaction_id: int) -> Any:
        status = self._operations.remote_control.stop(transaction_id, self.afterwards)
        return call_result.RemoteStopTransaction(status=status)

    @on(Action.unlock_connector)
    def on_unlock_connector(self, connector_id: int) -> Any:
        return call_result.UnlockConnector(
            status=self._operations.remote_control.unlock(connector_id)
        )

    @on(Action.change_availability)
    def on_change_availability(self, connector_id: int, type: str) -> Any:  # noqa: A002
        if type not in ("Operative", "Inoperative"):
            return call_result.ChangeAvailability(status="Rejected")
        status = self._operations.availability.change(connector_id, operative=type == "Operative")
        return call_result.ChangeAvailability(status=status)

    @on(Action.reset)
    def on_reset(self, type: str) -> Any:  # noqa: A002
        if type not in ("Soft", "Hard"):
            return call_result.Reset(status="Rejected")
        status = self._operations.reboots.reset(hard=type == "Hard", then=self.afterwards)
        return call_result.Reset(status=status)

    @on(Action.get_configuration)
    def on_get_configuration(self, key: list[str] | None = None) -> Any:
        known, unknown = self._operations.configuration.report(key)
        return call_result.GetConfiguration(
            configuration_key=[
                KeyValue(key=entry.key, readonly=not entry.writable, value=entry.text)
                for entry in known
            ],
            unknown_key=unknown or None,
        )

    @on(Action.change_configuration)
    def on_change_configuration(self, key: str, value: str) -> Any:
        status = self._operations.configuration.change(key, value)
        return call_result.ChangeConfiguration(status=status)

    @on(Action.clear_cache)
    def on_clear_cache(self) -> Any:
        return call_result.ClearCache(status=self._operations.authorizer.clear_cache())

    @on(Action.data_transfer)
    def on_data_transfer(self, **_: Any) -> Any:
        return call_result.DataTransfer(status=DataTransferStatus.unknown_vendor_id)

    # Smart charging

    @on(Action.set_charging_profile)
    def on_set_charging_profile(
        self, connector_id: int, cs_charging_profiles: dict[str, Any]
    ) -> Any:
        status = self._operations.charging_profiles.set(connector_id, cs_charging_profiles)
        return call_result.SetChargingProfile(status=status)

    @on(Action.clear_charging_profile)
    def on_clear_charging_profile(
        self,
        id: int | None = None,  # noqa: A002  # the field's name in OCPP
        connector_id: int | None = None,
        charging_profile_purpose: str | None = None,
        stack_level: int | None = None,
    ) -> Any:
        try:
            purpose = (
                None if charging_profile_purpose is None else Purpose(charging_profile_purpose)
            )
        except ValueError:  # no profile can have it
            return call_result.ClearChargingProfile(status="Unknown")
        status = self._operations.charging_profiles.clear(id, connector_id, purpose, stack_level)
        return call_result.ClearChargingProfile(status=status)

    @on(Action.get_composite_schedule)
    def on_get_composite_schedule(
        self, connector_id: int, duration: int, charging_rate_unit: str | None = None
    ) -> Any:
        if charging_rate_unit not in (None, "A", "W"):
            return {"status": "Rejected"}
        return self._operations.charging_profiles.composite(
            connector_id, duration, charging_rate_unit
        )

    # Remote trigger

    @on(Action.trigger_message)
    def on_trigger_message(self, requested_message: str, connector_id: int | None = None) -> Any:
        status = self._operations.triggers.request(requested_message, connector_id, self.afterwards)
        return call_result.TriggerMessage(status=status)

    # Local authorization list

    @on(Action.get_local_list_version)
    def on_get_local_list_version(self) -> Any:
        return call_result.GetLocalListVersion(list_version=self._operations.local_list.version)

    @on(Action.send_local_list)
    def on_send_local_list(
        self,
        list_version: int,
        update_type: str,
        local_authorization_list: list[dict[str, Any]] | None = None,
    ) -> Any:
        entries = fields_of(local_authorization_list or [])
        status = self._operations.local_list.update(list_version, update_type, entries)
        return call_result.SendLocalList(status=status)

    # Reservation

    @on(Action.reserve_now)
    def on_reserve_now(
        self,
        connector_id: int,
        expiry_date: str,
        id_tag: str,
        reservation_id: int,
        parent_id_tag: str | None = None,
    ) -> Any:
        status = self._operations.reservations.reserve(
            connector_id, id_tag, unix_time(expiry_date), reservation_id, parent_id_tag
        )
        return call_result.ReserveNow(status=status)

    @on(Action.cancel_reservation)
    def on_cancel_reservation(self, reservation_id: int) -> Any:
        status = self._operations.reservations.cancel(reservation_id)
        return call_result.CancelReservation(status=status)

    # Firmware management

    @on(Action.update_firmware)
    def on_update_firmware(self, **arguments: Any) -> Any:
        self._operations.firmware.update(fields_of(arguments))
        return call_result.UpdateFirmware()

    @on(Action.get_diagnostics)
    def on_get_diagnostics(self, **arguments: Any) -> Any:
        return self._operations.diagnostics.request(fields_of(arguments))

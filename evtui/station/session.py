"""The charge point's end of one connection: operations of the central system, answered."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Protocol

from ocpp.v16 import call_result
from ocpp.v16.datatypes import KeyValue
from ocpp.v16.enums import Action, DataTransferStatus, UnlockStatus

from evtui.events import EventStream
from evtui.ocpp16.link import Link
from evtui.ocpp16.peer import Peer, on
from evtui.smart_charging import Purpose
from evtui.station.configuration import Configuration

__all__ = ["Operations", "StationSession"]


class Operations(Protocol):
    """What a charge point can be asked; each returns the status of the answer.

    What is to happen after the answer has gone out is handed to ``then``.
    """

    @property
    def configuration(self) -> Configuration: ...

    def remote_start(
        self, id_tag: str, connector: int | None, profile: Mapping[str, Any] | None, then: Then
    ) -> str: ...

    def remote_stop(self, transaction_id: int, then: Then) -> str: ...

    def set_charging_profile(self, connector: int, profile: Mapping[str, Any]) -> str: ...

    def clear_charging_profile(
        self,
        profile_id: int | None,
        connector: int | None,
        purpose: Purpose | None,
        stack_level: int | None,
    ) -> str: ...

    def change_availability(self, connector: int, *, operative: bool, then: Then) -> str: ...

    def reset(self, *, hard: bool, then: Then) -> str: ...

    def trigger(self, message: str, connector: int | None, then: Then) -> str: ...


Then = Callable[[Callable[[], object]], None]


class StationSession(Peer):
    """Reads what the central system asks and hands it to the charge point."""

    def __init__(
        self, link: Link, stream: EventStream, source: str, operations: Operations
    ) -> None:
        super().__init__(link, stream, source)
        self._operations = operations

    @on(Action.remote_start_transaction)
    def on_remote_start(
        self,
        id_tag: str,
        connector_id: int | None = None,
        charging_profile: dict[str, Any] | None = None,
    ) -> Any:
        status = self._operations.remote_start(
            id_tag, connector_id, charging_profile, self.afterwards
        )
        return call_result.RemoteStartTransaction(status=status)

    @on(Action.remote_stop_transaction)
    def on_remote_stop(self, transaction_id: int) -> Any:
        status = self._operations.remote_stop(transaction_id, self.afterwards)
        return call_result.RemoteStopTransaction(status=status)

    @on(Action.set_charging_profile)
    def on_set_charging_profile(
        self, connector_id: int, cs_charging_profiles: dict[str, Any]
    ) -> Any:
        status = self._operations.set_charging_profile(connector_id, cs_charging_profiles)
        return call_result.SetChargingProfile(status=status)

    @on(Action.clear_charging_profile)
    def on_clear_charging_profile(
        self,
        id: int | None = None,  # noqa: A002  # the field's name in OCPP
        connector_id: int | None = None,
        charging_profile_purpose: str | None = None,
        stack_level: int | None = None,
    ) -> Any:
        purpose = Purpose(charging_profile_purpose) if charging_profile_purpose else None
        status = self._operations.clear_charging_profile(id, connector_id, purpose, stack_level)
        return call_result.ClearChargingProfile(status=status)

    @on(Action.change_availability)
    def on_change_availability(self, connector_id: int, type: str) -> Any:  # noqa: A002
        status = self._operations.change_availability(
            connector_id, operative=type == "Operative", then=self.afterwards
        )
        return call_result.ChangeAvailability(status=status)

    @on(Action.reset)
    def on_reset(self, type: str) -> Any:  # noqa: A002
        status = self._operations.reset(hard=type == "Hard", then=self.afterwards)
        return call_result.Reset(status=status)

    @on(Action.trigger_message)
    def on_trigger_message(self, requested_message: str, connector_id: int | None = None) -> Any:
        status = self._operations.trigger(requested_message, connector_id, self.afterwards)
        return call_result.TriggerMessage(status=status)

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

    @on(Action.unlock_connector)
    def on_unlock_connector(self, **_: Any) -> Any:
        # The model has no lock to open (section 5.18: NotSupported says so).
        return call_result.UnlockConnector(status=UnlockStatus.not_supported)

    @on(Action.clear_cache)
    def on_clear_cache(self) -> Any:
        # There is no authorization cache to clear (section 5.4: Rejected says so).
        return call_result.ClearCache(status="Rejected")

    @on(Action.data_transfer)
    def on_data_transfer(self, **_: Any) -> Any:
        return call_result.DataTransfer(status=DataTransferStatus.unknown_vendor_id)

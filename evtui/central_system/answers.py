"""What the central system answers to each call of a station (OCPP 1.6 section 4)."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from evtui.central_system.admission import Admission
from evtui.central_system.id_tags import IdTags
from evtui.central_system.stations import StationRecord
from evtui.central_system.transactions import Transactions
from evtui.events import EventStream, Note
from evtui.ocppj import Refusal
from evtui.runtime import LoopClock

__all__ = ["Answers", "DataTransferHandler"]

OF_TRANSACTIONS = frozenset({"StartTransaction", "MeterValues", "StopTransaction"})
"""What a station keeps until it is answered (OCPP 1.6 section 3.7.1)."""

DataTransferHandler = Callable[[str, Mapping[str, Any]], dict[str, Any]]
"""Takes the station's identity and the DataTransfer.req, returns the DataTransfer.conf."""


class Answers:
    """One method for each call of a station; plain payloads in and out.

    Args:
        stream: takes what is odd about a message, as a :class:`Note`.
        clock: lab clock.
        source: who says so on the stream.

    Attributes:
        data_transfer: handlers of DataTransfer by vendorId.
    """

    def __init__(
        self,
        stream: EventStream,
        clock: LoopClock,
        source: str,
        *,
        admission: Admission,
        id_tags: IdTags,
        transactions: Transactions,
    ) -> None:
        self.data_transfer: dict[str, DataTransferHandler] = {}
        self._stream = stream
        self._clock = clock
        self._source = source
        self._admission = admission
        self._id_tags = id_tags
        self._transactions = transactions
        self._methods: dict[str, Callable[[StationRecord, dict[str, Any]], dict[str, Any]]] = {
            "Authorize": self._authorize,
            "BootNotification": self._boot_notification,
            "DataTransfer": self._data_transfer,
            "DiagnosticsStatusNotification": self._diagnostics_status,
            "FirmwareStatusNotification": self._firmware_status,
            "Heartbeat": self._heartbeat,
            "MeterValues": self._meter_values,
            "StartTransaction": self._start_transaction,
            "StatusNotification": self._status_notification,
            "StopTransaction": self._stop_transaction,
        }

    @property
    def actions(self) -> frozenset[str]:
        """Actions that are answered; the security extension's are not yet among them."""
        return frozenset(self._methods)

    @property
    def abandoned(self) -> int:
        """Transactions closed without a StopTransaction."""
        return self._transactions.abandoned

    def to(self, record: StationRecord, action: str, payload: dict[str, Any]) -> dict[str, Any]:
        """The answer to a valid call of one of :attr:`actions`.

        Raises:
            Refusal: the answer is a CALLERROR.
        """
        if record.boot_status != "Accepted" and action != "BootNotification":
            self._check_allowed(record, action)
        return self._methods[action](record, payload)

    def owes(self, record: StationRecord, action: str, payload: Any) -> bool:
        """True for a call that must be acted on if it can be read at all.

        That is a StopTransaction of a transaction of that station: sanity checks should not keep
        its answer back, which would only have it sent again (section 4.10).
        """
        if action != "StopTransaction" or not isinstance(payload, dict):
            return False
        transaction_id = payload.get("transactionId")
        if isinstance(transaction_id, bool) or not isinstance(transaction_id, (int, float, str)):
            return False
        try:
            known = self._transactions.get(int(transaction_id), record.identity)
        except (ValueError, OverflowError):
            return False
        return known is not None

    def _check_allowed(self, record: StationRecord, action: str) -> None:
        """Before it is accepted a station may say only what it was told to while Pending.

        OCPP-J errata 3.10 recommends SecurityError for the rest; section 4.2 has the exception.
        One that was accepted in an earlier run does not know that it is asked about now: until
        it boots, what it says of its transactions is taken, since it might not say it again.
        """
        if record.boot_status == "" and record.accepted_before and action in OF_TRANSACTIONS:
            if self._admission.boot(record.identity).asking:
                return
        if record.boot_status == "Pending" and action in record.triggered:
            return
        state = {
            "": "not before a BootNotification is accepted",
            "Pending": "Pending: only what a TriggerMessage asks for",
            "Rejected": "Rejected: not before a BootNotification is accepted",
        }[record.boot_status]
        raise Refusal("SecurityError", f"{action}: {state}")

    def _boot_notification(self, record: StationRecord, payload: dict[str, Any]) -> dict[str, Any]:
        answer = self._admission.boot(record.identity)
        record.boot = payload
        record.boot_status = answer.status
        record.booted = True
        record.triggered.clear()
        return {
            "status": answer.status,
            "currentTime": self._clock.iso(),
            "interval": answer.interval,
        }

    def _heartbeat(self, _record: StationRecord, _payload: dict[str, Any]) -> dict[str, Any]:
        return {"currentTime": self._clock.iso()}

    def _status_notification(
        self, record: StationRecord, payload: dict[str, Any]
    ) -> dict[str, Any]:
        _check_connector(payload["connectorId"], 0)  # section 6.47
        record.on_status(payload)
        if payload["status"] == "Available" and payload["connectorId"] > 0:
            oddity = self._transactions.available(
                record.identity,
                payload["connectorId"],
                payload.get("timestamp", ""),
                record.connections,
            )
            self._report(record, oddity)
        return {}

    def _authorize(self, _record: StationRecord, payload: dict[str, Any]) -> dict[str, Any]:
        return {"idTagInfo": self._id_tag_info(payload["idTag"])}

    def _start_transaction(self, record: StationRecord, payload: dict[str, Any]) -> dict[str, Any]:
        _check_connector(payload["connectorId"], 1)  # section 6.45
        info = self._id_tag_info(payload["idTag"])
        accepted = info["status"] == "Accepted"
        transaction, oddity = self._transactions.start(
            record.identity,
            payload,
            record.connections,
            alone=accepted and not self._id_tags.concurrent,
        )
        self._report(record, oddity)
        if accepted and transaction.concurrent:
            info["status"] = "ConcurrentTx"
        # A tag that is not accepted has its transaction all the same (section 4.8): the station
        # has started it, and will say when it has stopped.
        return {"transactionId": transaction.transaction_id, "idTagInfo": info}

    def _stop_transaction(self, record: StationRecord, payload: dict[str, Any]) -> dict[str, Any]:
        oddity = self._transactions.stop(record.identity, payload, record.connections)
        self._report(record, oddity)
        id_tag = payload.get("idTag")
        return {} if id_tag is None else {"idTagInfo": self._id_tag_info(id_tag)}

    def _meter_values(self, record: StationRecord, payload: dict[str, Any]) -> dict[str, Any]:
        _check_connector(payload["connectorId"], 0)  # section 6.31
        oddity = self._transactions.meter_values(record.identity, payload, record.connections)
        self._report(record, oddity)
        return {}

    def _data_transfer(self, record: StationRecord, payload: dict[str, Any]) -> dict[str, Any]:
        handler = self.data_transfer.get(payload["vendorId"])
        if handler is None:
            return {"status": "UnknownVendorId"}
        return handler(record.identity, payload)

    def _diagnostics_status(self, record: StationRecord, payload: dict[str, Any]) -> dict[str, Any]:
        record.diagnostics_status = payload["status"]
        return {}

    def _firmware_status(self, record: StationRecord, payload: dict[str, Any]) -> dict[str, Any]:
        record.firmware_status = payload["status"]
        return {}

    def _id_tag_info(self, id_tag: str) -> dict[str, Any]:
        return self._id_tags.info(id_tag, self._clock.utc())

    def _report(self, record: StationRecord, oddity: str) -> None:
        if oddity:
            self._stream.publish(
                Note(source=self._source, level="warning", station=record.identity, text=oddity)
            )


def _check_connector(connector: int, lowest: int) -> None:
    """The schemas know no lowest connectorId, the text does.

    Raises:
        Refusal: it is below.
    """
    if connector < lowest:
        shown = connector if connector > -(1 << 64) else "a huge negative number"
        raise Refusal("PropertyConstraintViolation", f"connectorId: {shown} is less than {lowest}")

"""The one fact that matters in an OCPP 1.6 message, in a few words.

Payloads come from anybody, so nothing about their shape is taken for granted.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from evtui.ocpp16 import number_in
from evtui.tui.models.text import clean, number

__all__ = ["answer_status", "dig", "fact"]


def dig(payload: Any, *path: str | int) -> Any:
    """The value at ``path`` inside nested dicts and lists, or None."""
    for step in path:
        try:
            payload = payload[step]
        except (TypeError, KeyError, IndexError):
            return None
    return payload


def _word(value: Any) -> str:
    if value is None or isinstance(value, dict | list):
        return ""
    if isinstance(value, float):
        return number(value)
    return clean(str(value))


def _words(*values: Any) -> str:
    return " ".join(word for word in map(_word, values) if word)


def answer_status(answer: Any) -> str:
    """``status`` of a CALLRESULT, or that of its idTagInfo; empty where there is none."""
    return _word(dig(answer, "status")) or _word(dig(answer, "idTagInfo", "status"))


def _charging_limit(schedule: Any) -> str:
    limit = dig(schedule, "chargingSchedulePeriod", 0, "limit")
    if not isinstance(limit, int | float):
        return ""
    periods = dig(schedule, "chargingSchedulePeriod")
    more = f" +{len(periods) - 1}" if isinstance(periods, list) and len(periods) > 1 else ""
    return f"{number(limit)} {_word(dig(schedule, 'chargingRateUnit'))}{more}".rstrip()


def _set_charging_profile(call: Any, answer: Any) -> str:
    return _charging_limit(dig(call, "csChargingProfiles", "chargingSchedule"))


def _remote_start(call: Any, answer: Any) -> str:
    limit = _charging_limit(dig(call, "chargingProfile", "chargingSchedule"))
    return limit or _word(dig(call, "idTag"))


def _transaction(call: Any, answer: Any) -> str:
    number_of = dig(call, "transactionId")
    if number_of is None:
        number_of = dig(answer, "transactionId")
    return f"tx {_word(number_of)}" if _word(number_of) else ""


def _stop_transaction(call: Any, answer: Any) -> str:
    # Section 6.49: a missing reason means Local.
    reason = dig(call, "reason") or "Local"
    meter = dig(call, "meterStop")
    return _words(reason, meter, "Wh" if meter is not None else None)


def _meter_values(call: Any, answer: Any) -> str:
    sampled = dig(call, "meterValue", 0, "sampledValue")
    values = sampled if isinstance(sampled, list) else []
    chosen = next(
        (value for value in values if dig(value, "measurand") == "Current.Import"),
        dig(values, 0),
    )
    said = number_in(chosen)
    if said is None:
        text = _word(dig(chosen, "value"))
        return f'"{text}"' if text else ""
    # Section 7.45: the default unit is Wh; for a current it is A.
    default = "A" if dig(chosen, "measurand") == "Current.Import" else "Wh"
    return f"{number(said)} {_word(dig(chosen, 'unit')) or default}"


def imported_current(call: Any) -> float | None:
    """A in the newest current of a MeterValues.req; None where it tells none."""
    meter_values = dig(call, "meterValue")
    for meter_value in reversed(meter_values if isinstance(meter_values, list) else []):
        sampled = dig(meter_value, "sampledValue")
        for value in sampled if isinstance(sampled, list) else []:
            if dig(value, "measurand") == "Current.Import":
                return number_in(value)
    return None


def _status_notification(call: Any, answer: Any) -> str:
    error = dig(call, "errorCode")
    return _words(
        dig(call, "connectorId"), dig(call, "status"), None if error == "NoError" else error
    )


def _boot_notification(call: Any, answer: Any) -> str:
    interval = dig(answer, "interval")
    if interval is not None:
        return _words(answer_status(answer), interval, "s")
    return _words(dig(call, "chargePointVendor"), dig(call, "chargePointModel"))


def _configuration(call: Any, answer: Any) -> str:
    values = dig(answer, "configurationKey")
    if isinstance(values, list) and len(values) == 1:
        return _words(dig(values, 0, "key"), dig(values, 0, "value"))
    return f"{len(values)} keys" if isinstance(values, list) else _word(dig(call, "key", 0))


def _composite_schedule(call: Any, answer: Any) -> str:
    limit = _charging_limit(dig(answer, "chargingSchedule"))
    duration = dig(call, "duration")
    return limit or _words(dig(call, "connectorId"), duration, "s" if duration else None)


def _diagnostics(call: Any, answer: Any) -> str:
    return _word(dig(answer, "fileName")) or _word(dig(call, "location"))


def _local_list(call: Any, answer: Any) -> str:
    tags = dig(call, "localAuthorizationList")
    count = f"{len(tags)} tags" if isinstance(tags, list) else None
    return _words(dig(call, "updateType"), _version(dig(call, "listVersion")), count)


def _local_list_version(call: Any, answer: Any) -> str:
    return _version(dig(answer, "listVersion"))


def _version(number_of: Any) -> str:
    return f"version {_word(number_of)}" if _word(number_of) else ""


def _first_of(*names: str) -> Callable[[Any, Any], str]:
    def chosen(call: Any, answer: Any) -> str:
        return _words(*(dig(call, name) for name in names))

    return chosen


_FACTS: dict[str, Callable[[Any, Any], str]] = {
    "Authorize": _first_of("idTag"),
    "BootNotification": _boot_notification,
    "CancelReservation": _first_of("reservationId"),
    "ChangeAvailability": _first_of("connectorId", "type"),
    "ChangeConfiguration": _first_of("key", "value"),
    "ClearChargingProfile": _first_of("id", "connectorId", "chargingProfilePurpose", "stackLevel"),
    "DataTransfer": _first_of("vendorId", "messageId"),
    "DiagnosticsStatusNotification": _first_of("status"),
    "FirmwareStatusNotification": _first_of("status"),
    "GetCompositeSchedule": _composite_schedule,
    "GetConfiguration": _configuration,
    "GetDiagnostics": _diagnostics,
    "GetLocalListVersion": _local_list_version,
    "MeterValues": _meter_values,
    "RemoteStartTransaction": _remote_start,
    "RemoteStopTransaction": _transaction,
    "ReserveNow": _first_of("connectorId", "idTag"),
    "Reset": _first_of("type"),
    "SendLocalList": _local_list,
    "SetChargingProfile": _set_charging_profile,
    "StartTransaction": _transaction,
    "StatusNotification": _status_notification,
    "StopTransaction": _stop_transaction,
    "TriggerMessage": _first_of("requestedMessage", "connectorId"),
    "UnlockConnector": _first_of("connectorId"),
    "UpdateFirmware": _first_of("location"),
}


def fact(action: str, call: Any, answer: Any) -> str:
    """What a person wants to know of this exchange: ``100 A``, ``tx 7``, ``1 Charging``.

    Args:
        action: OCPP action.
        call: payload of the CALL, None where it was not seen.
        answer: payload of the CALLRESULT, None while there is none.
    """
    teller = _FACTS.get(action)
    return teller(call, answer) if teller else ""

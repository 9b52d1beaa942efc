"""Every message of OCPP 1.6: what our two ends do with it, and the tests that say so.

``test_messages.py`` compares the table with the schemas and with the tests that are there;
:func:`rows` gives the table in the chapter on conformance.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Literal

__all__ = ["MESSAGES", "NEXT", "Message", "rows"]

Sender = Literal["charge point", "central system"]

ANSWERED = "test_messages.py::test_a_call_is_answered_by_our_central_system"
DONE = "test_messages.py::test_an_operation_is_done_by_our_charge_point"
"""Tests that have our two ends exchange every message; the action follows in brackets."""


@dataclass(frozen=True)
class Message:
    """One call of OCPP 1.6 edition 2.

    Attributes:
        sender: who calls.
        section: of OCPP 1.6 edition 2.
        charge_point: what ours does, in a few words.
        central_system: what ours does, in a few words.
        test: what says most about it beside the test of both ends: file below ``tests/``
            and name; empty where that says all.
        payload: an operation that our charge point can do right after the start.
        answer: what it then answers, as far as that is always the same.
    """

    action: str
    sender: Sender
    section: str
    charge_point: str
    central_system: str
    test: str
    payload: dict[str, Any] | None = None
    answer: dict[str, Any] | None = None

    @property
    def tests(self) -> list[str]:
        """Every test named for it."""
        both_ends = ANSWERED if self.sender == "charge point" else DONE
        return [*filter(None, (self.test,)), f"{both_ends}[{self.action}]"]


def _call(action: str, section: str, charge_point: str, central_system: str, test: str) -> Message:
    return Message(action, "charge point", section, charge_point, central_system, test)


def _operation(
    action: str,
    section: str,
    charge_point: str,
    central_system: str,
    test: str,
    payload: dict[str, Any],
    answer: dict[str, Any],
) -> Message:
    return Message(
        action, "central system", section, charge_point, central_system, test, payload, answer
    )


ACCEPTED = {"status": "Accepted"}
PROFILE = {
    "chargingProfileId": 1,
    "stackLevel": 0,
    "chargingProfilePurpose": "TxDefaultProfile",
    "chargingProfileKind": "Relative",
    "chargingSchedule": {
        "chargingRateUnit": "A",
        "chargingSchedulePeriod": [{"startPeriod": 0, "limit": 16}],
    },
}
TAGS = [{"idTag": "A", "idTagInfo": ACCEPTED}]

MESSAGES = (
    _call(
        "Authorize",
        "4.1",
        "for a tag that list, cache and keys do not decide",
        "answers from the id tags",
        "station/test_local_use.py"
        "::test_a_presented_tag_is_authorized_starts_and_stops_the_transaction",
    ),
    _call(
        "BootNotification",
        "4.2",
        "until Accepted; waits the interval",
        "Accepted, or Pending until somebody has answered",
        "central_system/test_admission.py"
        "::test_an_unknown_station_is_pending_until_somebody_lets_it_in",
    ),
    _call(
        "DataTransfer",
        "4.3",
        "when a scenario or a program says so",
        "the handler of its vendorId, else UnknownVendorId",
        "central_system/test_answers.py::test_data_transfer_goes_to_who_knows_the_vendor",
    ),
    _call(
        "DiagnosticsStatusNotification",
        "4.4",
        "while it uploads, after it, and when triggered",
        "kept with the station",
        "station/test_diagnostics.py::test_an_upload_that_never_succeeds_ends_as_upload_failed",
    ),
    _call(
        "FirmwareStatusNotification",
        "4.5",
        "each step, and when triggered",
        "kept with the station",
        "station/test_firmware.py::test_an_update_goes_through_every_status_in_order",
    ),
    _call(
        "Heartbeat",
        "4.6",
        "at HeartbeatInterval",
        "the time",
        "station/test_boot.py::test_heartbeats_come_at_the_given_interval_without_drift",
    ),
    _call(
        "MeterValues",
        "4.7",
        "sampled, clock-aligned, triggered; kept while offline",
        "kept with the transaction, each once",
        "station/test_sampling.py"
        "::test_aligned_values_come_in_and_outside_transactions_and_bear_the_moment",
    ),
    _call(
        "StartTransaction",
        "4.8",
        "kept until answered",
        "an id; a retry gets the same one",
        "central_system/test_transactions.py::test_a_start_told_again_is_the_same_transaction",
    ),
    _call(
        "StatusNotification",
        "4.9",
        "each change, connector 0 too",
        "kept with the station",
        "station/test_connector.py::test_a_whole_session_is_notified_in_order",
    ),
    _call(
        "StopTransaction",
        "4.10",
        "kept until answered; -1 where the id never came",
        "closes the transaction, once",
        "central_system/test_transactions.py"
        "::test_a_station_that_never_got_its_id_says_minus_one_and_is_understood",
    ),
    _operation(
        "CancelReservation",
        "5.1",
        "frees the connector",
        "sends it",
        "station/test_reservations.py"
        "::test_a_cancelled_reservation_is_gone_and_cancelling_it_again_is_rejected",
        {"reservationId": 1},
        {"status": "Rejected"},
    ),
    _operation(
        "ChangeAvailability",
        "5.2",
        "at once, or Scheduled until the transaction ends",
        "sends it",
        "station/test_availability.py"
        "::test_a_charge_point_waits_for_its_last_transaction_but_free_connectors_do_not",
        {"connectorId": 0, "type": "Inoperative"},
        ACCEPTED,
    ),
    _operation(
        "ChangeConfiguration",
        "5.3",
        "Accepted, Rejected, RebootRequired or NotSupported",
        "sends it",
        "station/test_configuration.py::test_a_change_is_accepted_rejected_or_not_supported",
        {"key": "MeterValueSampleInterval", "value": "5"},
        ACCEPTED,
    ),
    _operation(
        "ClearCache",
        "5.4",
        "empties the authorization cache",
        "sends it",
        "station/test_authorization.py::test_clear_cache_forgets_every_tag_but_not_the_list",
        {},
        ACCEPTED,
    ),
    _operation(
        "ClearChargingProfile",
        "5.5",
        "by every criterion",
        "sends it; the anomaly's end too",
        "station/test_limits.py"
        "::test_clear_charging_profile_goes_by_id_connector_purpose_and_stack_level",
        {"id": 1},
        {"status": "Unknown"},
    ),
    _operation(
        "DataTransfer",
        "5.6",
        "UnknownVendorId",
        "sends it",
        "",
        {"vendorId": "evtui"},
        {"status": "UnknownVendorId"},
    ),
    _operation(
        "GetCompositeSchedule",
        "5.7",
        "in A or W, of a connector or of all",
        "sends it",
        "smart_charging/test_composite_cases.py"
        "::test_the_composite_schedule_is_what_one_works_out_by_hand",
        {"connectorId": 1, "duration": 60},
        ACCEPTED,
    ),
    _operation(
        "GetConfiguration",
        "5.8",
        "all keys, or those named",
        "sends it",
        "station/test_configuration.py"
        "::test_get_configuration_tells_known_keys_and_names_unknown_ones",
        {"key": ["NumberOfConnectors"]},
        {"configurationKey": [{"key": "NumberOfConnectors", "readonly": True, "value": "1"}]},
    ),
    _operation(
        "GetDiagnostics",
        "5.9",
        "uploads its journal over HTTP, HTTPS or FTP",
        "sends it, takes the file",
        "station/test_diagnostics.py"
        "::test_a_file_is_uploaded_into_the_directory_and_its_name_was_the_answer",
        {"location": "http://127.0.0.1/logs"},
        {},
    ),
    _operation(
        "GetLocalListVersion",
        "5.10",
        "the version; 0 empty, -1 switched off",
        "sends it",
        "station/test_local_list.py::test_a_full_update_replaces_the_list_and_sets_the_version",
        {},
        {"listVersion": 0},
    ),
    _operation(
        "RemoteStartTransaction",
        "5.11",
        "starts, waits for a vehicle, or refuses",
        "sends it (also `b`); not before acceptance",
        "station/test_transactions.py"
        "::test_a_profile_that_comes_with_a_remote_start_holds_for_that_transaction",
        {"idTag": "TAG"},
        ACCEPTED,
    ),
    _operation(
        "RemoteStopTransaction",
        "5.12",
        "stops the transaction of that id",
        "sends it (also `b`); not before acceptance",
        "station/test_transactions.py"
        "::test_a_session_is_answered_started_metered_and_stopped_in_that_order",
        {"transactionId": 7},
        {"status": "Rejected"},
    ),
    _operation(
        "ReserveNow",
        "5.13",
        "a connector, or any (0)",
        "sends it",
        "station/test_reserved.py::test_the_reserved_tag_uses_its_reservation",
        {
            "connectorId": 0,
            "expiryDate": "2099-01-01T00:00:00Z",
            "idTag": "TAG",
            "reservationId": 1,
        },
        {},
    ),
    _operation(
        "Reset",
        "5.14",
        "ends transactions with its reason, boots again",
        "sends it",
        "station/test_boot.py::test_a_reset_ends_the_transaction_and_boots_again",
        {"type": "Soft"},
        ACCEPTED,
    ),
    _operation(
        "SendLocalList",
        "5.15",
        "Full and Differential, or nothing changes",
        "sends it",
        "station/test_local_list.py::test_a_differential_update_adds_changes_and_removes",
        {"listVersion": 1, "updateType": "Full", "localAuthorizationList": TAGS},
        ACCEPTED,
    ),
    _operation(
        "SetChargingProfile",
        "5.16",
        "follows it at once; rejects what means nothing",
        "sends it; `set_limit`, the anomaly",
        "station/test_limits.py"
        "::test_a_limit_goes_to_the_module_rounded_down_with_its_profile_as_cause",
        {"connectorId": 1, "csChargingProfiles": PROFILE},
        ACCEPTED,
    ),
    _operation(
        "TriggerMessage",
        "5.17",
        "all six, while Pending too",
        "sends it, and lets in what it asked for",
        "station/test_triggers.py::test_each_message_is_sent_for_the_connectors_that_were_meant",
        {"requestedMessage": "Heartbeat"},
        ACCEPTED,
    ),
    _operation(
        "UnlockConnector",
        "5.18",
        "ends the transaction, unlocks",
        "sends it",
        "station/test_two_connectors.py"
        "::test_unlocking_ends_the_transaction_of_that_connector_only",
        {"connectorId": 1},
        {"status": "Unlocked"},
    ),
    _operation(
        "UpdateFirmware",
        "5.19",
        "fetches, installs, reboots with the new version",
        "sends it, offers an image",
        "station/test_firmware.py::test_installed_is_told_by_the_firmware_that_came_up",
        {"location": "http://127.0.0.1/fw.bin", "retrieveDate": "2020-01-01T00:00:00Z"},
        {},
    ),
)

NEXT: dict[str, Sender] = {
    "LogStatusNotification": "charge point",
    "SecurityEventNotification": "charge point",
    "SignCertificate": "charge point",
    "SignedFirmwareStatusNotification": "charge point",
    "CertificateSigned": "central system",
    "DeleteCertificate": "central system",
    "ExtendedTriggerMessage": "central system",
    "GetInstalledCertificateIds": "central system",
    "GetLog": "central system",
    "InstallCertificate": "central system",
    "SignedUpdateFirmware": "central system",
}
"""The security extension: refused with NotSupported so far, and who would call."""

REFUSED_BY_CENTRAL = (
    "central_system/test_answers.py::test_the_security_extension_is_not_supported_yet"
)
REFUSED_BY_STATION = "test_messages.py::test_the_security_extension_is_refused_by_our_charge_point"


def rows() -> Iterator[tuple[str, str, str, str, str, str]]:
    """The table for people: message, sender, section, our two ends, tests."""
    for sender in ("charge point", "central system"):
        for each in MESSAGES:
            if each.sender == sender:
                yield (
                    each.action,
                    sender,
                    each.section,
                    each.charge_point,
                    each.central_system,
                    "<br>".join(f"`{test}`" for test in each.tests),
                )
        for action, caller in NEXT.items():
            if caller == sender:
                test = REFUSED_BY_CENTRAL if caller == "charge point" else REFUSED_BY_STATION
                yield action, sender, "security", "next", "next", f"`{test}`"

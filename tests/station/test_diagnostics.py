"""GetDiagnostics and DiagnosticsStatusNotification (OCPP 1.6 sections 4.4, 5.9, 6.25, 7.24)."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import pytest

from evtui.events import (
    ConnectorState,
    LinkState,
    Note,
    OcppMessage,
    Role,
    TransactionState,
    as_json,
)
from evtui.ocppj.answering import Refusal
from evtui.station.files.diagnostics import Diagnostics
from evtui.station.files.journal import CAPACITY, Journal
from tests.station.job_rig import JobRig
from tests.station.rig import at, virtual

LOCATION = "ftp://127.0.0.1/logs"
NAME = "CP1-20260101T120000Z.jsonl"


class Rig(JobRig):
    """A station that remembers."""

    def __init__(self, name: str = "CP1") -> None:
        super().__init__(name)
        self.journal = Journal(self.stream)
        self.diagnostics = Diagnostics(
            self.nameplate, self.publisher, self.clock, self.outbox, self.files, self.journal
        )

    def request(self, location: str = LOCATION, **fields: Any) -> dict[str, Any]:
        """GetDiagnostics.req; returns GetDiagnostics.conf."""
        return self.diagnostics.request({"location": location, **fields})

    async def lines(self, **fields: Any) -> list[dict[str, Any]]:
        """The lines of a file asked for now."""
        name = self.request(**fields)["fileName"]
        await asyncio.sleep(10)
        data = self.files.files[f"{LOCATION}/{name}"]
        return [json.loads(line) for line in data.splitlines()]

    async def texts(self, **fields: Any) -> list[str]:
        """Kind and text of each line but the first."""
        return [f"{line['kind']} {line['text']}" for line in (await self.lines(**fields))[1:]]


@virtual
async def test_a_file_is_uploaded_into_the_directory_and_its_name_was_the_answer() -> None:
    rig = Rig()
    rig.note("booted")
    assert rig.request() == {"fileName": NAME}
    await asyncio.sleep(10)
    assert list(rig.files.files) == [f"{LOCATION}/{NAME}"]
    assert rig.told == ["Uploading", "Uploaded"]
    assert rig.diagnostics.status == "Idle"


@virtual
async def test_a_location_that_ends_like_a_file_is_the_file() -> None:
    rig = Rig()
    rig.note("booted")
    assert rig.request("http://127.0.0.1/up/cp1.log") == {"fileName": "cp1.log"}
    await asyncio.sleep(10)
    assert list(rig.files.files) == ["http://127.0.0.1/up/cp1.log"]


@virtual
async def test_without_any_line_there_is_no_file_name_and_no_upload() -> None:
    rig = Rig()
    assert rig.request() == {}
    rig.note("booted")
    assert rig.request(stopTime=at(-10)) == {}
    assert rig.request(startTime=at(10)) == {}
    assert rig.request(startTime=at(5), stopTime=at(-5)) == {}
    await asyncio.sleep(10)
    assert rig.told == []


@virtual
async def test_only_what_happened_between_start_and_stop_is_in_the_file() -> None:
    rig = Rig()
    for minute in range(4):
        rig.note(f"minute {minute}")
        await asyncio.sleep(60)
    assert await rig.texts(startTime=at(60), stopTime=at(120)) == [
        "note info: minute 1",
        "note info: minute 2",
    ]


@virtual
async def test_a_time_that_is_none_is_refused() -> None:
    rig = Rig()
    rig.note("booted")
    with pytest.raises(Refusal, match="startTime"):
        rig.request(startTime="soon")
    assert rig.told == []


@virtual
async def test_the_first_line_says_whose_file_it_is_and_what_was_lost() -> None:
    rig = Rig()
    for number in range(CAPACITY + 3):
        rig.note("line " + "i" * number)  # notes that differ in their numbers only have a rate
    head, *lines = await rig.lines()
    assert head == {
        "station": "CP1",
        "vendor": "evtui",
        "model": "lab",
        "firmware": "1.0",
        "made": "2026-01-01T12:00:00.000Z",
        "lines": CAPACITY,
        "lost": 3,
    }
    assert len(lines) == CAPACITY
    assert lines[0]["text"] == "info: line iii"


def message(
    sender: Role, kind: Any, action: str, payload: Any = None, **fields: Any
) -> OcppMessage:
    fields.setdefault("phase", "sent" if sender == "charge_point" else "delivered")
    return OcppMessage(
        station="CP1",
        sender=sender,
        kind=kind,
        uid="1",
        action=action,
        body=as_json(payload),
        **fields,
    )


@virtual
async def test_the_file_tells_what_the_station_saw_and_names_no_id_tag() -> None:
    rig = Rig()
    started = TransactionState(
        station="CP1", connector=1, state="started", transaction_id=7, meter=12, id_tag="HIDDEN"
    )
    for event in (
        LinkState(station="CP1", side="charge_point", state="accepted"),
        LinkState(station="CP1", side="central_system", state="connected"),
        ConnectorState(station="CP1", connector=1, status="Faulted", error_code="OtherError"),
        message("charge_point", "call", "Authorize", {"idTag": "HIDDEN"}),
        message("charge_point", "call", "Authorize", {"idTag": "HIDDEN"}, phase="delivered"),
        message("central_system", "result", "Authorize", {"idTagInfo": {"status": "Accepted"}}),
        message("central_system", "call", "Reset", {"type": "Soft"}),
        message("charge_point", "result", "Reset", {"status": "Rejected"}),
        message("charge_point", "error", "Reset", {}, error="InternalError"),
        started,
        Note(station="CP2", level="info", text="of another station"),
    ):
        rig.stream.publish(event)
    assert await rig.texts() == [
        "link accepted",
        "connector 1 Faulted: OtherError",
        "ocpp charge_point call Authorize",
        "ocpp central_system call Reset",
        "ocpp charge_point result Reset: Rejected",
        "ocpp charge_point error Reset: InternalError",
        "transaction 1 started, transaction 7, 12 Wh",
    ]


@virtual
async def test_no_credentials_of_a_url_are_in_the_file() -> None:
    rig = Rig()
    rig.note("dials ws://CP1:hunter2@127.0.0.1:9000/CP1?token=abc now")
    assert await rig.texts() == ["note info: dials ws://***@127.0.0.1:9000/CP1?token=*** now"]


@virtual
async def test_a_failed_upload_is_tried_again_as_often_as_asked() -> None:
    rig = Rig()
    rig.note("booted")
    rig.files.failures.extend(["server is away"] * 2)
    rig.request(retries=2, retryInterval=7)
    await asyncio.sleep(60)
    assert rig.told == ["Uploading", "Uploaded"]
    assert rig.time_of("Uploaded") == pytest.approx(1 + 7 + 1 + 7 + 1)


@virtual
async def test_an_upload_that_never_succeeds_ends_as_upload_failed() -> None:
    rig = Rig()
    rig.note("booted")
    rig.files.failures.extend(["server is away"] * 9)
    rig.request()
    await asyncio.sleep(600)
    assert rig.told == ["Uploading", "UploadFailed"]
    assert rig.diagnostics.status == "Idle"
    assert rig.notes[-1] == "diagnostics not uploaded: server is away"


@virtual
async def test_a_further_request_takes_the_place_of_the_upload_that_runs() -> None:
    rig = Rig()
    rig.files.duration = 10.0
    rig.note("booted")
    rig.request("http://127.0.0.1/first.log")
    await asyncio.sleep(5)
    rig.request("http://127.0.0.1/second.log")
    await asyncio.sleep(60)
    assert list(rig.files.files) == ["http://127.0.0.1/second.log"]
    assert rig.told == ["Uploading", "Uploading", "Uploaded"]


@virtual
async def test_a_further_request_that_finds_nothing_leaves_the_upload_alone() -> None:
    rig = Rig()
    rig.note("booted")
    rig.request()
    await asyncio.sleep(0.5)
    assert rig.request(stopTime=at(-10)) == {}
    await asyncio.sleep(60)
    assert rig.told == ["Uploading", "Uploaded"]


@virtual
async def test_a_trigger_gets_uploading_or_idle() -> None:
    rig = Rig()
    rig.note("booted")
    rig.diagnostics.notify(triggered=True)
    rig.request()
    await asyncio.sleep(0.5)
    rig.diagnostics.notify(triggered=True)
    await asyncio.sleep(60)
    rig.diagnostics.notify(triggered=True)
    assert [(status, triggered) for _, _, status, triggered in rig.outbox.posts] == [
        ("Idle", True),
        ("Uploading", False),
        ("Uploading", True),
        ("Uploaded", False),
        ("Idle", True),
    ]
    assert {action for _, action, _, _ in rig.outbox.posts} == {"DiagnosticsStatusNotification"}


@virtual
async def test_an_end_that_came_offline_is_told_once_accepted() -> None:
    rig = Rig()
    rig.note("booted")
    rig.request()
    rig.outbox.open = False
    await asyncio.sleep(60)
    rig.outbox.open = True
    rig.diagnostics.notify(triggered=False)
    rig.diagnostics.notify(triggered=False)
    assert rig.told == ["Uploaded"]


@virtual
async def test_an_upload_that_the_process_did_not_survive_has_failed_and_that_is_told() -> None:
    rig = Rig()
    rig.note("booted")
    rig.request()
    await asyncio.sleep(0.5)
    kept = rig.diagnostics.export()
    rig.diagnostics.close()
    rig = Rig()
    rig.diagnostics.restore(kept)
    rig.diagnostics.notify(triggered=False)
    rig.diagnostics.notify(triggered=False)
    assert rig.told == ["UploadFailed"]
    assert rig.diagnostics.export() is None


@virtual
async def test_a_closed_one_uploads_and_remembers_nothing() -> None:
    rig = Rig()
    rig.note("booted")
    rig.request()
    await asyncio.sleep(0.5)
    rig.diagnostics.close()
    await asyncio.sleep(60)
    assert rig.files.files == {}
    assert rig.told == ["Uploading"]
    assert not rig.journal.of("CP1").lines


@virtual
async def test_an_identity_makes_no_path_of_the_file_name() -> None:
    rig = Rig("../NEG 4/é")
    rig.note("booted")
    assert rig.request() == {"fileName": ".._NEG_4__-20260101T120000Z.jsonl"}


@virtual
async def test_a_closed_journal_keeps_nothing_more() -> None:
    rig = Rig()
    rig.note("one")
    rig.journal.close()
    rig.note("two")
    assert await rig.texts() == ["note info: one"]


@virtual
async def test_a_huge_text_of_a_peer_is_kept_in_part_only() -> None:
    rig = Rig()
    rig.stream.publish(message("central_system", "result", "Heartbeat", {"status": "x" * 10**6}))
    assert len((await rig.texts())[0]) < 400

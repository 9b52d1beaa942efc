"""UpdateFirmware and FirmwareStatusNotification (OCPP 1.6 sections 4.5, 5.19, 6.55, 7.25)."""

from __future__ import annotations

import asyncio
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from evtui.ocppj.answering import Refusal
from evtui.station.files.firmware import (
    INSTALLATION,
    LARGEST_IMAGE,
    FirmwareManagement,
    firmware_version,
)
from tests.station.job_rig import JobRig
from tests.station.rig import at, virtual

URL = "http://127.0.0.1:8000/evtui-2.0.bin"
IMAGE = b"evtui-firmware 2.0\n" + bytes(range(256))


class Rig(JobRig):
    """A station with firmware; ``hooks`` is what was asked of the rest of it, with the time."""

    def __init__(self) -> None:
        super().__init__()
        self.files.files[URL] = IMAGE
        self.charging = False
        self.hooks: list[tuple[float, str]] = []
        self.firmware = FirmwareManagement(
            self.publisher,
            self.clock,
            self.outbox,
            self.files,
            busy=lambda: self.charging,
            installing=lambda on: self._hook("unavailable" if on else "available"),
            reboot=lambda version: self._hook(f"reboot {version}"),
        )

    def _hook(self, what: str) -> None:
        self.hooks.append((self.clock.now(), what))

    @property
    def asked(self) -> list[str]:
        """The hooks without their times."""
        return [what for _, what in self.hooks]

    def update(self, *, date: float = 0.0, url: str = URL, **fields: Any) -> None:
        """UpdateFirmware.req; ``date`` is lab time in s."""
        self.firmware.update({"location": url, "retrieveDate": at(date), **fields})

    def boot(self) -> None:
        """The station was accepted."""
        self.firmware.notify(triggered=False)


@virtual
async def test_an_update_goes_through_every_status_in_order() -> None:
    rig = Rig()
    rig.update()
    await asyncio.sleep(60)
    rig.boot()
    assert rig.told == ["Downloading", "Downloaded", "Installing", "Installed"]
    assert rig.asked == ["unavailable", "reboot 2.0", "available"]
    assert rig.firmware.status == "Idle"


@virtual
async def test_installed_is_told_by_the_firmware_that_came_up() -> None:
    rig = Rig()
    rig.update()
    await asyncio.sleep(60)
    assert rig.told[-1] == "Installing"
    assert rig.firmware.status == "Installing"
    rig.boot()
    rig.boot()
    assert rig.told.count("Installed") == 1


@virtual
async def test_nothing_is_fetched_before_the_retrieve_date() -> None:
    rig = Rig()
    rig.update(date=3_600)
    await asyncio.sleep(3_599)
    assert rig.told == []
    assert rig.firmware.status == "Idle"
    await asyncio.sleep(10)
    assert rig.time_of("Downloading") == pytest.approx(3_600)


@virtual
async def test_a_retrieve_date_in_another_time_zone_is_the_same_moment() -> None:
    rig = Rig()
    date = "2026-01-01t14:00:30+02:00"
    rig.firmware.update({"location": URL, "retrieveDate": date})
    await asyncio.sleep(60)
    assert rig.time_of("Downloading") == pytest.approx(30)


@virtual
async def test_a_retrieve_date_that_is_none_is_refused_and_nothing_begins() -> None:
    rig = Rig()
    with pytest.raises(Refusal, match="retrieveDate"):
        rig.firmware.update({"location": URL, "retrieveDate": "soon"})
    await asyncio.sleep(60)
    assert rig.told == []


@virtual
async def test_connectors_become_unavailable_while_the_last_transaction_is_waited_for() -> None:
    rig = Rig()
    rig.charging = True
    rig.update()
    await asyncio.sleep(100)
    assert rig.told == ["Downloading", "Downloaded"]
    assert rig.asked == ["unavailable"]
    rig.charging = False
    await asyncio.sleep(10)
    assert rig.told[-1] == "Installing"
    assert 100 <= rig.time_of("Installing") <= 101
    when, what = rig.hooks[1]
    assert what == "reboot 2.0"
    assert when == pytest.approx(rig.time_of("Installing") + INSTALLATION)


@virtual
async def test_a_failed_download_is_tried_again_as_often_as_asked() -> None:
    rig = Rig()
    rig.files.failures.extend(["server is away"] * 2)
    rig.update(retries=2, retryInterval=30)
    await asyncio.sleep(100)
    assert rig.told[:2] == ["Downloading", "Downloaded"]
    assert rig.time_of("Downloaded") == pytest.approx(1 + 30 + 1 + 30 + 1)
    assert rig.notes[:2] == [
        "firmware: server is away; next try in 30 s, 2 left",
        "firmware: server is away; next try in 30 s, 1 left",
    ]


@virtual
async def test_a_download_that_never_succeeds_ends_as_download_failed() -> None:
    rig = Rig()
    rig.update(url="http://127.0.0.1/gone.bin", retries=1, retryInterval=5)
    await asyncio.sleep(60)
    assert rig.told == ["Downloading", "DownloadFailed"]
    assert rig.asked == []
    assert rig.firmware.status == "Idle"
    assert rig.notes[-1] == "firmware not downloaded: http://127.0.0.1/gone.bin: no such file"


@virtual
async def test_no_retries_means_one_try() -> None:
    rig = Rig()
    rig.files.failures.append("server is away")
    rig.update(retries=0)
    await asyncio.sleep(60)
    assert rig.told == ["Downloading", "DownloadFailed"]


@virtual
async def test_a_retry_interval_of_zero_does_not_flood_the_server() -> None:
    rig = Rig()
    rig.files.duration = 0.0
    rig.files.failures.extend(["server is away"] * 100)
    rig.update(retries=10**30, retryInterval=0)
    await asyncio.sleep(50.5)
    assert len(rig.files.failures) == 100 - 51


@virtual
async def test_an_image_too_large_is_not_tried_again() -> None:
    rig = Rig()
    rig.files.files[URL] = IMAGE + bytes(LARGEST_IMAGE)
    rig.update(retries=5)
    await asyncio.sleep(300)
    assert rig.told == ["Downloading", "DownloadFailed"]
    assert rig.notes == [f"firmware not downloaded: {URL}: larger than {LARGEST_IMAGE} bytes"]


@pytest.mark.parametrize("image", [b"", b"MZ\x90\x00", b"evtui-firmware \n", b"\xff" * 99])
def test_what_is_no_image_is_not_installed(image: bytes) -> None:
    @virtual
    async def update() -> None:
        rig = Rig()
        rig.files.files[URL] = image
        rig.update()
        await asyncio.sleep(60)
        assert rig.told == ["Downloading", "Downloaded", "InstallationFailed"]
        assert rig.asked == []
        assert rig.firmware.status == "Idle"

    update()


@virtual
async def test_a_further_update_takes_the_place_of_one_that_still_waits() -> None:
    rig = Rig()
    rig.files.files["http://127.0.0.1/3.bin"] = b"evtui-firmware 3.0"
    rig.update(date=3_600)
    rig.update(url="http://127.0.0.1/3.bin")
    await asyncio.sleep(7_200)
    assert rig.asked == ["unavailable", "reboot 3.0", "available"]
    assert rig.told == ["Downloading", "Downloaded", "Installing"]


@virtual
async def test_a_replaced_update_gives_the_connectors_back() -> None:
    rig = Rig()
    rig.charging = True
    rig.update()
    await asyncio.sleep(10)
    rig.update(date=3_600)
    await asyncio.sleep(10)
    assert rig.asked == ["unavailable", "available"]
    assert rig.firmware.status == "Idle"


@virtual
async def test_an_update_during_an_installation_is_refused_and_the_installation_goes_on() -> None:
    rig = Rig()
    rig.update()
    await asyncio.sleep(3)
    assert rig.told[-1] == "Installing"
    with pytest.raises(Refusal, match="is being installed"):
        rig.update()
    await asyncio.sleep(60)
    with pytest.raises(Refusal, match="is being installed"):
        rig.update()
    rig.boot()
    rig.update()
    assert rig.asked == ["unavailable", "reboot 2.0", "available"]


@virtual
async def test_a_trigger_gets_the_present_status_and_idle_when_nothing_runs() -> None:
    rig = Rig()
    rig.charging = True
    rig.firmware.notify(triggered=True)
    rig.update()
    await asyncio.sleep(10)
    rig.firmware.notify(triggered=True)
    assert [(status, triggered) for _, _, status, triggered in rig.outbox.posts] == [
        ("Idle", True),
        ("Downloading", False),
        ("Downloaded", False),
        ("Downloaded", True),
    ]
    assert {action for _, action, _, _ in rig.outbox.posts} == {"FirmwareStatusNotification"}


@virtual
async def test_what_was_not_heard_offline_is_told_once_accepted_and_only_the_newest() -> None:
    rig = Rig()
    rig.outbox.open = False
    rig.update(url="http://127.0.0.1/gone.bin", retries=0)
    await asyncio.sleep(60)
    rig.outbox.open = True
    rig.boot()
    rig.boot()
    assert rig.told == ["DownloadFailed"]


@virtual
async def test_what_was_sent_but_never_answered_is_told_again() -> None:
    rig = Rig()
    rig.charging = True
    rig.outbox.answers = False
    rig.update()
    await asyncio.sleep(60)
    rig.outbox.answers = True
    rig.boot()
    rig.boot()
    assert rig.told == ["Downloading", "Downloaded", "Downloaded"]


@virtual
async def test_a_closed_one_does_nothing_more() -> None:
    rig = Rig()
    rig.update()
    await asyncio.sleep(0.5)
    rig.firmware.close()
    await asyncio.sleep(60)
    assert rig.told == ["Downloading"]
    assert rig.asked == []


@pytest.mark.parametrize(
    ("after", "told"),
    [
        (0.5, ["DownloadFailed"]),  # Downloading
        (3.0, ["InstallationFailed"]),  # Installing
        (60.0, ["Installed"]),  # rebooting with it
    ],
)
@virtual
async def test_an_update_that_the_process_did_not_survive_still_has_its_end_told(
    after: float, told: list[str]
) -> None:
    rig = Rig()
    rig.update()
    await asyncio.sleep(after)
    kept = rig.firmware.export()
    rig.firmware.close()
    rig = Rig()
    rig.firmware.restore(kept)
    assert rig.firmware.export() == kept
    rig.boot()
    rig.boot()
    assert rig.told == told
    assert rig.firmware.status == "Idle"
    assert rig.firmware.export() is None


@virtual
async def test_an_update_goes_on_waiting_for_its_retrieve_date_in_the_next_process() -> None:
    rig = Rig()
    rig.update(date=3_600, retries=10**30)
    await asyncio.sleep(60)
    kept = rig.firmware.export()
    rig.firmware.close()
    rig = Rig()
    rig.firmware.restore(msgspec.json.decode(msgspec.json.encode(kept)))
    rig.boot()
    assert rig.told == []
    await asyncio.sleep(3_610)
    assert rig.time_of("Downloading") == pytest.approx(3_660)  # lab time began anew 60 s ago
    assert rig.told == ["Downloading", "Downloaded", "Installing"]


@virtual
async def test_an_end_that_was_heard_is_not_kept() -> None:
    rig = Rig()
    rig.update(url="http://127.0.0.1/gone.bin", retries=0)
    await asyncio.sleep(60)
    assert rig.told[-1] == "DownloadFailed"
    assert rig.firmware.export() is None


@virtual
async def test_credentials_of_the_location_are_in_no_note() -> None:
    rig = Rig()
    url = "ftp://bob:hunter2@127.0.0.1/2.0.bin"
    rig.files.files[url] = IMAGE
    rig.update(url=url)
    await asyncio.sleep(60)
    rig.boot()
    rig.files.files[url] = b"no image"
    rig.update(url=url)
    await asyncio.sleep(60)
    del rig.files.files[url]
    rig.update(url=url, retries=0)
    await asyncio.sleep(60)
    assert len(rig.notes) == 5
    assert all("hunter2" not in note and "bob" not in note for note in rig.notes)
    assert any("ftp://***@127.0.0.1/2.0.bin" in note for note in rig.notes)


@given(
    version=st.from_regex(r"[!-~]([ -~]{0,48}[!-~])?", fullmatch=True),
    end=st.sampled_from([b"", b"\n", b"\r\n", b"\n\x00\xff"]),
)
def test_every_version_that_a_boot_notification_can_carry_is_read(version: str, end: bytes) -> None:
    assert firmware_version(b"evtui-firmware " + version.encode() + end) == version


@given(st.binary())
def test_any_other_first_line_is_no_version(data: bytes) -> None:
    assert firmware_version(data) is None
    assert firmware_version(b"evtui-firmware " + b"x" * 51 + data) is None

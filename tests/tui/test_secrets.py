"""No secret on the screen, unless somebody asks for it."""

from __future__ import annotations

from contextlib import suppress
from typing import Any

import pytest

from evtui.events import CentralSystemState, LinkState, Note, PartState
from evtui.tui.screens.detail import DetailScreen
from tests.tui.driving import Driven, driven
from tests.tui.fake_lab import FakeLab
from tests.tui.panel_app import until
from tests.tui.replay.driving import Replayed, replayed
from tests.tui.replay.fake_recording import FakeRecording

SECRET = "s3cr3t"

CALLS: list[tuple[str, dict[str, Any], dict[str, Any]]] = [
    ("ChangeConfiguration", {"key": "AuthorizationKey", "value": SECRET}, {"status": "Accepted"}),
    ("GetDiagnostics", {"location": f"https://h/up?sig={SECRET}"}, {}),
    ("UpdateFirmware", {"location": f"ftp://{SECRET}@h/f", "retrieveDate": "2026-01-01"}, {}),
    ("DataTransfer", {"vendorId": "x", "data": f"Authorization: Bearer {SECRET}"}, {}),
    (
        "GetConfiguration",
        {"key": ["AuthorizationKey"]},
        {"configurationKey": [{"key": "AuthorizationKey", "readonly": False, "value": SECRET}]},
    ),
]


def drawn(one: Driven | Replayed) -> str:
    """Everything on the screen, line by line."""
    strips = one.pilot.app.screen._compositor.render_strips()
    return "\n".join("".join(segment.text for segment in strip) for strip in strips)


@pytest.mark.parametrize(("action", "call", "answer"), CALLS)
async def test_neither_row_nor_detail_shows_a_secret_and_a_key_does_for_a_moment(
    action: str, call: dict[str, Any], answer: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("evtui.tui.screens.detail.REVEAL_SECONDS", 600.0)
    async with driven(6.0, size=(120, 40)) as one:
        one.lab.call("central_system", action, call, answer)
        await one.tick()
        await one.press("1", "end")
        assert action in drawn(one)
        assert SECRET not in drawn(one)
        assert SECRET not in one.app.export_screenshot()
        await one.press("enter")
        assert one.shows(DetailScreen)
        assert SECRET not in drawn(one)
        assert "v shows ***" in drawn(one)
        for is_shown in (True, False, True, False):
            await one.press("v")
            await until(one.pilot, lambda: (SECRET in drawn(one)) is is_shown)  # noqa: B023
        monkeypatch.setattr("evtui.tui.screens.detail.REVEAL_SECONDS", 0.1)
        await one.press("v")
        await until(one.pilot, lambda: "hidden again" not in drawn(one))
        assert SECRET not in drawn(one)


async def test_while_a_secret_is_shown_no_picture_is_taken() -> None:
    async with driven(6.0) as one:
        one.lab.call("central_system", *CALLS[0])
        await one.tick()
        await one.press("end", "enter", "v")
        assert SECRET in drawn(one)
        await one.main.do("app.screenshot")
        assert "not saved" in one.main.footer.notice


async def test_a_row_without_secrets_offers_nothing_to_show() -> None:
    async with driven(6.0) as one:
        await one.press("enter")
        assert one.shows(DetailScreen)
        before = drawn(one)
        assert "v shows" not in before
        await one.press("v")
        assert drawn(one) == before


async def test_a_secret_of_the_message_that_caused_another_is_not_offered() -> None:
    async with driven(6.0) as one:
        cause = one.lab.call("central_system", *CALLS[2])
        told = {"status": "Downloading"}
        one.lab.call("charge_point", "FirmwareStatusNotification", told, {}, cause=cause)
        await one.tick()
        await one.press("end", "enter")
        assert "caused by   → UpdateFirmware ftp://***@h/f" in drawn(one)
        assert "v shows" not in drawn(one)


async def test_what_was_hidden_when_it_was_recorded_is_said_to_be_gone() -> None:
    async with driven(6.0) as one:
        call = {"key": "AuthorizationKey", "value": "***"}
        one.lab.call("central_system", "ChangeConfiguration", call, {"status": "Accepted"})
        await one.tick()
        await one.press("end", "enter", "v")
        assert "*** is all that was recorded" in drawn(one)


@pytest.mark.parametrize(("action", "call", "answer"), CALLS[:3])
async def test_an_old_recording_is_shown_without_its_secrets_and_has_them_still(
    action: str, call: dict[str, Any], answer: dict[str, Any]
) -> None:
    lab = FakeLab()
    lab.call("central_system", action, call, answer)
    async with replayed(FakeRecording(lab.events.take())) as one:
        await until(one.pilot, lambda: action in drawn(one))
        assert SECRET not in drawn(one)
        await one.press("1", "enter")
        await until(one.pilot, lambda: f"request · {action}" in drawn(one))
        assert SECRET not in drawn(one)
        await one.press("v")
        await until(one.pilot, lambda: SECRET in drawn(one))


async def test_notes_links_crashes_and_answers_show_no_secret() -> None:
    async with driven(6.0, size=(200, 50)) as one:
        one.lab.call("central_system", *CALLS[0])  # from now on it is known
        publish = one.lab.publish
        url = f"ws://joe:{SECRET}@host:9000/x"
        publish(CentralSystemState(source="csms", url=url, listening=False, ours=False))
        gone = f"no {SECRET}"
        publish(LinkState(station="CP1", side="charge_point", state="offline", detail=gone))
        publish(Note(level="error", station="CP1", text=f"cannot reach {url}, {SECRET}"))
        publish(PartState(part="csms", state="crashed", detail=f"ValueError: {url}"))
        await one.tick()
        assert "host" in drawn(one)
        assert SECRET not in drawn(one)
        one.main.notice(f"answer: token={SECRET}, {SECRET}")
        await one.tick()
        assert "answer: token=***, ***" in drawn(one)


async def test_a_traceback_shows_no_secret(monkeypatch: pytest.MonkeyPatch) -> None:
    told: list[str] = []

    def break_down(*_: object) -> None:
        password = SECRET  # Textual would show the values of variables
        raise ValueError(f"{'ws'}://joe:{password}@host is no good")

    with suppress(ValueError):
        async with driven(6.0) as one:
            monkeypatch.setitem(one.main.doing, "view.pause", break_down)
            monkeypatch.setattr(
                one.app, "_print_error_renderables", lambda: told.extend(errors_of(one))
            )
            await one.press("space")
            await one.tick()
    assert "break_down" in "".join(told)
    assert "***@host is no good" in "".join(told)
    assert SECRET not in "".join(told)


def errors_of(one: Driven) -> list[str]:
    """What the app would print on leaving."""
    return [str(each) for each in one.app._exit_renderables]

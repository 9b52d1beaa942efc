"""Sending operations of the central system from the terminal."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from concurrent.futures import Future
from contextlib import asynccontextmanager
from types import MappingProxyType
from typing import Any

import pytest
from textual.app import App
from textual.containers import Vertical
from textual.pilot import Pilot
from textual.widgets import Button, Input, Label, OptionList, TextArea

from evtui.commands import Outcome
from evtui.events import CentralSystemState, LinkState
from evtui.ocpp16.forms import OPERATIONS
from evtui.ocpp16.validation import check
from evtui.station.configuration_keys import KEYS
from evtui.tui.models.operations import OperationList
from evtui.tui.models.stations import StationRows
from evtui.tui.palette import Palette
from evtui.tui.screens.main import MainScreen
from evtui.tui.screens.operation import OperationScreen
from evtui.tui.screens.operation_row import ChoiceRow, FieldRow
from tests.tui.driving import Driven, driven, handled, press
from tests.tui.fake_lab import FakeLab
from tests.tui.replay.driving import replayed
from tests.tui.replay.fake_recording import FakeRecording

SIZES = [(80, 24), (120, 36)]
KNOWN = {"idTag": "ANOM_TEST", "location": "http://127.0.0.1:8080/files/"}


class SlowLab(FakeLab):
    """Answers when the test says so."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[Future[Outcome[Any]]] = []

    def submit(self, command: str, **arguments: object) -> Future[Outcome[Any]]:
        super().submit(command, **arguments)
        self.open.append(Future())
        return self.open[-1]


class FormApp(App[None]):
    """Forms over an empty screen."""

    def __init__(self, lab: FakeLab) -> None:
        super().__init__()
        self.lab = lab
        self.chosen = "CP1"
        self.stations = StationRows()
        self.operations = OperationList(KNOWN, target=lambda: self.chosen, seen=self.stations.get)
        self.answers: list[Future[Outcome[Any]] | None] = []

    async def open(self, action: str) -> None:
        await self.push_screen(
            OperationScreen(self.lab, self.operations, action), self.answers.append
        )

    def hear(self) -> None:
        events = self.lab.events.take()
        self.stations.feed(events)
        self.operations.feed(events)


class Form:
    """The form on top of an app."""

    def __init__(self, app: App[Any], lab: FakeLab, pilot: Pilot[None]) -> None:
        self.app = app
        self.lab = lab
        self.pilot = pilot

    @property
    def screen(self) -> OperationScreen:
        assert isinstance(self.app.screen, OperationScreen)
        return self.app.screen

    @property
    def closed(self) -> bool:
        return not isinstance(self.app.screen, OperationScreen)

    def row(self, name: str) -> FieldRow:
        return next(row for row in self.screen.query(FieldRow) if row.field.name == name)

    async def type(self, name: str, text: str) -> None:
        self.row(name).text = text
        await handled(self.pilot)

    async def write(self, text: str) -> None:
        self.screen.query_one(TextArea).text = text
        await handled(self.pilot)

    async def press(self, *keys: str) -> None:
        await press(self.pilot, *keys)

    @property
    def title(self) -> str:
        return str(self.screen.query_one(Vertical)._border_title)

    def line(self, name: str) -> str:
        return str(self.screen.query_one(f"#{name}", Label).render())

    @property
    def problem(self) -> str:
        return self.line("problem")

    @property
    def answer(self) -> str:
        return self.line("answer")

    @property
    def station(self) -> ChoiceRow:
        return self.screen.query_one("#station", ChoiceRow)

    @property
    def sent(self) -> list[dict[str, Any]]:
        assert set(self.lab.submitted) <= {"csms.call"}
        return self.lab.arguments

    def link(self, station: str, state: str = "connected") -> None:
        self.lab.publish(LinkState(station=station, side="central_system", state=state))
        self.hear()

    def start(self, station: str, transaction: int) -> None:
        answer = {"transactionId": transaction, "idTagInfo": {"status": "Accepted"}}
        self.lab.call("charge_point", "StartTransaction", {}, answer, station=station)
        self.hear()

    def hear(self) -> None:
        assert isinstance(self.app, FormApp)
        self.app.hear()

    async def open(self, action: str) -> None:
        assert isinstance(self.app, FormApp)
        await self.app.open(action)
        await handled(self.pilot)

    async def reopen(self, action: str) -> None:
        await self.press("escape")
        await self.open(action)


@asynccontextmanager
async def form(
    action: str,
    *,
    lab: FakeLab | None = None,
    stations: tuple[str, ...] = ("CP1", "FOREIGN"),
    running: Mapping[str, int] = MappingProxyType({}),
    chosen: str = "CP1",
) -> AsyncIterator[Form]:
    lab = lab or FakeLab()
    app = FormApp(lab)
    app.chosen = chosen
    async with app.run_test(size=(80, 24)) as pilot:
        one = Form(app, lab, pilot)
        for station in stations:
            one.link(station)
        for station, transaction in running.items():
            one.start(station, transaction)
        await one.open(action)
        yield one


async def connect(one: Driven, station: str) -> None:
    one.lab.publish(LinkState(station=station, side="central_system", state="connected"))
    await one.tick()


def form_of(one: Driven) -> Form:
    """The form that was opened over the panels."""
    return Form(one.app, one.lab, one.pilot)


async def open_form(one: Driven, action: str) -> None:
    await one.main.run_action(f"send_operation({action!r})")
    await handled(one.pilot)


# Choosing an operation


def palette_of(one: Driven) -> list[str]:
    """What the open palette lists."""
    found = one.screen.query_one(OptionList)
    return [str(option.prompt).splitlines()[0] for option in found.options]


async def test_a_station_with_a_long_name_is_shown_as_far_as_there_is_room() -> None:
    name = "A-station-" * 5
    async with form("Reset", stations=(name,), chosen=name) as one:
        shown = str(one.station.render())
        assert shown.startswith("‹ A-station-A-station-")
        assert "… ›" in shown
        assert len(shown.rstrip()) <= one.station.size.width


@pytest.mark.parametrize("size", SIZES)
async def test_a_key_lists_every_operation_and_enter_opens_its_form(size: tuple[int, int]) -> None:
    async with driven(0.0, size=size) as one:
        await connect(one, "CP1")
        await one.press("o")
        assert palette_of(one) == [f"Send {action}…" for action in sorted(OPERATIONS)]
        await one.press("enter")
        await handled(one.pilot)
        assert form_of(one).screen.query(FieldRow).first().field.name == "reservationId"


async def test_the_list_is_filtered_by_what_is_typed() -> None:
    async with driven(0.0) as one:
        await connect(one, "CP1")
        await one.press("o", *"unlock")
        assert palette_of(one)[:1] == ["Send UnlockConnector…"]
        await one.press("enter")
        await handled(one.pilot)
        assert form_of(one).row("connectorId").text == "1"


async def test_the_command_palette_has_every_operation_too() -> None:
    async with driven(0.0) as one:
        await one.press("colon")
        listed = set(palette_of(one))
        assert {f"Send {action}…" for action in OPERATIONS} <= listed


async def test_the_lab_has_no_key_that_would_send_an_operation_unseen() -> None:
    async with driven(0.0) as one:
        await one.press("o")
        assert one.shows(Palette)
        assert one.lab.submitted == []


async def test_a_form_about_a_file_begins_with_the_labs_own_file_server() -> None:
    async with driven(0.0) as one:
        await connect(one, "CP1")
        places = {
            "GetDiagnostics.location": "http://127.0.0.1:1/diagnostics",
            "UpdateFirmware.location": "http://127.0.0.1:1/firmware/a",
        }
        one.lab.data = places
        for name, place in places.items():
            action = name.partition(".")[0]
            await open_form(one, action)
            while not one.shows(OperationScreen):
                await one.pilot.pause(0.01)
            assert form_of(one).row("location").text == place
            await one.press("escape")
        assert one.lab.submitted == ["csms.files"]


async def test_a_form_about_a_file_opens_without_a_file_server_too() -> None:
    async with driven(0.0) as one:
        await connect(one, "CP1")
        one.lab.answer = RuntimeError("no port is free")
        await open_form(one, "GetDiagnostics")
        while not one.shows(OperationScreen):
            await one.pilot.pause(0.01)
        assert form_of(one).row("location").text == ""


async def test_with_a_foreign_central_system_the_reason_is_said_and_no_form_opens() -> None:
    async with driven(0.0) as one:
        one.lab.publish(CentralSystemState(url="ws://h:1", listening=False, ours=False))
        await one.tick()
        for open_it in ("o", ""):
            if open_it:
                await one.press(open_it)
            else:
                await open_form(one, "Reset")
            assert one.shows(MainScreen)
            assert "operations are sent by evtui's own" in one.text("#footer")


async def test_a_replay_sends_no_operations() -> None:
    async with replayed(FakeRecording()) as one:
        await one.press("o")
        assert "this is a recording: operation needs a running lab" in one.main.footer.notice
        await one.press("colon")
        assert isinstance(one.pilot.app.screen, Palette)
        found = one.pilot.app.screen.query_one(OptionList)
        assert found.option_count
        assert not any("Send" in str(option.prompt) for option in found.options)


# Filling in and sending


async def test_every_operation_is_sent_with_what_its_form_begins_with() -> None:
    async with form("Reset", running={"CP1": 7}) as one:
        for action in OPERATIONS:
            await one.reopen(action)
            one.lab.answer = f"{action}: Accepted, 3 ms"
            await one.press("enter")
            assert one.answer == f"· {action}: Accepted, 3 ms"
            sent = one.sent[-1]
            assert (sent["station"], sent["action"]) == ("CP1", action)
            assert check(action, "call", sent["payload"]) is None
        assert [sent["action"] for sent in one.sent] == [*OPERATIONS]


async def test_the_same_form_sends_again_and_again() -> None:
    async with form("CancelReservation") as one:
        await one.press("enter")
        await one.type("reservationId", "2")
        await one.press("ctrl+s")
        assert [sent["payload"] for sent in one.sent] == [
            {"reservationId": 1},
            {"reservationId": 2},
        ]


async def test_of_an_answer_that_is_too_long_the_end_is_shown_as_well() -> None:
    async with form("GetConfiguration") as one:
        keys = ", ".join(f'{{"key": "Key{number}"}}' for number in range(50))
        one.lab.answer = f"GetConfiguration to CP1: [{keys}], 12 ms"
        await one.press("enter")
        assert one.answer.startswith("· GetConfiguration to CP1: [")
        assert one.answer.endswith("], 12 ms")
        assert len(one.answer) < 2 * 74


async def test_why_it_could_not_be_sent_is_shown_in_the_form() -> None:
    async with form("Reset") as one:
        one.lab.answer = ValueError("FOREIGN is not \x1b[31mconnected")
        await one.press("enter")
        assert one.answer == r"✗ FOREIGN is not \x1b[31mconnected"


async def test_a_wrong_value_is_named_at_once_and_not_sent() -> None:
    async with form("CancelReservation") as one:
        await one.type("reservationId", "many")
        assert one.problem == "reservationId: many is no whole number"
        assert one.row("reservationId").has_class("-wrong")
        assert one.screen.query_one("#send", Button).disabled
        await one.press("enter")
        assert one.sent == []
        await one.type("reservationId", "3")
        assert one.problem == ""
        assert not one.screen.query_one("#send", Button).disabled


async def test_enter_goes_to_the_first_field_that_is_wrong() -> None:
    async with form("SetChargingProfile") as one:
        await one.type("chargingSchedulePeriod", "0 much")
        await one.press("enter")
        assert one.row("chargingSchedulePeriod").has_focus_within
        assert one.problem == "chargingSchedulePeriod: entry 1: limit: much is no number"


async def test_what_a_field_is_about_is_told_while_it_has_the_focus() -> None:
    async with form("GetCompositeSchedule") as one:
        await one.press("down")
        assert one.problem == "duration: s, or as in 1h30m"


async def test_the_focused_field_is_always_on_the_screen() -> None:
    async with form("RemoteStartTransaction") as one:
        fields = one.screen.query_one("#fields")
        for row in one.screen.query(FieldRow):
            assert row.has_focus_within
            while not fields.region.contains_region(row.region):  # scrolled a frame later
                await one.pilot.pause(0.01)
            await one.press("down")
        assert one.screen.focused is one.screen.query_one("#send")


async def test_arrows_and_letters_choose() -> None:
    async with form("TriggerMessage") as one:
        await one.press("h")
        assert one.row("requestedMessage").text == "Heartbeat"
        await one.press("right")
        assert one.row("requestedMessage").text == "MeterValues"
        await one.press("left", "left", "left", "left", "left")
        assert one.row("requestedMessage").text == "StatusNotification"
        await one.press("enter")
        assert one.sent[0]["payload"]["requestedMessage"] == "StatusNotification"


async def test_an_optional_choice_can_be_left_out() -> None:
    async with form("GetCompositeSchedule") as one:
        await one.press("end", "tab", "tab", "w", "enter")
        assert one.sent[0]["payload"]["chargingRateUnit"] == "W"
        await one.press("right", "enter")
        assert "chargingRateUnit" not in one.sent[1]["payload"]


async def test_the_mouse_chooses_sends_and_closes() -> None:
    async with form("Reset") as one:
        await one.pilot.click(one.row("type").query_one(ChoiceRow))
        await one.pilot.click("#send")
        assert one.sent[0]["payload"] == {"type": "Hard"}
        await one.pilot.click("#close")
        assert one.closed


# Stations


async def test_the_station_is_chosen_among_those_connected_ours_and_foreign() -> None:
    async with form("ClearCache") as one:
        await one.press("right", "enter")
        await one.press("right", "enter")
        assert [sent["station"] for sent in one.sent] == ["FOREIGN", "CP1"]


async def test_a_station_that_comes_while_the_form_is_open_can_be_chosen() -> None:
    async with form("ClearCache", stations=(), chosen="") as one:
        assert one.station.value == ""
        await one.press("enter")
        assert (one.sent, one.answer) == ([], "not sent: no charge point is connected")
        one.link("LATE")
        await one.press("right", "enter")
        assert one.sent[0]["station"] == "LATE"


async def test_every_form_begins_with_the_chosen_station_whatever_the_last_one_was_for() -> None:
    async with form("ClearCache") as one:
        await one.press("right")
        assert one.title == "Send ClearCache to FOREIGN"
        await one.reopen("Reset")
        assert one.title == "Send Reset to CP1"
        assert one.station.value == "CP1"


async def test_another_station_changes_what_nobody_typed_and_nothing_else() -> None:
    async with form("RemoteStopTransaction", running={"CP1": 7, "FOREIGN": 8}) as one:
        assert one.row("transactionId").text == "7"
        await one.press("up", "right")
        assert one.row("transactionId").text == "8"
        await one.type("transactionId", "99")
        await one.press("right")
        assert one.row("transactionId").text == "99"


# Memory


async def test_what_was_typed_is_there_when_the_form_is_opened_again() -> None:
    async with form("ReserveNow") as one:
        await one.type("expiryDate", "+5min")
        await one.type("connectorId", "")
        await one.reopen("Reset")
        await one.reopen("ReserveNow")
        assert one.row("expiryDate").text == "+5min"
        assert one.row("connectorId").text == ""
        assert one.row("idTag").text == "ANOM_TEST"


async def test_a_transaction_that_nobody_typed_is_not_remembered() -> None:
    async with form("RemoteStopTransaction", running={"CP1": 7}) as one:
        one.start("CP1", 9)
        await one.reopen("RemoteStopTransaction")
        assert one.row("transactionId").text == "9"


async def test_json_that_was_typed_is_there_when_the_form_is_opened_again() -> None:
    async with form("DataTransfer") as one:
        await one.press("f2")
        await one.write('{"vendorId": "a", "data": "two\\nlines"}')
        await one.reopen("DataTransfer")
        await one.press("ctrl+s")
        assert one.sent[0]["payload"] == {"vendorId": "a", "data": "two\nlines"}


# JSON


async def test_a_key_turns_the_form_to_json_and_back() -> None:
    async with form("SetChargingProfile") as one:
        await one.type("chargingSchedulePeriod", "0 16; 3600 32 3")
        await one.press("f2")
        written = one.screen.query_one(TextArea).text
        assert '"numberPhases": 3' in written
        await one.write(written.replace('"limit": 16', '"limit": 6.5'))
        await one.press("f2")
        assert one.row("chargingSchedulePeriod").text == "0 6.5; 3600 32 3"


async def test_fields_that_were_not_changed_as_json_stay_as_they_were_typed() -> None:
    async with form("ReserveNow") as one:
        await one.type("connectorId", "one")
        await one.press("f2")
        assert '"connectorId": "one"' in one.screen.query_one(TextArea).text
        await one.press("f2")
        assert one.row("expiryDate").text == "+1h"
        assert one.row("connectorId").text == "one"


async def test_json_is_checked_as_it_is_typed_and_sent_by_ctrl_s() -> None:
    async with form("Reset") as one:
        await one.press("f2")
        await one.write('{"type": "hot"}')
        assert one.problem == 'type: "hot" is not one of "Hard" or "Soft"'
        await one.press("ctrl+s")
        assert one.sent == []
        await one.write('{\n"type": "Hard"}')
        await one.press("ctrl+s")
        assert one.sent[0]["payload"] == {"type": "Hard"}


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("{", "stays JSON: not JSON: "),
        ('{"type": "Soft", "x": 1}', "stays JSON: x: the form has no such field"),
    ],
)
async def test_json_that_the_fields_cannot_hold_stays_json(text: str, reason: str) -> None:
    async with form("Reset") as one:
        await one.press("f2")
        await one.write(text)
        await one.press("f2")
        assert one.answer.startswith(reason)
        assert one.screen.query_one(TextArea).display
        assert one.screen.query_one(TextArea).text == text


# While the answer is to come


async def test_while_an_answer_is_to_come_the_form_waits_and_sends_nothing_more() -> None:
    lab = SlowLab()
    async with form("Reset", lab=lab) as one:
        await one.press("enter")
        assert one.answer == "waiting for CP1 …"
        await one.press("enter")
        assert one.answer == "not sent: the answer before is still to come"
        lab.open[0].set_result(Outcome("Reset: Accepted, 30 ms", None))
        await handled(one.pilot)
        assert one.answer == "· Reset: Accepted, 30 ms"
        await one.press("enter")
        assert len(one.sent) == 2


async def test_an_answer_that_comes_after_the_form_was_closed_is_shown_below_the_panels() -> None:
    lab = SlowLab()
    async with driven(0.0, lab=lab) as one:
        await connect(one, "CP1")
        await open_form(one, "Reset")
        await one.press("enter", "escape")
        lab.open[0].set_exception(TimeoutError("CP1 did not answer Reset in 30 s"))
        await handled(one.pilot)
        assert "✗ CP1 did not answer Reset in 30 s" in one.text("#footer")


async def test_typing_in_a_form_presses_no_key_of_the_lab() -> None:
    async with driven(0.0) as one:
        await open_form(one, "DataTransfer")
        await one.press("end", *"sx0q")
        assert one.lab.submitted == []
        assert form_of(one).row("vendorId").text == "evtuisx0q"


# Keys that are known, numbers


async def test_the_keys_of_a_station_are_offered_and_taken_with_an_arrow() -> None:
    async with form("ChangeConfiguration") as one:
        row = one.row("key")
        await one.type("key", "")
        assert one.problem.startswith("→ takes the first: ")
        await one.press(*"meterv")
        assert "MeterValuesSampledData" in one.problem
        await one.press("right")
        known = {key.name for key in KEYS}
        assert row.text in known
        assert "takes the first" not in one.problem


async def test_keys_that_a_foreign_station_told_of_go_before_those_of_the_standard() -> None:
    async with form("ChangeConfiguration") as one:
        answer = {"configurationKey": [{"key": "AcmeGlow", "readonly": False}, 7, {"key": []}]}
        one.lab.call("central_system", "GetConfiguration", {}, answer, station="CP1")
        one.hear()
        await one.press("a", "backspace")
        assert one.problem == "→ takes the first: AcmeGlow"
        await one.press("A", "right")
        assert one.row("key").text == "AcmeGlow"


async def test_every_key_of_the_standard_is_shown_from_its_beginning() -> None:
    async with form("ChangeConfiguration") as one:
        width = one.row("key").query_one(Input).size.width
        assert width > max(len(key.name) for key in KEYS)


@pytest.mark.parametrize(
    ("action", "field"),
    [("UnlockConnector", "connectorId"), ("RemoteStopTransaction", "transactionId")],
)
async def test_letters_are_not_typed_into_a_number(action: str, field: str) -> None:
    async with form(action) as one:
        row = one.row(field)
        row.text = ""
        row.go_to()
        await one.press(*"a1e2-x")
        assert row.text == "12"

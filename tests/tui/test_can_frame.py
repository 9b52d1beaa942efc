"""A raw CAN frame is sent from the palette, with a form for what is in it."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from textual.pilot import Pilot
from textual.widgets import Input, Label

from evtui.anomalies import anomaly_named
from evtui.tui.app import EvtuiApp
from evtui.tui.palette import Palette
from evtui.tui.panels.parameter_lines import told_value
from evtui.tui.screens.can_frame import FrameScreen
from evtui.tui.screens.field_form import Field
from evtui.tui.screens.main import MainScreen
from tests.tui.driving import Driven, driven, handled, press
from tests.tui.fake_lab import FakeLab
from tests.tui.fleet import foreign

PLACE = {"station": "CP1", "connector": 1}
FIND = ("colon", *"canframe", "enter")


async def opened(one: Driven) -> None:
    await one.press(*FIND)
    assert one.shows(FrameScreen)


def problem(one: Driven) -> str:
    return " ".join(str(one.screen.query_one("#problem", Label).render()).split())


async def test_what_is_typed_is_sent_on_the_bus_of_the_chosen_charge_point() -> None:
    async with driven(1.0) as one:
        await opened(one)
        await one.press(*"0x210", "down", *"64", "space", *"00", "enter")
        assert one.shows(MainScreen)
        assert one.lab.submitted == ["can.send"]
        assert one.lab.arguments == [
            {**PLACE, "identifier": 0x210, "data": "6400", "extended": False}
        ]


async def test_an_identifier_is_hexadecimal_as_everywhere_on_the_screen() -> None:
    async with driven(1.0) as one:
        await opened(one)
        await one.press(*"300", "enter")
        [told] = one.lab.arguments
        assert told["identifier"] == 0x300


async def test_a_frame_as_candump_writes_it_is_taken_apart() -> None:
    async with driven(1.0) as one:
        await opened(one)
        one.screen.query_one("#identifier", Input).insert_text_at_cursor("300#0A00 ;")
        await handled(one.pilot)
        await one.press("enter")
        [told] = one.lab.arguments
        assert (told["identifier"], told["data"]) == (0x300, "0a00")


async def test_what_was_typed_stands_there_the_next_time() -> None:
    async with driven(1.0) as one:
        await opened(one)
        await one.press(*"0x18ff50e5", "down", "down", "end", *["backspace"] * 5, *"true", "enter")
        await opened(one)
        await one.press("enter")
        first, second = one.lab.arguments
        assert first == second == {**PLACE, "identifier": 0x18FF50E5, "data": "", "extended": True}


@pytest.mark.parametrize(
    ("identifier", "data", "why"),
    [
        ("", "", "identifier: nothing is not a CAN identifier from 0 to 0x1fffffff"),
        ("0x", "", "identifier: 0x is not a CAN identifier from 0 to 0x1fffffff"),
        ("0x20000000", "", "identifier: 0x20000000 is not a CAN identifier from 0 to 0x1fffffff"),
        ("0x210", "6", 'data: 6 is not at most 8 bytes in hexadecimal, such as "64 00"'),
        ("0x210", "00" * 9, f"data: {'00' * 9} is not at most 8 bytes in hexadecimal"),
        ("0x800", "", "0x800 does not fit into 11 bits; extended true gives it 29"),
    ],
)
async def test_what_is_no_frame_is_named_with_the_way_out_and_not_sent(
    identifier: str, data: str, why: str
) -> None:
    async with driven(1.0) as one:
        await opened(one)
        one.screen.query_one("#identifier", Input).value = identifier
        one.screen.query_one("#data", Input).value = data
        await handled(one.pilot)
        await one.press("enter")
        assert why in problem(one)
        assert one.shows(FrameScreen)
        assert one.lab.submitted == []


async def test_what_is_wrong_is_said_in_full_while_it_is_typed() -> None:
    async with driven(1.0, size=(80, 24)) as one:
        await opened(one)
        await one.press("1", "z", "x")  # what was said before is shorter
        assert problem(one) == "identifier: 1x is not a CAN identifier from 0 to 0x1fffffff"


async def test_a_foreign_station_has_no_bus_of_ours() -> None:
    async with driven(1.0) as one:
        foreign(one.lab)
        await one.tick()
        one.main.selection.foreign = "WALLBOX-7"
        await one.press(*FIND)
        assert one.shows(MainScreen)
        assert "WALLBOX-7 is foreign" in one.main.footer.notice
        assert one.lab.submitted == []


async def test_escape_sends_nothing() -> None:
    async with driven(1.0) as one:
        await opened(one)
        await one.press(*"0x210", "escape")
        assert one.shows(MainScreen)
        assert one.lab.submitted == []


async def test_it_is_found_by_what_people_call_it() -> None:
    async with driven(1.0) as one:
        for typed in ("frame", "raw", "inject"):
            await one.press("colon", *typed, "enter")
            assert one.shows(FrameScreen), typed
            await one.press("escape")
        assert not one.shows(Palette)


@pytest.mark.parametrize("size", [(80, 24), (120, 36)])
def test_how_it_looks(snap_compare: Callable[..., bool], size: tuple[int, int]) -> None:
    lab = FakeLab()
    lab.play(20.0)

    async def settle(pilot: Pilot[None]) -> None:
        main = pilot.app.screen_stack[0]
        assert isinstance(main, MainScreen)
        main.current.display = False  # drawn on another thread, at its own pace
        main.tick()
        await handled(pilot)
        await press(pilot, *FIND, *"0x800", "down", *"64")
        await handled(pilot)

    app = EvtuiApp(lab, fps=0.001, theme="textual-dark")
    assert snap_compare(app, terminal_size=size, run_before=settle)


def test_an_identifier_stands_in_hexadecimal_wherever_it_is_told_and_is_read_back_so() -> None:
    [declared] = [
        each for each in anomaly_named("can-flood").declared() if each.name == "identifier"
    ]
    assert told_value(declared, 0x300) == "0x300"
    field = Field(declared)
    assert field.read(field.text(0x300)) == field.read(told_value(declared, 0x300)) == 0x300

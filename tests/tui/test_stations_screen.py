"""The list of stations as a person uses it."""

from __future__ import annotations

import pytest

from evtui.events import LinkState
from evtui.tui.palette import Palette
from evtui.tui.rows import RowsWidget
from evtui.tui.screens.main import MainScreen
from evtui.tui.screens.operation import OperationScreen
from evtui.tui.screens.stations import StationsScreen
from tests.tui.driving import Driven, driven, handled
from tests.tui.fleet import asks, foreign, load, offline, several


def shown(one: Driven, selector: str) -> str:
    widget = one.screen.query_one(selector, RowsWidget)
    return "\n".join(
        "".join(segment.text for segment in widget.render_line(y))
        for y in range(widget.size.height)
    )


async def opened(one: Driven) -> list[str]:
    await one.tick()
    await one.press("l")
    await handled(one.pilot)
    assert one.shows(StationsScreen)
    return [" ".join(line.split()) for line in shown(one, "#stations").splitlines() if line.strip()]


async def test_ours_and_foreign_ones_are_listed_with_what_goes_on_at_each() -> None:
    async with driven(12.0) as one:
        foreign(one.lab)
        assert await opened(one) == [
            "▌▸● CP1 ours accepted evtui lab 1 Finishing",
            "● WALLBOX-7 foreign accepted Acme Wall Eleven 4.2.1 1 Charging tx 77 · 2 Available",
        ]
        assert "connects to ws://127.0.0.1:9000/IDENTITY" in shown(one, "#detail")


async def test_it_is_live() -> None:
    async with driven(3.0) as one:
        await opened(one)
        foreign(one.lab)
        offline(one.lab, queued=12)
        load(one.lab, invalid=4)
        await one.tick()
        assert "WALLBOX-7" in shown(one, "#stations")
        assert "12" in shown(one, "#stations").splitlines()[0]
        assert "○" in shown(one, "#stations").splitlines()[0]
        assert "connections 3/5,000  2.0 calls/s  refused 1  invalid 4" in shown(one, "#load")


async def test_a_station_that_asks_is_announced_and_let_in_with_two_keys() -> None:
    async with driven(3.0) as one:
        asks(one.lab)
        await one.tick()
        assert "! station STRANGER asks to be let in: l" in one.text("#footer")
        lines = await opened(one)
        assert lines[-1].startswith("▌ ? STRANGER foreign asking")
        assert "asks to be let in: a lets it in, x turns it away" in shown(one, "#detail")
        one.lab.answer = "STRANGER is let in"
        await one.press("a")
        assert one.lab.submitted == ["csms.admit"]
        assert one.lab.arguments == [{"station": "STRANGER"}]
        assert "STRANGER is let in" in shown(one, "StationsScreen > KeyFooter")


async def test_a_station_that_asks_is_turned_away() -> None:
    async with driven(3.0) as one:
        asks(one.lab)
        await opened(one)
        await one.press("x")
        assert one.lab.submitted == ["csms.turn_away"]


async def test_only_a_station_that_asks_is_let_in_or_turned_away() -> None:
    async with driven(3.0) as one:
        foreign(one.lab)
        await opened(one)
        await one.press("down", "a", "x")
        assert one.lab.submitted == []
        assert "WALLBOX-7 does not ask to be let in" in shown(one, "StationsScreen > KeyFooter")


async def test_enter_on_one_of_ours_turns_everything_to_it() -> None:
    async with driven(0.0) as one:
        several(one.lab, 7.0)
        await opened(one)
        await one.press("down", "down", "up", "enter")
        assert one.shows(MainScreen)
        assert one.title("#current") == "Current · CP2/1"


async def test_enter_on_a_foreign_one_lists_its_operations() -> None:
    async with driven(3.0) as one:
        foreign(one.lab)
        await opened(one)
        await one.press("down", "enter")
        assert one.shows(Palette)
        await one.press("escape", "escape")
        one.main.action_send_operation("Reset")
        await handled(one.pilot)
        assert isinstance(one.screen, OperationScreen)
        assert one.screen._station.value == "WALLBOX-7"


async def test_a_key_lists_the_operations_of_one_of_ours_too() -> None:
    async with driven(3.0) as one:
        one.lab.publish(LinkState(station="CP1", side="central_system", state="accepted"))
        await opened(one)
        await one.press("o")
        assert one.shows(Palette)
        assert one.main.operations.station == "CP1"


async def test_it_closes_and_nothing_has_changed() -> None:
    async with driven(3.0) as one:
        for key in ("escape", "l", "q"):
            await opened(one)
            await one.press(key)
            assert one.shows(MainScreen)
        assert one.lab.submitted == []


async def test_keys_of_the_main_screen_do_nothing_behind_it() -> None:
    async with driven(3.0) as one:
        await opened(one)
        await one.press("s", "0", "p")
        assert one.shows(StationsScreen)
        assert one.lab.submitted == []


async def test_before_there_is_any_station_it_says_so() -> None:
    async with driven(0.0) as one:
        assert await opened(one) == ["no charge point yet"]
        await one.press("enter", "o", "a")
        assert one.shows(StationsScreen)


async def test_harmful_names_and_vendors_are_made_harmless() -> None:
    async with driven(3.0) as one:
        foreign(one.lab, "EVIL\x1b[2J")
        await opened(one)
        assert "EVIL\\x1b[" in shown(one, "#stations")
        assert "\x1b" not in shown(one, "#stations") + shown(one, "#detail")


@pytest.mark.parametrize("size", [(80, 24), (120, 36), (200, 50)])
async def test_an_identity_has_the_room_that_is_free(size: tuple[int, int]) -> None:
    async with driven(3.0, size=size) as one:
        foreign(one.lab, "GARAGE-NORTH-17")
        await opened(one)
        assert "GARAGE-NORTH-17 " in shown(one, "#stations")


async def test_where_the_room_ends_what_differs_stays() -> None:
    async with driven(3.0, size=(80, 24)) as one:
        for number in (1, 2):
            foreign(one.lab, f"{'WALLBOX-' * 5}{number}")
        rows = await opened(one)
        assert any("-1 foreign" in row for row in rows)
        assert any("-2 foreign" in row for row in rows)
        assert sum("…" in row for row in rows) >= 2


@pytest.mark.parametrize("unseen", ["\u200b", "\u00ad", "\u2060", "\ufeff", "\u202e", "\u3164"])
async def test_identities_that_differ_in_what_nobody_sees_look_different(unseen: str) -> None:
    async with driven(3.0) as one:
        foreign(one.lab, "BOX1")
        foreign(one.lab, f"BO{unseen}X1")
        rows = await opened(one)
        names = [row.split()[1] for row in rows]
        assert len(set(names)) == len(names) == 3
        assert f"BO\\u{ord(unseen):04x}X1" in names or f"BO\\x{ord(unseen):02x}X1" in names

"""Several connectors of ours: keys choose one, panels show it, orders go to it."""

from __future__ import annotations

from evtui.tui.app import EvtuiApp
from evtui.tui.models.selection import ChosenPlace
from evtui.tui.screens.main import MainScreen
from tests.tui.driving import Driven, driven, handled
from tests.tui.fake_lab import FakeLab
from tests.tui.fleet import attack, connector, flows, foreign, several, two_connectors


async def with_two(one: Driven) -> None:
    two_connectors(one.lab, 12.0)
    await one.tick()


async def test_one_connector_has_no_name_anywhere_and_a_key_says_how_to_get_more() -> None:
    async with driven(10.0) as one:
        assert one.title("#current") == "Current"
        assert one.title("#anomaly") == "Anomaly: repeated-current-fluctuation · ocpp"
        assert not one.main.points.display
        await one.press("c")
        assert "one connector only: start evtui with --connectors" in one.text("#footer")


async def test_keys_go_round_the_connectors_and_the_panels_follow() -> None:
    async with driven(0.0) as one:
        await with_two(one)
        assert one.title("#current") == "Current · CP1/1"
        await one.press("c")
        assert one.title("#current") == "Current · CP1/2"
        assert one.title("#anomaly") == "Anomaly · CP1/2"
        assert "actual  31 A" in one.text("#current")
        assert "■ idle" in one.text("#anomaly")
        assert "CP1/2 ● Charging tx 9" in one.text("#status")
        for key in ("C", "right_curly_bracket", "left_curly_bracket"):
            await one.press(key)
        assert one.title("#current") == "Current · CP1/1"
        assert "▶ running" in one.text("#anomaly")


async def test_the_place_of_a_scenario_is_chosen_at_the_start_and_a_line_may_be_told() -> None:
    lab = FakeLab()
    app = EvtuiApp(lab, fps=0.001, first=ChosenPlace("CP1", 2), told="--stations: no effect")
    async with app.run_test(size=(120, 36)) as pilot:
        one = Driven(pilot, lab)
        await with_two(one)
        assert one.title("#current") == "Current · CP1/2"
        assert "--stations: no effect" in one.text("#footer")
        await one.press("c")
        await one.tick()
        assert one.title("#current") == "Current · CP1/1"


async def test_orders_go_to_the_chosen_connector() -> None:
    async with driven(0.0) as one:
        await with_two(one)
        await one.press("s", "c", "i", "p")
        assert one.lab.submitted == ["anomaly.start", "station.swipe", "station.plug"]
        assert one.lab.arguments == [
            {"station": "CP1", "connector": 1},
            {"station": "CP1", "connector": 2},
            {"station": "CP1", "connector": 2},
        ]


async def test_the_form_for_the_anomaly_begins_with_the_chosen_one_s_values_and_tells_it() -> None:
    async with driven(0.0) as one:
        await with_two(one)
        attack(one.lab, "CP1", 2)
        await one.tick()
        await one.press("c", "e", "enter")
        assert one.shows(MainScreen)
        assert one.lab.submitted == ["anomaly.set"]
        assert one.lab.arguments[0]["connector"] == 2


async def test_a_choice_is_shown_at_once_in_a_paused_view_too() -> None:
    async with driven(0.0) as one:
        await with_two(one)
        await one.press("space", "c")
        assert one.title("#current") == "Current · CP1/2"
        assert "actual  31 A" in one.text("#current")


async def test_forms_of_operations_begin_with_the_chosen_connector() -> None:
    async with driven(0.0) as one:
        several(one.lab, 7.0)
        await one.tick()
        for _ in range(2):
            await one.press("c")
        known = one.main.operations.known("CP2")
        assert (known["connectorId"], known["transactionId"]) == ("1", "10")
        assert "connectorId" not in one.main.operations.known("WALLBOX-7")
        assert one.main.operations.station == "CP2"


async def test_frames_of_several_buses_say_whose_they_are_and_can_be_filtered_by_it() -> None:
    async with driven(3.0) as one:
        assert "CP1" not in one.text("#can-ids")
        frame = one.main.can.trace.store.newest()[0].frame
        other = type(frame)(
            station="CP2",
            bus="CP2/can",
            node="module",
            arbitration_id=0x320,
            data=b"\x10\x00",
        )
        one.lab.publish(other)
        await one.tick()
        assert "CP2        320 Current2" in one.text("#can-ids")
        await one.press("2", "slash", *"CP2", "enter")
        assert "CP1" not in one.text("#can-ids")
        assert "320" in one.text("#can-ids")


async def test_the_charge_points_stand_side_by_side_where_there_is_room() -> None:
    async with driven(0.0, size=(200, 50)) as one:
        several(one.lab, 26.0)
        await one.tick()
        await handled(one.pilot)
        one.lab.clock.t += 1.0
        await one.tick()
        lines = one.text("#charge-points").splitlines()
        told = [" ".join(line.split()) for line in lines]
        assert told == [
            "▸ ● CP1/1 Finishing 79 A ▶▲",
            "● CP1/2 Charging tx 9 31 A",
            "● CP2/1 Charging tx 10 99 A ▶",
            "● CP2/2 Available 0 A",
            "● WALLBOX-7/1 Charging tx 77",
            "● WALLBOX-7/2 Available",
        ]
        await one.pilot.click("#charge-points", offset=(8, 3))
        await handled(one.pilot)
        assert one.title("#current") == "Current · CP2/1"
        await one.pilot.click("#charge-points", offset=(8, 5))
        await handled(one.pilot)
        assert one.title("#current") == "Current · CP2/1"
        assert one.main.selection.station == "WALLBOX-7"
        assert "WALLBOX-7 is chosen" in one.text("#footer")


async def test_where_there_is_less_room_the_chosen_one_is_among_those_shown() -> None:
    async with driven(0.0, size=(120, 36)) as one:
        several(one.lab, 8.0)
        await one.tick()
        await handled(one.pilot)
        await one.press("C")
        lines = one.text("#charge-points").splitlines()
        assert "▸ ● CP2/2" in lines[2]
        assert "3 more: l lists all" in lines[3]


async def test_at_eighty_columns_there_is_no_room_for_them() -> None:
    async with driven(0.0, size=(80, 24)) as one:
        several(one.lab, 8.0)
        await one.tick()
        await handled(one.pilot)
        assert not one.main.points.display


async def test_a_maximised_panel_has_the_screen_for_itself_with_many_connectors_too() -> None:
    async with driven(0.0, size=(120, 36)) as one:
        several(one.lab, 8.0)
        await one.tick()
        await one.press("3", "f")
        assert one.main.query_one("#current").region.height == 34


async def test_a_lone_connector_of_ours_beside_a_foreign_one_is_enough_to_show_both() -> None:
    async with driven(3.0, size=(120, 36)) as one:
        foreign(one.lab)
        one.lab.clock.t += 1.0
        await one.tick()
        await handled(one.pilot)
        assert one.main.points.display
        assert one.title("#current") == "Current"


async def test_a_new_connector_does_not_change_which_one_is_chosen() -> None:
    lab = FakeLab()
    async with driven(3.0, lab=lab) as one:
        connector(lab, "CP1", 2)
        flows(lab, "CP1", 2, 16.0)
        await one.tick()
        assert one.title("#current") == "Current · CP1/1"

"""Messages of the DBC that a lab is told to send again and again."""

from __future__ import annotations

import asyncio
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from evtui.commands.can import MESSAGES, PERIODIC, SENDING
from evtui.events import AnomalyState, CanFrame
from evtui.lab import CommandError
from tests.lab_rig import LabRig, running_lab
from tests.virtual_loop import run_virtual

LIMIT = {"message": "SetLimit", "signals": {"Limit": 14}, "period": 0.25}


def sent(rig: LabRig, since: float = 0.0) -> list[CanFrame]:
    return [each for each in rig.of(CanFrame) if each.node == "by-hand" and each.t > since]


def test_it_is_on_the_bus_at_its_period_and_the_module_obeys() -> None:
    async def scenario() -> None:
        async with running_lab() as rig:
            text = await rig.execute("can.periodic", **LIMIT)
            assert text == "SetLimit (Limit 14 A) every 0.25 s, until stopped"
            await asyncio.sleep(1.1)
            assert rig.stage.limit == 14
            (told,) = (await rig.lab.execute(SENDING)).data
            assert told == {
                "station": "CP1",
                "message": "SetLimit",
                "frame": "210#0E00",
                "period": 0.25,
                "values": {"Limit": 14.0},
                "says": "Limit 14 A",
                "sent": 5,
                "left_out": 0,
            }
            times = [each.t for each in sent(rig)]
            apart = [b - a for a, b in pairwise(times)]
            assert apart == pytest.approx([0.25] * 4)

    run_virtual(scenario())


def test_a_message_that_is_cyclic_in_the_dbc_has_its_period() -> None:
    async def scenario() -> None:
        async with running_lab() as rig:
            outcome = await rig.lab.execute(PERIODIC, message="Current", times=3)
            assert outcome.text == "Current (Current 0 A) every 0.1 s, 3 times"
            assert outcome.data["period"] == 0.1
            await asyncio.sleep(2)
            assert len(sent(rig)) == 3
            assert (await rig.lab.execute(SENDING)).data == ()

    run_virtual(scenario())


def test_told_once_more_it_changes_and_keeps_what_is_not_told() -> None:
    async def scenario() -> None:
        async with running_lab() as rig:
            await rig.execute("can.periodic", **LIMIT)
            await rig.execute("can.periodic", message="SetLimit", signals={"Limit": 20})
            (told,) = (await rig.lab.execute(SENDING)).data
            assert (told["values"], told["period"]) == ({"Limit": 20.0}, 0.25)
            await rig.execute("can.periodic", message="SetLimit", period=0.5)
            (told,) = (await rig.lab.execute(SENDING)).data
            assert (told["values"], told["period"]) == ({"Limit": 20.0}, 0.5)

    run_virtual(scenario())


@pytest.mark.parametrize("ends", ["can.stop", "lab.all_clear"])
def test_one_order_ends_all_of_it(ends: str) -> None:
    async def scenario() -> None:
        async with running_lab(connectors=2) as rig:
            await rig.execute("can.periodic", connector=1, **LIMIT)
            await rig.execute("can.periodic", connector=2, **LIMIT | {"message": "SetLimit2"})
            await asyncio.sleep(1.1)
            await rig.execute(ends)
            over = rig.lab.clock.now()
            await asyncio.sleep(5)
            assert sent(rig)
            assert sent(rig, over) == []
            assert "by-hand" not in [each.name for each in rig.lab.stands["CP1"].bus.nodes]

    run_virtual(scenario())


def test_all_clear_tells_the_module_again_what_it_should_do() -> None:
    async def scenario() -> None:
        async with running_lab() as rig:
            before = rig.stage.limit
            await rig.execute("can.periodic", **LIMIT)
            await rig.execute("can.periodic", message="StartCharging", period=1.0)
            await asyncio.sleep(1.1)
            assert (rig.stage.limit, rig.stage.state.running) == (14, True)
            await rig.execute("lab.all_clear")
            await asyncio.sleep(0.1)
            assert (rig.stage.limit, rig.stage.state.running) == (before, False)

    run_virtual(scenario())


def test_leaving_ends_it() -> None:
    async def scenario() -> None:
        async with running_lab() as rig:
            await rig.execute("can.periodic", **LIMIT | {"period": 0.01})
            await asyncio.sleep(0.1)
            left = rig.lab.clock.now()
        assert sent(rig)
        assert sent(rig, left + 0.01) == []

    run_virtual(scenario())


def test_one_can_be_stopped_alone() -> None:
    async def scenario() -> None:
        async with running_lab() as rig:
            await rig.execute("can.periodic", **LIMIT)
            await rig.execute("can.periodic", message="StopCharging", period=1.0)
            assert await rig.execute("can.stop", message="SetLimit") == "no more SetLimit by hand"
            assert await rig.execute("can.sending") == "StopCharging on CP1"
            with pytest.raises(CommandError, match="SetLimit is not sent by hand"):
                await rig.execute("can.stop", message="SetLimit")
            with pytest.raises(CommandError, match="no station 'X' of ours"):
                await rig.execute("can.stop", station="X")
            await rig.execute("can.stop", station="CP1")
            assert await rig.execute("can.stop") == "nothing is sent by hand"

    run_virtual(scenario())


def is_marked(rig: LabRig, frame: CanFrame) -> bool:
    return frame.cause in {each.seq for each in rig.of(AnomalyState) if each.active}


def test_it_is_the_doing_of_an_attack_that_is_on_and_ends_with_it() -> None:
    async def scenario() -> None:
        async with running_lab() as rig:
            await rig.execute("attack.begin", name="mine", layer="can")
            await rig.execute("can.periodic", **LIMIT)
            await asyncio.sleep(1.1)
            await rig.execute("station.plug")  # another step of it
            await asyncio.sleep(1.0)
            assert len(sent(rig)) == 9
            assert all(is_marked(rig, each) for each in sent(rig))
            await rig.execute("attack.end")
            over = rig.lab.clock.now()
            await asyncio.sleep(1.0)
            assert sent(rig, over) == []

    run_virtual(scenario())


def test_what_ran_before_an_attack_is_marked_while_that_is_on_and_goes_on_after_it() -> None:
    async def scenario() -> None:
        async with running_lab() as rig:
            await rig.execute("can.periodic", **LIMIT)
            await asyncio.sleep(1.1)
            await rig.execute("attack.begin", name="mine", layer="can")
            await asyncio.sleep(1.0)
            await rig.execute("attack.end")
            await asyncio.sleep(1.0)
            marks = [is_marked(rig, each) for each in sent(rig)]
            assert marks == [False] * 5 + [True] * 4 + [False] * 4

    run_virtual(scenario())


def test_the_messages_are_told_with_ranges_and_units() -> None:
    async def scenario() -> tuple[dict[str, Any], ...]:
        async with running_lab() as rig:
            return (await rig.lab.execute(MESSAGES)).data

    told = {each["name"]: each for each in run_virtual(scenario())}
    assert list(told) == ["StartCharging", "StopCharging", "SetLimit", "Current"]
    (limit,) = told["SetLimit"]["signals"]
    assert (limit["low"], limit["high"], limit["unit"], limit["most"]) == (0, 500, "A", 65535)
    assert told["Current"]["period"] == 0.1


@pytest.mark.parametrize(
    ("arguments", "why"),
    [
        ({"message": "SetLimit"}, "SetLimit has no cycle time in the DBC: give a period in s"),
        ({"message": "Set"}, "no message 'Set' in the DBC; did you mean SetLimit?"),
        ({**LIMIT, "signals": {"Limit": 501}}, "limits: false sends it all the same"),
        ({**LIMIT, "period": 0.0001}, "from 0.001 to 3600 s, got 0.0001"),
        ({**LIMIT, "times": 0}, "times: expected an integer from 1 to 1000000, got 0"),
    ],
)
def test_what_cannot_be_sent_is_refused(arguments: dict[str, Any], why: str) -> None:
    async def scenario() -> str:
        async with running_lab() as rig:
            with pytest.raises(CommandError) as caught:
                await rig.execute("can.periodic", **arguments)
            await asyncio.sleep(1)
            assert sent(rig) == []
            return str(caught.value)

    assert why in run_virtual(scenario())


SCENARIO = """
schema: evtui.scenario/1
id: cyclic
title: A limit that is said again and again
steps:
  - command: can.periodic
    with: {message: SetLimit, signals: {Limit: 7}, period: 200ms}
  - wait: 1100ms
  - command: can.stop
  - wait: 2s
expect:
  - {frame: 0x210, data: "07 00", from: by-hand}
"""


def test_a_scenario_does_it_with_a_step(tmp_path: Path) -> None:
    from evtui.cli.main import main

    file = tmp_path / "cyclic.yaml"
    file.write_text(SCENARIO)
    assert main(["run", str(file), "--out", str(tmp_path / "out")]) == 0
    log = (tmp_path / "out" / "can.log").read_text()
    assert sum("210#0700" in line for line in log.splitlines()) == 6

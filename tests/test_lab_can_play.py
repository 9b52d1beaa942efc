"""A CAN log on the bus of a charge point: its pace, its gaps, its steps, and what stops it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import Any

import can
import pytest
from hypothesis import given
from hypothesis import strategies as st

from evtui.canbus import PLAYER_NODE, id_filter
from evtui.events import CanFrame, Note
from evtui.lab import CommandError, played
from tests.lab_rig import LabRig, running_lab
from tests.virtual_loop import run_virtual


def log_of(path: Path, times: list[float], identifier: int = 0x555) -> Path:
    """Each frame has its number as data."""
    lines = (
        f"(17950{t:012.6f}) can{n % 2} {identifier + n % 2:03X}#{n:04X}\n"
        for n, t in enumerate(times)
    )
    path.write_text("".join(lines))
    return path


def in_lab(scenario: Callable[[LabRig], Coroutine[Any, Any, None]]) -> LabRig:
    async def run() -> LabRig:
        async with running_lab() as rig:
            await scenario(rig)
            return rig

    return run_virtual(run())


def sent(rig: LabRig) -> list[CanFrame]:
    return [each for each in rig.of(CanFrame) if each.node == PLAYER_NODE]


def numbers(rig: LabRig) -> list[int]:
    return [int.from_bytes(each.data) for each in sent(rig)]


def distances(rig: LabRig) -> list[float]:
    times = [each.t for each in sent(rig)]
    return [t - times[0] for t in times]


def notes(rig: LabRig) -> list[str]:
    return [each.text for each in rig.of(Note) if each.source == PLAYER_NODE]


TIMES = [10.0, 10.5, 10.75, 13.0, 13.25]


@pytest.mark.parametrize(
    ("told", "at"),
    [
        ({}, [0.0, 0.5, 0.75, 3.0, 3.25]),
        ({"speed": 2.0}, [0.0, 0.25, 0.375, 1.5, 1.625]),
        ({"speed": 0.5}, [0.0, 1.0, 1.5, 6.0, 6.5]),
        ({"longest_gap": 1.0}, [0.0, 0.5, 0.75, 1.75, 2.0]),
        ({"longest_gap": 1.0, "speed": 2.0}, [0.0, 0.25, 0.375, 0.875, 1.0]),
        ({"start": 0.6}, [0.0, 2.25, 2.5]),
        ({"end": 3.0}, [0.0, 0.5, 0.75]),
        ({"ids": "556"}, [0.0, 2.5]),
        ({"bus": "can0"}, [0.0, 0.75, 3.25]),
        ({"times": 2, "end": 0.6}, [0.0, 0.5, 0.501, 1.001]),
    ],
)
def test_frames_go_out_in_their_times(
    told: dict[str, Any], at: list[float], tmp_path: Path
) -> None:
    log = log_of(tmp_path / "drive.log", TIMES)

    async def scenario(rig: LabRig) -> None:
        await rig.execute("can.play", file=str(log), **told)
        await asyncio.sleep(10.0)

    rig = in_lab(scenario)
    assert distances(rig) == pytest.approx(at, abs=1e-4)
    assert notes(rig)[-1] == f"drive.log is over: {len(at)} frames sent"
    assert all(node.name != PLAYER_NODE for node in rig.lab.stands["CP1"].bus.nodes)


def test_a_step_back_in_time_goes_on_right_there_and_loses_nothing(tmp_path: Path) -> None:
    ahead = [100.0 + n / 10 for n in range(20)]
    log = log_of(tmp_path / "set.log", [*ahead, *(n / 10 for n in range(20))])

    async def scenario(rig: LabRig) -> None:
        await rig.execute("can.play", file=str(log))
        await asyncio.sleep(10.0)

    rig = in_lab(scenario)
    assert numbers(rig) == list(range(40))
    assert distances(rig)[-1] == pytest.approx(3.8, abs=1e-3)


def test_a_log_of_another_format_and_what_no_node_sends(tmp_path: Path) -> None:
    path = tmp_path / "x.blf"
    with can.BLFWriter(path) as writer:
        for n in range(6):
            writer.on_message_received(
                can.Message(
                    timestamp=1_795_000_000 + n / 10,
                    arbitration_id=0x18FF50E5 if n % 2 else 0x123,
                    is_extended_id=bool(n % 2),
                    is_remote_frame=n == 2,
                    is_error_frame=n == 4,
                    dlc=4 if n == 2 else None,
                    data=None if n == 2 else b"\1",
                )
            )

    async def scenario(rig: LabRig) -> None:
        text = await rig.execute("can.play", file=str(path))
        assert text == "x.blf: 5 frames on CP1/can in 0.5 s, once, 1 left out (error frames)"
        await asyncio.sleep(2.0)

    rig = in_lab(scenario)
    assert [(each.arbitration_id, each.extended, each.remote, each.dlc) for each in sent(rig)] == [
        (0x123, False, False, 1),
        (0x18FF50E5, True, False, 1),
        (0x123, False, True, 4),
        (0x18FF50E5, True, False, 1),
        (0x18FF50E5, True, False, 1),
    ]


def test_step_by_step_nothing_goes_out_by_itself(tmp_path: Path) -> None:
    log = log_of(tmp_path / "drive.log", TIMES)

    async def scenario(rig: LabRig) -> None:
        with pytest.raises(CommandError, match="no log is played step by step"):
            await rig.execute("can.step")
        await rig.execute("can.play", file=str(log), step=True)
        await asyncio.sleep(5.0)
        assert numbers(rig) == []
        await rig.execute("can.step")
        await asyncio.sleep(1.0)
        assert numbers(rig) == [0]
        await rig.execute("can.step", frames=3)
        await asyncio.sleep(1.0)
        assert numbers(rig) == [0, 1, 2, 3]
        await rig.execute("can.step", frames=3)
        await asyncio.sleep(1.0)

    assert numbers(in_lab(scenario)) == [0, 1, 2, 3, 4]


@pytest.mark.parametrize("ends", ["can.stop", "lab.all_clear"])
def test_a_loop_goes_on_until_it_is_stopped(ends: str, tmp_path: Path) -> None:
    log = log_of(tmp_path / "drive.log", TIMES)

    async def scenario(rig: LabRig) -> None:
        await rig.execute("can.play", file=str(log), loop=True, speed=100.0)
        await asyncio.sleep(3.0)
        before = len(sent(rig))
        assert before > 300
        await rig.execute(ends)
        await asyncio.sleep(3.0)
        assert len(sent(rig)) <= before + 1

    assert any("is stopped after" in text for text in notes(in_lab(scenario)))


def test_all_clear_has_the_module_told_again_what_a_log_told_it(tmp_path: Path) -> None:
    """A log that limits the current to 7 A, in the middle of charging."""
    log = tmp_path / "limit.log"
    log.write_text("(1795000000.000000) can0 210#0700\n")

    async def scenario(rig: LabRig) -> None:
        await rig.execute("station.charge", connector=1)
        await asyncio.sleep(20.0)
        await rig.execute("can.play", file=str(log))
        await asyncio.sleep(20.0)
        assert rig.lab.stands["CP1"].outlets[1].stage.state.current < 8.0
        await rig.execute("lab.all_clear")

    in_lab(scenario)


def test_another_log_takes_the_place_of_the_one_that_is_played(tmp_path: Path) -> None:
    first = log_of(tmp_path / "first.log", [0.0, 100.0])
    second = log_of(tmp_path / "second.log", [0.0, 0.1], 0x600)

    async def scenario(rig: LabRig) -> None:
        await rig.execute("can.play", file=str(first))
        await asyncio.sleep(1.0)
        await rig.execute("can.play", file=str(second))
        await asyncio.sleep(200.0)

    rig = in_lab(scenario)
    assert [each.arbitration_id for each in sent(rig)] == [0x555, 0x600, 0x601]
    assert "first.log is stopped after 1 frame" in notes(rig)


def test_frames_that_come_faster_than_the_line_wait_and_none_is_lost(tmp_path: Path) -> None:
    log = log_of(tmp_path / "burst.log", [0.0] * 2000)

    async def scenario(rig: LabRig) -> None:
        await rig.execute("can.play", file=str(log), speed=1000.0)
        await asyncio.sleep(5.0)

    rig = in_lab(scenario)
    # Of those that wait the lowest identifier goes first, as everywhere on the bus.
    assert sorted(numbers(rig)) == list(range(2000))
    assert [each for each in numbers(rig) if each % 2] == list(range(1, 2000, 2))
    assert rig.lab.stands["CP1"].bus.dropped == 0


@pytest.mark.parametrize(
    ("told", "why"),
    [
        ({"file": "nowhere.log"}, "nowhere.log: no such file or directory"),
        ({"ids": "speed"}, "speed: no identifiers; 300, 200-21F and 300:7F0"),
        ({"ids": "7FF"}, "drive.log: there is no frame to be played"),
        ({"start": 5.0, "end": 2.0}, "end 2 s is not behind start 5 s"),
        ({"loop": True, "times": 3}, "loop and times are told"),
        ({"speed": 0.0}, "speed"),
    ],
)
def test_what_cannot_be_played_is_told_in_a_line(
    told: dict[str, Any], why: str, tmp_path: Path
) -> None:
    log = log_of(tmp_path / "drive.log", TIMES)

    async def scenario(rig: LabRig) -> None:
        with pytest.raises((CommandError, ValueError)) as refused:
            await rig.execute("can.play", **{"file": str(log), **told})
        assert why in str(refused.value)
        assert "\n" not in str(refused.value)

    in_lab(scenario)


def test_a_log_that_is_too_long_is_refused_with_the_way_out(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(played, "MOST_PLAYED", 3)
    log = log_of(tmp_path / "drive.log", TIMES)

    async def scenario(rig: LabRig) -> None:
        with pytest.raises(CommandError, match=r"more than 3 frames; choose some by start, end"):
            await rig.execute("can.play", file=str(log))
        await rig.execute("can.play", file=str(log), end=0.6)

    in_lab(scenario)


@given(st.integers(0, 0x1FFFFFFF), st.integers(0, 0x1FFFFFFF), st.integers(0, 0x1FFFFFFF))
def test_identifiers_are_chosen_one_by_one_by_range_and_by_mask(
    one: int, low: int, mask: int
) -> None:
    assert id_filter("")(one)
    assert id_filter(f"{one:X}")(one)
    assert id_filter(f"0x{one:x},0x7ff")(one)
    assert id_filter(f"{low:X}-{low + 5:X}")(one) == (low <= one <= low + 5)
    assert id_filter(f"{low:X}:{mask:X}")(one) == (one & mask == low & mask)


def test_frames_of_can_fd_go_out_and_are_answered_with_errors_by_classic_nodes(
    tmp_path: Path,
) -> None:
    log = tmp_path / "fd.log"
    log.write_text(f"(1795000000.0) can0 123##1{'A5' * 12}\n")

    async def scenario(rig: LabRig) -> None:
        await rig.execute("can.play", file=str(log))
        await asyncio.sleep(0.5)

    rig = in_lab(scenario)
    first = next(each for each in rig.of(CanFrame) if each.node == PLAYER_NODE)
    assert (first.arbitration_id, first.error, first.problem) == (0x123, True, "form")
    assert notes(rig)[-1] == "fd.log is over: 1 frame sent"

"""A run folder in Wireshark: frames and messages on one clock, what was injected marked."""

from __future__ import annotations

import json
import shutil
import struct
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import pytest

from evtui.export import export
from evtui.recording.read import RunFolder
from evtui.scenario.language.loader import load
from evtui.scenario.run.headless import Options, run_headless

CAN, EXPORTED_PDU = 227, 252

with_tshark = pytest.mark.skipif(shutil.which("tshark") is None, reason="tshark is not installed")


class Packet(NamedTuple):
    """A packet as the file has it; ``link`` is its link type and ``name`` that of its interface."""

    link: int
    name: str
    time: float
    data: bytes
    flags: int
    comment: str


def packets(path: Path) -> Iterator[Packet]:
    """What stands in a pcapng file of one little-endian section, block by block."""
    whole, at = path.read_bytes(), 0
    interfaces: list[tuple[int, str]] = []
    while at < len(whole):
        kind, length = struct.unpack_from("<II", whole, at)
        assert length % 4 == 0
        assert struct.unpack_from("<I", whole, at + length - 4) == (length,)
        body = whole[at + 8 : at + length - 4]
        if kind == 1:
            options = dict(_options(body[8:]))
            assert options[9] == b"\x06"  # microseconds
            interfaces.append((struct.unpack_from("<H", body)[0], options[2].decode()))
        elif kind == 6:
            interface, high, low, size, _ = struct.unpack_from("<5I", body)
            options = dict(_options(body[20 + size + -size % 4 :]))
            link, name = interfaces[interface]
            yield Packet(
                link,
                name,
                (high << 32 | low) / 1e6,
                body[20 : 20 + size],
                struct.unpack("<I", options[2])[0],
                options.get(1, b"").decode(),
            )
        else:
            assert kind == 0x0A0D0D0A
        at += length


def _options(data: bytes) -> Iterator[tuple[int, bytes]]:
    at = 0
    while at < len(data):
        code, length = struct.unpack_from("<HH", data, at)
        if code == 0:
            return
        yield code, data[at + 4 : at + 4 + length]
        at += 4 + length + -length % 4


@pytest.fixture(scope="module")
def attacked(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run with forged frames, and its pcapng beside it."""
    folder = tmp_path_factory.mktemp("attacked") / "run"
    run_headless(load("can-spoof-current", {"duration": "6s"}), Options(folder=folder))
    export(RunFolder(folder), "pcapng", folder.with_suffix(".pcapng"))
    return folder


def test_frames_and_messages_stand_in_one_order_of_time_with_what_was_injected_marked(
    attacked: Path,
) -> None:
    run = RunFolder(attacked)
    found = [*packets(attacked.with_suffix(".pcapng"))]
    assert [each.time for each in found] == sorted(each.time for each in found)
    frames = [each for each in found if each.link == CAN]
    rows = [*run.frames()]
    assert [each.name for each in frames] == ["can0"] * len(rows)
    assert [each.data[8:] for each in frames] == [row.data_field for row in rows]
    assert [int.from_bytes(each.data[:4]) for each in frames] == [
        row.arbitration_id for row in rows
    ]
    assert [each.comment for each in frames] == [
        f"injected {row.attack_ids[0]}" if row.attack else "" for row in rows
    ]
    assert any(each.comment for each in frames)
    messages = [each for each in found if each.link == EXPORTED_PDU]
    assert len(messages) == len([*run.messages()])
    said = [json.loads(each.data[each.data.index(b"[") :]) for each in messages]
    assert said[0][:1] + said[0][2:3] == [2, "BootNotification"]
    assert [each.flags for each in messages[:2]] == [2, 1]  # from the station, and to it


def test_every_kind_of_frame_has_its_flags(mixed: Path, tmp_path: Path) -> None:
    export(RunFolder(mixed), "pcapng", tmp_path / "mixed.pcapng")
    found = [each for each in packets(tmp_path / "mixed.pcapng") if each.link == CAN]
    heads = {each.data[:6].hex() for each in found}
    assert {"000003000200", "9806e5f40800", "400001230400"} <= heads
    assert any(int.from_bytes(each.data[:4]) & 0x2000_0000 for each in found)
    assert {each.name for each in found} == {"can0", "can1"}


def test_a_can_log_alone_has_no_messages(tmp_path: Path) -> None:
    log = tmp_path / "a.log"
    lines = "(1795000000.000001) can0 300##16400 R", "(1795000000.100001) can0 00000300#R4 R"
    log.write_text("".join(f"{line}\n" for line in lines))
    export(RunFolder(log), "pcapng", tmp_path / "a.pcapng")
    first, second = packets(tmp_path / "a.pcapng")
    assert (first.data.hex(), first.time) == ("00000300020500006400", 1_795_000_000.000001)
    assert second.data.hex() == "c000030004000000"


@with_tshark
def test_wireshark_reads_it_and_its_filters_find_the_truth(attacked: Path) -> None:
    def shown(filtered: str) -> int:
        file = attacked.with_suffix(".pcapng")
        command = ["tshark", "-r", str(file), "-Y", filtered, "-T", "fields", "-e", "frame.number"]
        return len(subprocess.run(command, capture_output=True, check=True).stdout.split())

    rows = [*RunFolder(attacked).frames()]
    assert shown("can") == len(rows)
    assert shown('frame.comment contains "injected"') == sum(row.attack for row in rows)
    actions = [each.action for each in RunFolder(attacked).messages() if each.type == 2]
    assert shown('json.value.string == "MeterValues"') == actions.count("MeterValues")

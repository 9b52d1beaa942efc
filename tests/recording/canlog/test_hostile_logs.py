"""A log may come from anybody: whatever is in it, it is read or refused."""

from __future__ import annotations

import gzip
import struct
import tempfile
import zlib
from collections.abc import Iterator
from io import BytesIO
from pathlib import Path

import can
import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from evtui.canbus import Frame
from evtui.recording.canlog import blf as blf_module
from evtui.recording.canlog import packed, unpack
from evtui.recording.read import FD_LENGTHS, log_alone
from evtui.recording.read.reader import FolderError, RunFolder
from tests.recording.canlog.samples import TEXTS


def _blf() -> bytes:
    class Kept(BytesIO):
        def close(self) -> None:
            """Leave what was written."""

    file = Kept()
    with can.BLFWriter(file) as writer:
        for n in range(40):
            writer.on_message_received(
                can.Message(
                    timestamp=1_795_000_000 + n / 10,
                    arbitration_id=0x300 + n,
                    is_extended_id=n % 3 == 0,
                    is_fd=n % 5 == 0,
                    is_error_frame=n % 7 == 1,
                    data=bytes(8),
                    channel=n % 2,
                )
            )
    return file.getvalue()


BLF = _blf()
WHOLE = {text.name: text.text.encode() for text in TEXTS} | {
    "x.blf": BLF,
    "x.asc.gz": gzip.compress(TEXTS[0].text.encode(), mtime=0),
}


NUMBERS = (b"9" * 30, b"-1", b"\xff" * 4, b"nan", b"1e9", b"\0")


@st.composite
def mutated(draw: st.DrawFn) -> tuple[str, bytes]:
    """A log with some bytes changed, taken out, doubled or put in."""
    name = draw(st.sampled_from(sorted(WHOLE)))
    data = bytearray(WHOLE[name])
    for _ in range(draw(st.integers(1, 6))):
        at = draw(st.integers(0, len(data)))
        length = draw(st.sampled_from([0, 1, 1, 2, 4, 30]))
        what = draw(st.sampled_from(["change", "take", "double", "put", "cut", "number"]))
        if what == "cut":
            del data[at:]
        elif what == "double":
            data[at:at] = data[at : at + 50 * length]
        elif what == "number":
            data[at:at] = draw(st.sampled_from(NUMBERS))
        else:
            new = b"" if what == "take" else draw(st.binary(min_size=1, max_size=8))
            data[at : at + (0 if what == "put" else length)] = new
    return name, bytes(data)


def held(name: str, data: bytes) -> int:
    """Frames that are read of a log; each is one that there is."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / name
        path.write_bytes(data)
        try:
            run = RunFolder(path)
        except FolderError as refused:
            return 0 if "\n" not in str(refused) else pytest.fail(f"two lines: {refused}")
        before = 0.0
        count = 0
        for row in run.frames():
            count += 1
            assert row.t_s >= before
            before = row.t_s
            remote = row.kind == "remote"
            if row.kind.startswith("fd"):
                assert len(row.data_field) in FD_LENGTHS
                continue
            Frame(
                row.arbitration_id,
                row.data_field,
                extended=row.extended or row.kind == "error",
                remote=remote,
                requested=row.dlc if remote else 0,
            )
        assert not any("\n" in problem or "\x1b" in problem for problem in run.problems)
        return count


@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(log=mutated())
@example(log=("canoe.asc", b"base hex timestamps absolute\n" + b"1 " * 3000))
@example(log=("canoe.asc", "base hex timestamps absolute\n0.1 ² 300 Rx d 0".encode()))
@example(log=("v2.1.trc", b";$FILEVERSION=2.1\n;$COLUMNS=O,T,I\n1.0 DT 0300"))
@example(log=("v2.1.trc", b";$FILEVERSION=2.1\n;$COLUMNS=O,T,I,l\n1.0 DT 0300 4 00 00 00 00"))
@example(log=("v2.1.trc", b";$FILEVERSION=9\n;$STARTTIME=1e9\n1.0 DT 0300"))
@example(log=("x.blf", BLF[:144]))
@example(log=("x.blf", b"LOGG"))
def test_a_broken_log_is_read_as_far_as_it_goes_or_refused_in_a_line(
    log: tuple[str, bytes],
) -> None:
    held(*log)


@pytest.mark.parametrize("name", sorted(WHOLE))
def test_a_log_that_was_cut_keeps_the_frames_in_front_of_the_cut(name: str) -> None:
    whole = WHOLE[name]
    counts = [held(name, whole[:end]) for end in range(0, len(whole), max(1, len(whole) // 40))]
    assert counts == sorted(counts)
    assert held(name, whole) >= counts[-1] >= 0


def test_a_log_that_unpacks_to_too_much_is_refused_with_the_way_out(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(packed, "LARGEST", 10 << 20)
    path = tmp_path / "bomb.log.gz"
    path.write_bytes(gzip.compress(bytes(11 << 20)))
    with pytest.raises(FolderError) as refused:
        RunFolder(path)
    assert str(refused.value) == (f"{path}: unpacks to more than 10 MiB; unpack it with gunzip -k")
    assert unpack(path, tmp_path / "out", 12 << 20) == ""


def test_a_packed_log_that_is_torn_is_read_up_to_there_and_says_so(tmp_path: Path) -> None:
    lines = b"".join(b"(%d.5) can0 300#%04X\n" % (n, n % 65_536) for n in range(1, 50_000))
    path = tmp_path / "torn.log.gz"
    path.write_bytes(gzip.compress(lines)[:-2000])
    run = RunFolder(path)
    assert 1000 < len(list(run.frames())) < 50_000
    assert any("compressed data is broken after" in problem for problem in run.problems)


def _container(data: bytes, told: int | None = None) -> bytes:
    body = struct.pack("<H6xL4x", 2, len(data)) + zlib.compress(data)
    size = 16 + len(body) if told is None else told
    return struct.pack("<4sHHLL", b"LOBJ", 16, 1, size, 10) + body + bytes(size % 4)


@pytest.mark.parametrize(
    ("behind", "told"),
    [
        (_container(bytes(17 << 20)), "unpacks to more than 16 MiB"),
        (_container(b"", told=1 << 31), "an object of 2147483648 bytes"),
        (_container(b"LOBJ" + bytes(60)), "an object of 0 bytes"),
        (_container(struct.pack("<4sHHLL", b"LOBJ", 32, 1, 1 << 20, 1)), "the last object is torn"),
        (b"LOBJ" + bytes(12), "an object of 0 bytes"),
        (b"nothing of Vector's", "no object begins here"),
    ],
    ids=["bomb", "large", "empty", "torn", "empty outside", "no object"],
)
def test_sizes_that_a_blf_tells_are_never_believed(
    behind: bytes, told: str, tmp_path: Path
) -> None:
    path = tmp_path / "x.blf"
    path.write_bytes(BLF + behind)
    run = RunFolder(path)
    assert len(list(run.frames())) == 40
    assert any(told in problem and "offset " in problem for problem in run.problems)


def test_a_log_of_endless_frames_ends_somewhere(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(log_alone, "MOST_FRAMES", 10)
    path = tmp_path / "x.blf"
    path.write_bytes(BLF)
    run = RunFolder(path)
    assert "x.blf: only its first 10 frames are read" in run.problems


def test_no_more_is_held_of_a_blf_than_a_container(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(blf_module, "LARGEST", 1000)
    path = tmp_path / "x.blf"
    path.write_bytes(BLF)
    with pytest.raises(FolderError, match=r"offset 144: unpacks to more than 0 MiB"):
        RunFolder(path)


@pytest.fixture(autouse=True)
def _nothing_is_left(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """What a log is unpacked and sorted into goes with its reader."""
    import gc

    made = tmp_path / "made"
    made.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(made))
    yield
    gc.collect()
    assert list(made.iterdir()) == []

"""A state file that is damaged: one line that names file, row and way out, and nothing written."""

from __future__ import annotations

import asyncio
import json
import random
import shutil
import sqlite3
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from evtui.station.state.checking import check_rows
from evtui.station.state.file import StateFile
from evtui.station.state.store import StateError, StateRow, StateStore
from evtui.station.state.write_ahead_log import FRAME, HEADER
from tests.station.rig import station
from tests.station.test_crash import leave_with_everything
from tests.virtual_loop import run_virtual

FLIPS = 40
"""Bytes flipped in each of the files, by chance; each takes a tenth of a second at most."""

WAY_OUT = "; it stays as it is: put a copy in its place, or name another file"


@pytest.fixture(scope="module")
def left(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with what a station leaves: ``closed`` in order, ``killed`` with its log."""
    folder = tmp_path_factory.mktemp("left")

    async def life() -> None:
        path = folder / "closed"
        file = StateFile(str(path))
        async with station(connectors=2, store=file.station("CP1")) as rig:
            await leave_with_everything(rig)
            rig.central.reachable = False
            await rig.central.hang_up()
            await asyncio.sleep(5)
            rig.charge_point.stop_charging("Local")
            rig.plug(2)
            rig.connector.present("KNOWN")
            await asyncio.sleep(10)
            for end in ("", "-wal"):
                shutil.copy(f"{path}{end}", folder / f"killed{end}")
        file.close()

    run_virtual(life())
    return folder


@pytest.fixture
def closed(left: Path, tmp_path: Path) -> Path:
    return Path(shutil.copy(left / "closed", tmp_path / "state.db"))


@pytest.fixture
def killed(left: Path, tmp_path: Path) -> Path:
    shutil.copy(left / "killed-wal", tmp_path / "state.db-wal")
    return Path(shutil.copy(left / "killed", tmp_path / "state.db"))


def use(path: Path) -> str:
    """Let a station live on a file for a minute; what was said where it cannot, else empty."""

    async def life() -> None:
        file = StateFile(str(path))
        try:
            store = file.station("CP1")
            async with station(connectors=2, plugged=False, module=False, store=store) as rig:
                await rig.accepted()
                await asyncio.sleep(60)
                assert "given up" not in rig.notes()
        finally:
            file.close()

    try:
        run_virtual(life())
    except StateError as error:
        said = str(error)
    else:
        said = ""
    assert "\n" not in said
    return said


def refused(path: Path) -> str:
    """What is said of a file that cannot be used, without its name and the way out."""
    before = everything(path)
    said = use(path)
    assert everything(path) == before
    assert said.startswith(str(path))
    assert said.endswith(WAY_OUT)
    return said.removeprefix(str(path)).removesuffix(WAY_OUT)


def everything(path: Path) -> dict[str, bytes]:
    return {each.name: each.read_bytes() for each in path.parent.iterdir()}


def change(path: Path, statement: str, *values: object) -> None:
    """Do what somebody with a tool of his own might do."""
    database = sqlite3.connect(path)
    database.execute(statement, values)
    database.commit()
    database.close()


def put(path: Path, kind: str, name: str, value: object) -> None:
    change(path, "INSERT OR REPLACE INTO row VALUES ('CP1', ?, ?, ?)", kind, name, value)


def test_what_a_station_leaves_can_be_used(closed: Path) -> None:
    assert use(closed) == ""


def test_what_a_killed_station_leaves_can_be_used(killed: Path) -> None:
    assert use(killed) == ""


def flips(chance: random.Random, size: int) -> Iterator[Callable[[bytearray], None]]:
    for _ in range(FLIPS):
        place, bits = chance.randrange(size), chance.randrange(1, 256)

        def flip(data: bytearray, place: int = place, bits: int = bits) -> None:
            data[place] ^= bits

        yield flip


@pytest.mark.parametrize("name", ["closed", "killed-wal"])
def test_whatever_byte_is_flipped_it_works_or_is_refused_and_left_as_it_is(
    left: Path, tmp_path: Path, name: str
) -> None:
    original = (left / name).read_bytes()
    refusals = 0
    for number, flip in enumerate(flips(random.Random(name), len(original))):
        folder = tmp_path / str(number)
        folder.mkdir()
        path = Path(shutil.copy(left / name.removesuffix("-wal"), folder / "state.db"))
        damaged = bytearray(original)
        flip(damaged)
        (folder / f"state.db{'-wal' if name.endswith('-wal') else ''}").write_bytes(damaged)
        before = everything(path)
        if said := use(path):
            refusals += 1
            assert said.startswith(str(path)), said
            assert everything(path) == before
    assert refusals > FLIPS / 3


@pytest.mark.parametrize("share", [0.001, 0.01, 0.5, 0.9, 0.9999])
def test_a_file_that_was_cut_off_is_refused(closed: Path, share: float) -> None:
    data = closed.read_bytes()
    closed.write_bytes(data[: int(share * len(data))])
    assert use(closed).startswith(f"{closed}: ")


def test_an_empty_file_is_a_new_one(tmp_path: Path) -> None:
    path = tmp_path / "state.db"
    path.touch()
    assert use(path) == ""


def test_an_empty_file_beside_a_log_is_refused(killed: Path) -> None:
    killed.write_bytes(b"")
    assert refused(killed) == (
        f"-wal: damaged, or the log of another file than {killed}: the file is empty"
    )


def test_a_log_that_is_none_is_refused(killed: Path) -> None:
    Path(f"{killed}-wal").write_bytes(random.Random(1).randbytes(5_000))
    assert refused(killed).endswith(": it is no write-ahead log")


def test_a_log_with_a_damaged_frame_is_refused_unless_it_is_the_last_one(killed: Path) -> None:
    log = Path(f"{killed}-wal")
    whole = log.read_bytes()
    frame = FRAME.size + 4096
    damaged = bytearray(whole)
    damaged[HEADER.size + 3 * frame + 100] ^= 1
    log.write_bytes(damaged)
    assert ": frame 4 of " in refused(killed)
    log.write_bytes(whole[:-100])  # being written when the process was killed
    assert use(killed) == ""


@pytest.mark.parametrize(
    ("change_it", "said"),
    [
        ("DROP TABLE row", "no such table: row"),
        ("ALTER TABLE row RENAME COLUMN value TO worth", "no such column: value"),
        ("ALTER TABLE row RENAME TO rows", "no such table: row"),
    ],
)
def test_a_table_that_is_missing_is_said(closed: Path, change_it: str, said: str) -> None:
    change(closed, change_it)
    assert refused(closed) == f": damaged: {said}"


@pytest.mark.parametrize(
    ("kind", "name", "value", "said"),
    [
        ("message", "44", b"[1, 2", "message 44: "),
        ("message", "44", b"[1, 2]", "message 44: Expected `object`, got `array`"),
        ("transaction", "1", b"\xff\xfe", "transaction 1: "),
        ("register", "1", b"", "register 1: Input data was truncated"),
        ("document", "configuration", b'["a"]', "document configuration: Expected `object`"),
        ("document", "charging profiles", b"7", "document charging profiles: "),
        ("document", "charging profiles", b'[{"connectorId": 1}]', "document charging profiles: "),
        ("document", "firmware", b"[]", "document firmware: [] is no version"),
        ("document", "firmware", b'"' + b"9" * 51 + b'"', "document firmware: "),
        ("secret", "1", b"{}", "secret 1: there is no such kind of row"),
    ],
)
def test_one_bad_row_is_named_with_its_station(
    closed: Path, kind: str, name: str, value: bytes, said: str
) -> None:
    put(closed, kind, name, value)
    assert use(closed).startswith(f"{closed}: station CP1: {said}")


ABSURD: tuple[Any, ...] = (None, True, -1, 0, 1e300, 10**30, "", "x" * 300, "9999-12-31", [], {})


def absurd(value: Any) -> Iterator[Any]:
    """Copies of a JSON value, each with something absurd in one place."""
    yield from ABSURD
    keys = value if isinstance(value, dict) else range(len(value) if isinstance(value, list) else 0)
    for key in keys:
        for other in absurd(value[key]):
            copy = value.copy()
            copy[key] = other
            yield copy


def test_rows_with_absurd_values_are_used_or_refused_and_crash_nothing(left: Path) -> None:
    file = StateFile(str(left / "closed"))
    rows = dict(file.station("CP1").rows)
    file.close()
    chance = random.Random(1)
    outcomes: set[bool | None] = set()
    for row, value in rows.items():
        variants = list(absurd(json.loads(value)))
        for variant in chance.sample(variants, min(len(variants), 8)):
            changed = {**rows, row: json.dumps(variant).encode()}

            async def life(changed: dict[StateRow, bytes] = changed) -> None:
                check_rows(changed, "")
                store = StateStore(changed)
                async with station(connectors=2, plugged=False, module=False, store=store) as rig:
                    await rig.accepted()
                    await asyncio.sleep(1)

            try:
                run_virtual(life())
            except StateError as error:
                outcomes.add(str(error).startswith(" ".join(row)))
            else:
                outcomes.add(None)
    assert outcomes == {True, None}


def test_a_message_that_no_central_system_could_take_is_named_and_not_thrown_away(
    closed: Path,
) -> None:
    change(closed, "UPDATE row SET value = replace(value, 'Local', 'Lokal') WHERE kind = 'message'")
    assert '"Lokal" is not one of' in refused(closed)


def test_what_a_tolerant_station_has_taken_over_is_no_damage(closed: Path) -> None:
    change(
        closed,
        "UPDATE row SET value = replace(value, ?, ?) WHERE kind = 'message'",
        '"meterStop"',
        '"idTag":"an id tag of 25 characters","meterStop"',
    )
    file = StateFile(str(closed))
    kept = [message.payload for message in file.station("CP1").messages()]
    file.close()
    assert [payload for payload in kept if payload.get("idTag") == "an id tag of 25 characters"]


@pytest.mark.parametrize("value", [5, 2.5, 10**12])
def test_a_value_of_another_type_is_named(closed: Path, value: object) -> None:
    put(closed, "document", "availability", value)
    assert refused(closed) == (": row 'CP1' 'document' 'availability': not the types of a row")


def test_a_missing_value_is_damage(closed: Path) -> None:
    change(closed, "ALTER TABLE row RENAME TO old")
    change(closed, "CREATE TABLE row (station, kind, name, value)")
    change(closed, "INSERT INTO row VALUES ('CP1', 'document', 'availability', NULL)")
    assert refused(closed) == ": row 'CP1' 'document' 'availability': not the types of a row"


def test_a_value_that_was_edited_by_hand_is_as_good_as_ours(closed: Path) -> None:
    put(closed, "document", "availability", "[2]")
    assert use(closed) == ""


def test_a_file_that_is_damaged_while_it_is_used_is_not_written_to_any_more(
    tmp_path: Path,
) -> None:
    path = tmp_path / "state.db"
    file = StateFile(str(path))
    for number in range(300):
        file.station("CP1").save(f"document {number:03}", "x" * 3000)
    file.close()
    trouble: list[str] = []
    file = StateFile(str(path), trouble.append)
    store = file.station("CP1")
    assert file._open is not None
    file._open.execute("PRAGMA cache_size = 1")
    assert file.trouble_left == ""
    size = path.stat().st_size
    with path.open("r+b") as damaged:
        damaged.seek(4096)
        damaged.write(b"\xa5" * (size - 4096))
    for number in range(0, 300, 20):
        store.save(f"document {number:03}", number)
    assert len(trouble) == 1
    assert trouble[0].startswith(f"state file {path}: damaged: database disk image is malformed")
    assert store.load("document 280") == 280
    assert file.trouble_left == (
        f"state file {path}: what has changed since it could not be written is lost"
    )
    file.close()
    assert path.stat().st_size == size

"""States of charge points in one file: kept over a crash, refused in one clear line."""

from __future__ import annotations

import os
import shutil
import signal
import sqlite3
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from evtui.station.connector.transaction import StationTransaction
from evtui.station.state.file import StateFile
from evtui.station.state.store import QueuedMessage, StateError

TRANSACTION = StationTransaction(1, 1, "TAG", 0, 1.5, parent_id_tag="GROUP", reservation_id=4)


def message(number: int) -> QueuedMessage:
    value = {"timestamp": "2026-01-01T00:00:00Z", "sampledValue": [{"value": "ä"}]}
    payload = {"connectorId": 1, "meterValue": [value]}
    return QueuedMessage(number, "MeterValues", payload, 1, 2.5)


@contextmanager
def opened(path: Path, trouble: list[str] | None = None) -> Iterator[StateFile]:
    file = StateFile(str(path), ([] if trouble is None else trouble).append)
    try:
        yield file
    finally:
        file.close()


def refusal(path: Path) -> str:
    """What is said of a file that cannot be used, without its name."""
    with pytest.raises(StateError) as error:
        StateFile(str(path), print)
    text = str(error.value)
    assert "\n" not in text
    assert text.startswith(f"{path}: ")
    return text.removeprefix(f"{path}: ")


def test_everything_is_there_when_the_file_is_opened_again(tmp_path: Path) -> None:
    path = tmp_path / "state.db"
    with opened(path) as file:
        store = file.station("CP1")
        store.add(message(1), TRANSACTION)
        store.add(message(2), TRANSACTION)
        store.settle(message(1), TRANSACTION)
        store.save_register(1, 12.5, 3.5)
        store.save("configuration", {"HeartbeatInterval": "30"})
        kept = dict(store.rows)
    with opened(path) as file:
        store = file.station("CP1")
        assert store.rows == kept
        assert store.messages() == [message(2)]
        assert store.transactions() == [TRANSACTION]


def test_stations_that_share_a_file_do_not_see_each_other(tmp_path: Path) -> None:
    path = tmp_path / "state.db"
    with opened(path) as file:
        file.station("CP1").save("availability", [1])
        file.station("CP2").save("availability", [2])
        assert file.station("CP1") is file.station("CP1")
    with opened(path) as file:
        assert file.station("CP1").load("availability") == [1]
        assert file.station("CP2").load("availability") == [2]
        assert file.station("CP3").load("availability") is None


def test_a_process_that_is_killed_loses_nothing_it_had_written(tmp_path: Path) -> None:
    path = tmp_path / "state.db"
    program = """
import os, signal, sys
from evtui.station.state.file import StateFile
store = StateFile(sys.argv[1], print).station("CP1")
for number in range(300):
    store.save_register(1, float(number), 0.0)
    store.save(f"document {number}", "x" * 1000)
os.kill(os.getpid(), signal.SIGKILL)
"""
    died = subprocess.run([sys.executable, "-c", program, str(path)], check=False, timeout=60)
    assert died.returncode == -signal.SIGKILL
    with opened(path) as file:
        store = file.station("CP1")
        register = store.register(1)
        assert register is not None
        assert register.energy == 299
        assert store.load("document 299") == "x" * 1000


def test_a_second_program_is_told_that_the_file_is_in_use(tmp_path: Path) -> None:
    path = tmp_path / "state.db"
    program = """
import sys
from evtui.station.state.store import StateInUse
from evtui.station.state.file import StateFile
try:
    StateFile(sys.argv[1], print)
except StateInUse as error:
    print(error)
"""
    with opened(path) as file:
        file.station("CP1").save("a", 1)
        said = subprocess.run(
            [sys.executable, "-c", program, str(path)],
            check=True,
            capture_output=True,
            text=True,
            timeout=60,
        ).stdout
    assert said == f"{path}: used by another evtui: end that one, or name another file\n"
    with opened(path) as file:
        assert file.station("CP1").load("a") == 1


def test_a_file_that_is_no_database_is_refused_and_left_as_it_is(tmp_path: Path) -> None:
    path = tmp_path / "notes.txt"
    path.write_text("these are my notes\n" * 100)
    assert refusal(path) == "not a state file: name another, or one that does not exist yet"
    assert path.read_text() == "these are my notes\n" * 100


def test_a_database_of_somebody_else_is_refused_and_left_as_it_is(tmp_path: Path) -> None:
    path = tmp_path / "places.sqlite"
    other = sqlite3.connect(path)
    other.execute("CREATE TABLE bookmarks (url TEXT)")
    other.close()
    before = path.read_bytes()
    assert refusal(path) == "a database, but no state file of evtui; name another"
    assert path.read_bytes() == before


def test_a_state_file_of_another_version_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "state.db"
    with opened(path):
        pass
    other = sqlite3.connect(path)
    other.execute("PRAGMA user_version = 7")
    other.close()
    assert refusal(path) == (
        "a state file of version 7, and this evtui reads version 1; name another file"
    )


def test_a_folder_that_is_missing_or_is_no_folder_is_said(tmp_path: Path) -> None:
    said = "cannot be opened: its folder must exist, and it must be a file of yours"
    assert refusal(tmp_path / "missing" / "state.db") == said
    assert refusal(tmp_path) == said


def test_a_broken_row_is_named_with_its_file_and_station(tmp_path: Path) -> None:
    path = tmp_path / "state.db"
    with opened(path) as file:
        file.station("CP1").add(message(1), TRANSACTION)
    other = sqlite3.connect(path)
    other.execute("DELETE FROM row WHERE kind = 'transaction'")
    other.commit()
    other.close()
    assert refusal(path) == (
        "station CP1: message 1: its transaction is missing; it stays as it is: put a copy in its "
        "place, or name another file"
    )


def test_a_full_disk_is_told_once_and_nothing_is_missing_when_there_is_room_again(
    tmp_path: Path,
) -> None:
    path = tmp_path / "state.db"
    trouble: list[str] = []
    with opened(path, trouble) as file:
        database = file._open
        assert database is not None
        store, other = file.station("CP1"), file.station("CP2")
        store.save("before", 1)
        (pages,) = database.execute("PRAGMA page_count").fetchone()
        database.execute(f"PRAGMA max_page_count = {pages}")
        for number in range(20):
            store.save(f"large {number}", "x" * 10_000)
            other.save_register(1, float(number), 0.0)
        assert store.load("large 19") == "x" * 10_000
        assert trouble == [
            f"state file {path}: the disk is full; going on in memory, so a crash now loses "
            "what is queued"
        ]
        database.execute("PRAGMA max_page_count = 100000")
        store.save("after", 2)
        assert trouble[1:] == [f"state file {path}: written again, nothing is missing"]
        kept = dict(store.rows), dict(other.rows)
    with opened(path) as file:
        assert (file.station("CP1").rows, file.station("CP2").rows) == kept


def test_a_file_that_was_removed_while_it_was_used_is_made_anew_with_everything(
    tmp_path: Path,
) -> None:
    path = tmp_path / "state.db"
    with opened(path) as file:
        file.station("IDLE").save("availability", [3])
    path.chmod(0o600)
    trouble: list[str] = []
    with opened(path, trouble) as file:
        store = file.station("CP1")
        store.save("before", 1)
        path.unlink()
        store.save("after", 2)
        assert trouble == [
            f"state file {path}: removed while it was used",
            f"state file {path}: written again, nothing is missing",
        ]
        store.save("later", 3)
    assert file.trouble_left == ""
    assert path.stat().st_mode & 0o777 == 0o600
    assert [each.name for each in tmp_path.iterdir()] == ["state.db"]
    with opened(path) as file:
        assert file.station("CP1").rows == store.rows
        assert file.station("IDLE").load("availability") == [3]


def test_a_file_that_was_removed_after_the_last_change_is_made_anew_at_the_end(
    tmp_path: Path,
) -> None:
    path = tmp_path / "state.db"
    with opened(path) as file:
        file.station("CP1").save("a", 1)
        for each in tmp_path.iterdir():
            each.unlink()
    assert file.trouble_left == ""
    with opened(path) as file:
        assert file.station("CP1").load("a") == 1


def test_a_folder_that_was_removed_is_told_once_and_the_file_is_there_when_it_is_back(
    tmp_path: Path,
) -> None:
    path = tmp_path / "folder" / "state.db"
    path.parent.mkdir()
    trouble: list[str] = []
    with opened(path, trouble) as file:
        store = file.station("CP1")
        store.save("a", 1)
        shutil.rmtree(path.parent)
        store.save("b", 2)
        store.save("c", 3)
        assert trouble == [
            f"state file {path}: removed while it was used, and cannot be made anew: No such file "
            "or directory; going on in memory, so a crash now loses what is queued"
        ]
        assert file.trouble_left.endswith("what has changed since it could not be written is lost")
        path.parent.mkdir()
    assert trouble[1:] == [f"state file {path}: written again, nothing is missing"]
    assert file.trouble_left == ""
    with opened(path) as file:
        assert file.station("CP1").rows == store.rows


def test_another_file_in_the_place_of_the_one_that_is_used_is_told_and_left_alone(
    tmp_path: Path,
) -> None:
    path, moved, other = tmp_path / "state.db", tmp_path / "moved.db", tmp_path / "other.db"
    with opened(other) as file:
        file.station("CP1").save("other", 1)
    before = other.read_bytes()
    trouble: list[str] = []
    with opened(path, trouble) as file:
        store = file.station("CP1")
        store.save("a", 1)
        path.rename(moved)
        shutil.copy(other, path)
        store.save("b", 2)
        store.save("c", 3)
    said = (
        f"state file {path}: removed or moved while it was used, and another file is in its place"
    )
    assert len(trouble) == 1
    assert trouble[0].startswith(said)
    assert file.trouble_left == trouble[0]
    assert path.read_bytes() == before
    with opened(moved) as file:
        assert file.station("CP1").rows == store.rows


def overwrite(log: Path) -> None:
    log.write_bytes(b"\xa5" * log.stat().st_size)


def overwrite_a_part(log: Path) -> None:
    with log.open("r+b") as file:
        file.seek(100)
        file.write(b"\xa5" * 3_000)


def empty(log: Path) -> None:
    os.truncate(log, 0)


@pytest.mark.parametrize("later", [0, 10])
@pytest.mark.parametrize("damage", [overwrite, overwrite_a_part, empty])
def test_a_log_that_is_damaged_while_it_is_used_is_said_at_the_end(
    tmp_path: Path, damage: Callable[[Path], None], later: int
) -> None:
    path = tmp_path / "state.db"
    with opened(path) as file:
        store = file.station("CP1")
        for number in range(50):
            store.save(f"document {number}", "x" * 500)
        damage(Path(f"{path}-wal"))
        for number in range(later):
            store.save(f"document {number}", number)
    said = file.trouble_left
    assert "\n" not in said
    assert said.startswith(f"state file {path}: its log was damaged while it was used: ")
    assert said.endswith("put a copy in its place, or name another file")


def test_a_file_that_is_damaged_while_it_is_used_is_said_at_the_end(tmp_path: Path) -> None:
    path = tmp_path / "state.db"
    with opened(path) as file:
        for number in range(300):
            file.station("CP1").save(f"document {number:03}", "x" * 3_000)
    with opened(path) as file:
        file.station("CP1").save("document 000", 0)
        with path.open("r+b") as damaged:
            damaged.seek(200_000)
            damaged.write(b"\xa5" * 200_000)
    assert file.trouble_left.startswith(f"state file {path}: damaged while it was used: damaged: ")
    assert file.trouble_left.endswith("put a copy in its place, or name another file")


def test_nothing_is_said_of_a_file_that_is_whole_however_much_was_written(tmp_path: Path) -> None:
    path = tmp_path / "state.db"
    for life in range(3):
        with opened(path) as file:
            store = file.station("CP1")
            for number in range(700):  # the log begins again and again
                store.save(f"document {number % 50}", f"{life}" * 10_000)
        assert file.trouble_left == ""


def test_what_changes_after_the_file_was_closed_changes_in_memory_only(tmp_path: Path) -> None:
    path = tmp_path / "state.db"
    with opened(path) as file:
        store = file.station("CP1")
    store.save("late", 1)
    assert store.load("late") == 1
    with opened(path) as file:
        assert file.station("CP1").load("late") is None

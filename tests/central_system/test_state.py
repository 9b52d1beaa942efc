"""What a central system knows is in its state file, and the next one goes on from there."""

from __future__ import annotations

import asyncio
import json
import os
import re
import sqlite3
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from evtui import CentralSystem, IdTag, IdTags, Lab, Settings, StateError, StateFile
from evtui.central_system.kept import Ledger
from evtui.central_system.state_check import check_state
from evtui.central_system.transactions import Transactions
from tests.central_system.rig import START, House, open_house
from tests.central_system.test_admission import obey, refusal
from tests.central_system.test_transactions import only, start, stop, value, values
from tests.ocpp16.rig import BOOT, NOW, until

STOP = {"meterStop": 250, "timestamp": "2026-01-01T01:00:00Z"}


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """Of a state file that does not exist yet."""
    return tmp_path / "state.db"


@asynccontextmanager
async def life(path: Path, **options: Any) -> AsyncIterator[House]:
    """One run of a central system with a state file."""
    file = StateFile(str(path))
    try:
        async with open_house("memory", state=file, **options) as house:
            yield house
    finally:
        file.close()


@asynccontextmanager
async def opened(path: Path) -> AsyncIterator[StateFile]:
    file = StateFile(str(path))
    try:
        yield file
    finally:
        file.close()


async def test_a_stop_after_the_restart_finds_its_start_and_the_energy(path: Path) -> None:
    shown = {"timestamp": NOW, "sampledValue": [{"value": "150"}]}
    async with life(path) as house, house.station() as station:
        started = (await station.call("StartTransaction", START))["transactionId"]
        told = {"connectorId": 1, "transactionId": started, "meterValue": [shown]}
        await station.call("MeterValues", told)
    for _ in range(2):  # a stop that is told again over another restart is known as well
        async with life(path) as house, house.connected() as station:
            stop = STOP | {"transactionId": started, "transactionData": [shown]}
            assert await station.call("StopTransaction", stop) == {}
            whole = only(house.central.transactions)
            assert (whole.transaction_id, whole.energy, whole.open) == (started, 150, False)
            assert (whole.meter_values, whole.stop_data) == ([shown], [shown])
            assert not [note for note in house.notes if "transaction" in note]


async def test_a_start_that_was_told_before_the_restart_gets_its_id_again(path: Path) -> None:
    ids = []
    for _ in range(3):
        async with life(path) as house, house.station() as station:
            ids.append((await station.call("StartTransaction", START))["transactionId"])
            assert len(house.central.transactions) == 1
    assert len(set(ids)) == 1


async def test_ids_go_on_where_they_were(path: Path) -> None:
    ids = []
    for connector in range(1, 4):
        async with life(path) as house, house.station() as station:
            told = START | {"connectorId": connector}
            ids.append((await station.call("StartTransaction", told))["transactionId"])
    assert ids == [ids[0], ids[0] + 1, ids[0] + 2]


async def test_who_was_accepted_is_accepted_when_it_comes_again(path: Path) -> None:
    async with life(path) as house, house.connected() as station:
        await station.call("BootNotification", BOOT | {"firmwareVersion": "7"})
    async with life(path) as house:
        before = house.central.stations["CP1"]
        assert (before.connected, before.accepted, before.firmware) == (False, True, "7")
        assert before.gone == "not here since the central system started"
        async with house.connected() as station:
            assert (await house.central.wait_for("CP1", timeout=5)).vendor == "evtui"
            assert house.states == ["CP1 connected", "CP1 accepted"]
            assert "currentTime" in await station.call("Heartbeat", {})
            _, _, action, asked = await station.hear()
            assert (action, asked) == ("TriggerMessage", {"requestedMessage": "BootNotification"})


async def test_a_station_of_ours_has_ended_too_and_will_boot(path: Path) -> None:
    for _ in range(2):
        async with life(path, ours=["CP1"]) as house, house.connected() as station:
            assert not house.central.stations["CP1"].accepted
            await station.call("BootNotification", BOOT)
            assert house.central.stations["CP1"].accepted


async def test_who_was_accepted_by_other_rules_is_asked_about(path: Path) -> None:
    async with life(path) as house, house.station():
        pass
    async with life(path, unknown_stations="ask") as house, house.connected() as station:
        assert not house.central.stations["CP1"].accepted
        answer = await station.say(json.dumps([2, "x", "Heartbeat", {}]))
        assert answer[2] == "SecurityError"


async def test_who_was_accepted_by_other_rules_is_heard_of_its_transactions(path: Path) -> None:
    async with life(path) as house, house.station() as station:
        started = (await station.call("StartTransaction", START))["transactionId"]
    async with life(path, unknown_stations="ask") as house, house.connected() as station:
        assert await station.call("StopTransaction", STOP | {"transactionId": started}) == {}
        assert only(house.central.transactions).energy == 150
        assert house.states == ["CP1 connected", "CP1 asking"]
        await obey(station, "TriggerMessage")
        told = START | {"timestamp": STOP["timestamp"]}
        assert "transactionId" in await station.call("StartTransaction", told)
        assert (await refusal(station, "Heartbeat", {}))[0] == "SecurityError"
        assert (await station.call("BootNotification", BOOT))["status"] == "Pending"
        assert (await refusal(station, "StopTransaction", STOP | {"transactionId": 1}))[0] == (
            "SecurityError"
        )
    async with life(path, unknown_stations="ask") as house, house.connected() as station:
        assert (await refusal(station, "StartTransaction", START))[0] == "SecurityError"


@pytest.mark.parametrize("status", ["Pending", "Rejected"])
async def test_who_is_answered_otherwise_since_it_was_accepted_is_not_heard(
    path: Path, status: Any
) -> None:
    async with life(path) as house, house.station():
        house.central.admission.answer("CP1", status)
    async with life(path) as house, house.connected() as station:
        assert (await refusal(station, "StartTransaction", START))[0] == "SecurityError"


async def test_a_start_that_was_concurrent_is_so_in_the_next_run(path: Path) -> None:
    for _ in range(2):
        answers = []
        async with life(path, id_tags=IdTags(concurrent=False)) as house:
            for identity in ("A", "B"):
                async with house.station(identity) as station:
                    answers.append(await station.call("StartTransaction", START))
        assert [each["idTagInfo"]["status"] for each in answers] == ["Accepted", "ConcurrentTx"]


async def test_an_id_that_two_stations_have_is_one_of_each_in_the_next_run(path: Path) -> None:
    async with opened(path) as file:
        kept = filed(file)
        kept.stop("CP1", stop(4711))
        kept.meter_values("CP2", values(4711, 10, 120))
    async with opened(path) as file:
        kept = filed(file)
        assert kept.meter_values("CP1", values(4711, 10, 130, connector=3)) == ""
        assert kept.stop("CP2", stop(4711, meter=300)) == ""
    async with opened(path) as file:
        found = [(one.station, one.connector, one.meter_stop) for one in filed(file)]
        assert found == [("CP1", 3, 200), ("CP2", 1, 300)]


async def test_what_was_said_of_stations_counts_in_the_next_run(path: Path) -> None:
    async with life(path, unknown_stations="ask") as house:
        house.central.admit("IN")
        house.central.turn_away("OUT")
        house.central.turn_away("BACK")
        house.central.admit("BACK")
        house.central.admission.answer("WAIT", "Rejected", interval=77)
    for _ in range(2):
        async with life(path, unknown_stations="ask") as house:
            admission = house.central.admission
            assert [admission.lets_in(name) for name in ("IN", "OUT", "BACK")] == [
                True,
                False,
                True,
            ]
            assert [admission.boot(name).status for name in ("IN", "BACK", "NEW")] == [
                "Accepted",
                "Accepted",
                "Pending",
            ]
            assert (admission.boot("WAIT").status, admission.boot("WAIT").interval) == (
                "Rejected",
                77,
            )


async def test_a_station_that_is_known_since_it_was_turned_away_is_let_in(path: Path) -> None:
    async with life(path) as house:
        house.central.turn_away("CP1")
        house.central.turn_away("CP2")
    async with life(path, known_stations=["CP1"], ours=["CP2"]) as house:
        assert house.central.admission.lets_in("CP1")
        assert house.central.admission.lets_in("CP2")
        house.central.turn_away("CP1")
    for known in (["CP1"], []):
        async with life(path, known_stations=known) as house:
            assert not house.central.admission.lets_in("CP1")


LIST = [IdTag("A"), IdTag("B", "Blocked"), IdTag("C")]


async def test_id_tags_that_were_set_and_removed_are_so_in_the_next_run(path: Path) -> None:
    until = datetime(2030, 1, 1, tzinfo=UTC)
    async with life(path, id_tags=IdTags(LIST, unknown="reject")) as house:
        tags = house.central.id_tags
        tags.set("a", "Blocked")
        tags.remove("C")
        tags.set("D", parent="FLEET", expiry=until)
        tags.set("E")
        tags.remove("E")
        tags.set("B")
        tags.set("B", "Blocked")
    for _ in range(2):
        async with life(path, id_tags=IdTags(LIST, unknown="reject")) as house:
            tags = house.central.id_tags
            assert set(tags) == {
                IdTag("a", "Blocked"),
                IdTag("B", "Blocked"),
                IdTag("D", parent="FLEET", expiry=until),
            }
            assert (await authorize(house, "D"))["parentIdTag"] == "FLEET"
            assert (await authorize(house, "C"))["status"] == "Invalid"


async def authorize(house: House, id_tag: str) -> dict[str, Any]:
    async with house.station() as station:
        return dict((await station.call("Authorize", {"idTag": id_tag}))["idTagInfo"])


async def test_a_list_that_says_something_new_of_a_tag_is_the_later_word(path: Path) -> None:
    async with life(path, id_tags=IdTags(LIST)) as house:
        house.central.id_tags.set("A", "Blocked")
        house.central.id_tags.set("B", "Expired")
    edited = [IdTag("A", parent="NEW"), IdTag("B", "Blocked")]
    async with life(path, id_tags=IdTags(edited)) as house:
        assert set(house.central.id_tags) == {IdTag("A", parent="NEW"), IdTag("B", "Expired")}
    async with life(path, id_tags=IdTags(LIST)) as house:  # it was overruled for good
        assert IdTag("A") in set(house.central.id_tags)


async def test_a_run_without_a_list_says_nothing_of_tags(path: Path) -> None:
    async with life(path, id_tags=IdTags(LIST)) as house:
        house.central.id_tags.set("A", "Blocked")
    async with life(path) as house:
        assert set(house.central.id_tags) == {IdTag("A", "Blocked")}
    async with life(path, id_tags=IdTags(LIST)) as house:
        assert IdTag("A", "Blocked") in set(house.central.id_tags)


async def test_a_central_system_that_follows_another_in_one_process_goes_on_from_it(
    path: Path,
) -> None:
    async with opened(path) as file:
        for _ in range(2):
            async with open_house("memory", state=file) as house, house.station() as station:
                started = await station.call("StartTransaction", START)
                assert len(house.central.transactions) == 1
                assert only(house.central.transactions).transaction_id == started["transactionId"]


async def test_who_was_accepted_comes_back_says_nothing_and_goes_is_remembered(path: Path) -> None:
    async with life(path) as house, house.station("S1"):
        pass
    async with opened(path) as file:
        async with open_house("memory", state=file) as house:
            async with house.connected("S1"):
                await until(lambda: house.central.is_connected("S1"))
            await until(lambda: not house.central.is_connected("S1"))
            assert house.central.stations["S1"].accepted
        async with open_house("memory", state=file) as house, house.station("S2"):
            assert house.central.stations["S1"].accepted


def filed(file: StateFile, **bounds: int) -> Transactions:
    ledger = Ledger(file.central_system())
    kept = Transactions(ledger=ledger, **bounds)
    ledger.settled(kept.rows)
    return kept


async def test_what_is_forgotten_is_forgotten_in_the_file_too(path: Path) -> None:
    async with opened(path) as file:
        kept = filed(file, closed_kept=2)
        for number in range(1, 6):
            kept.start("CP1", start(second=number))
            kept.meter_values("CP1", values(number, 10, 120))
            kept.stop("CP1", stop(number, transactionData=[value(50, 200)]))
    async with opened(path) as file:
        assert [one.transaction_id for one in filed(file)] == [4, 5]
    rows = sqlite3.connect(path)
    counted = dict(rows.execute("SELECT kind, count(*) FROM row GROUP BY kind").fetchall())
    rows.close()
    assert counted == {"counter": 1, "transaction": 2, "value": 2, "stop value": 2}


async def test_meter_values_count_against_their_bound_over_a_restart(path: Path) -> None:
    async with opened(path) as file:
        filed(file).meter_values("CP1", values(9, 1, 101))
    async with opened(path) as file:
        kept = filed(file, bytes_kept=100)
        told = [kept.meter_values("CP1", values(9, second, 101)) for second in (1, 2, 3)]
        assert told[1].startswith("meter values are not kept any more") or kept.values_lost == 2
        assert len(only(kept).meter_values) == 1


async def test_numbers_with_more_digits_than_anybody_reads_are_kept(path: Path) -> None:
    huge = 10**30
    async with opened(path) as file:
        filed(file).start("CP1", start(connector=huge, meter=huge))
    async with opened(path) as file:
        kept = filed(file)
        kept.stop("CP1", stop(1, meter=huge + 5))
        assert (only(kept).energy, only(kept).connector) == (5, huge)


async def test_integers_written_with_a_fraction_are_kept(path: Path) -> None:
    async with opened(path) as file:
        kept = filed(file)
        kept.start("CP1", start(connector=1.0, meter=100.0) | {"reservationId": 3.0})  # type: ignore[arg-type]
        kept.meter_values("CP1", values(1.0, 10, 120, connector=1.0))  # type: ignore[arg-type]
        kept.meter_values("CP1", values(7.0, 10, 120, connector=2.0))  # type: ignore[arg-type]
    async with opened(path) as file:
        kept = filed(file)
        kept.stop("CP1", stop(1.0, meter=200.0))  # type: ignore[arg-type]
    async with opened(path) as file:
        whole, adopted = filed(file)
        assert (whole.energy, whole.reservation_id, len(whole.meter_values)) == (100, 3, 1)
        assert (adopted.transaction_id, adopted.connector) == (7, 2)


async def test_a_full_disk_costs_nothing_once_there_is_room_again(path: Path) -> None:
    trouble: list[str] = []
    async with opened(path) as file:
        file.trouble = trouble.append
        kept = filed(file)
        file.station("CP1").save("availability", [1])
        assert file._open is not None
        (pages,) = file._open.execute("PRAGMA page_count").fetchone()
        file._open.execute(f"PRAGMA max_page_count = {pages}")
        kept.start("CP1", start())
        for second in range(200):
            kept.meter_values("CP1", values(1, second, 100 + second))
        assert len(trouble) == 1
        file._open.execute("PRAGMA max_page_count = 100000")
        kept.stop("CP1", stop(1))
        assert "nothing is missing" in trouble[1]
    async with opened(path) as file:
        whole = only(filed(file))
        assert (whole.energy, len(whole.meter_values)) == (100, 200)
        assert file.station("CP1").load("availability") == [1]


async def test_a_file_that_is_removed_while_it_is_used_costs_nothing(path: Path) -> None:
    async with opened(path) as file:
        kept = filed(file)
        kept.start("CP1", start())
        kept.meter_values("CP1", values(1, 10, 120))
        os.unlink(path)
        kept.meter_values("CP1", values(1, 20, 130))
        kept.stop("CP1", stop(1))
    assert file.trouble_left == ""
    async with opened(path) as file:
        whole = only(filed(file))
        assert (whole.energy, len(whole.meter_values)) == (100, 2)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ("UPDATE row SET value = CAST('{' AS BLOB) WHERE kind = 'transaction'", "transaction 1: "),
        ("UPDATE row SET value = CAST('{}' AS BLOB) WHERE kind = 'transaction'", "transaction 1: "),
        (
            "UPDATE row SET name = '7' WHERE kind = 'transaction'",
            "transaction 7: number 1 is in it",
        ),
        (
            "INSERT INTO row (station, kind, name, value) SELECT station, kind, '2', CAST(replace("
            "CAST(value AS TEXT), '\"number\":1', '\"number\":2') AS BLOB) "
            "FROM row WHERE kind = 'transaction'",
            "transaction 2: another transaction 1 of CP1 is kept",
        ),
        ("DELETE FROM row WHERE kind = 'transaction'", "value 1/0: its transaction is missing"),
        ("UPDATE row SET name = 'x' WHERE kind = 'value'", "value x: its transaction is missing"),
        (
            "UPDATE row SET value = CAST('\"x\"' AS BLOB) WHERE kind = 'counter'",
            "counter next transactionId: ",
        ),
        ("UPDATE row SET value = CAST('[]' AS BLOB) WHERE kind = 'accepted'", "accepted CP1: "),
        ("UPDATE row SET value = CAST('[]' AS BLOB) WHERE kind = 'id tag'", "id tag card: "),
        ("UPDATE row SET value = CAST('[]' AS BLOB) WHERE kind = 'admission'", "admission CP2: "),
        (
            "UPDATE row SET value = CAST(replace(CAST(value AS TEXT), '2026', '9999999') AS BLOB) "
            "WHERE kind = 'transaction'",
            "transaction 1: ",
        ),
    ],
)
async def test_a_row_that_cannot_be_read_is_named_in_one_line(
    path: Path, change: str, said: str
) -> None:
    async with life(path, first_transaction_id=1) as house, house.station() as station:
        house.central.id_tags.set("CARD", "Blocked")
        house.central.turn_away("CP2")
        await station.call("StartTransaction", START)
        shown = {"timestamp": NOW, "sampledValue": [{"value": "150"}]}
        await station.call("MeterValues", {"connectorId": 1, "meterValue": [shown]})
    database = sqlite3.connect(path)
    database.execute(change)
    database.commit()
    database.close()
    async with opened(path) as file:
        with pytest.raises(StateError) as error:
            check_state(file)
        with pytest.raises(StateError, match=re.escape(str(error.value))):
            CentralSystem(state=file)
    text = str(error.value)
    assert text.startswith(f"{path}: central system: {said}")
    assert text.endswith("name another file")
    assert "\n" not in text


async def test_a_state_that_is_only_checked_stays_as_it_is(path: Path) -> None:
    rules: dict[str, Any] = {"known_stations": ["CP2"], "id_tags": IdTags(LIST)}
    async with life(path, **rules) as house, house.station() as station:
        house.central.id_tags.set("A", "Blocked")
        house.central.turn_away("CP2")
        await station.call("StartTransaction", START)
    async with opened(path) as file:
        before = dict(file.central_system().found)
        check_state(file)
        assert dict(file.central_system().found) == before
    async with opened(path) as file:
        assert dict(file.central_system().found) == before


async def test_a_lab_keeps_both_halves_in_one_file(path: Path) -> None:
    settings = Settings(port=0, state=str(path), meter_interval=0.1)
    async with Lab(settings) as lab:
        await lab.execute("station.charge")
        await lab.central_system.until(lambda: lab.central_system.open_transaction("CP1", 1))
        await asyncio.sleep(0.3)
    charged = only(lab.central_system.transactions)
    async with Lab(settings) as lab:
        again = only(lab.central_system.transactions)
        assert (again.transaction_id, again.energy) == (charged.transaction_id, charged.energy)
        assert again.meter_values == charged.meter_values
        assert lab.central_system.stations["CP1"].accepted
        assert "CP1" in {name for (_, name), _ in lab.central_system.stations.rows()}

"""``kill -9`` of the central system: with its state file it has every transaction exactly once.

Real processes and sockets.  ``EVTUI_FULL=1`` does fifty kills of each kind.
"""

from __future__ import annotations

import asyncio
import os
import random
import sqlite3
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import pytest

from evtui import CommandError, Lab, Settings, StateError, StateFile
from evtui.central_system.kept import Ledger
from evtui.central_system.transactions import Transactions
from evtui.events import Note
from evtui.station.link import connection
from evtui.station.state.store import StateStore
from tests.central_system.rig import START
from tests.e2e.books import Books, check_sound, kept, overheard
from tests.e2e.charge_point import CONNECTORS, IDENTITY
from tests.e2e.conftest import Start
from tests.e2e.killing import ID_TAG, Process, left_behind, until
from tests.e2e.restarts import (
    FOREIGN,
    CentralSystemProcess,
    ForeignStation,
    central_system_keeps,
)

pytestmark = pytest.mark.e2e

FULL = bool(os.environ.get("EVTUI_FULL"))
KILLS = 50 if FULL else 3
TURNS = 25 if FULL else 1

MOMENTS = ("", "StartTransaction", "", "MeterValues", "StopTransaction")
"""What the foreign station has just sent when the central system is killed, or any time."""


def settled(condition: Callable[[], bool]) -> Callable[[], bool]:
    """The condition; False while a file that is being written cannot be read in its copy."""

    def holds() -> bool:
        with suppress(StateError):
            return condition()
        return False

    return holds


async def swipe_now_and_then(lab: Lab, chance: random.Random) -> None:
    """Transactions start and stop at the station, whether or not it is connected."""
    while True:
        await asyncio.sleep(chance.uniform(0.1, 0.5))
        connector = chance.choice(CONNECTORS)
        with suppress(CommandError):
            await lab.execute("station.swipe", connector=connector, id_tag=ID_TAG)


@pytest.mark.timeout(600)
async def test_killed_in_the_middle_of_sessions_it_has_each_transaction_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(connection, "FIRST_RETRY", 0.05)
    monkeypatch.setattr(connection, "LONGEST_RETRY", 0.2)
    books = Books()
    monkeypatch.setattr(StateStore, "add", overheard(books.enter))
    chance = random.Random("central system killed")
    central = CentralSystemProcess(tmp_path / "state")
    await central.start()
    foreign = ForeignStation(central.url, chance)
    foreign_runs = asyncio.create_task(foreign.run())
    lab = Lab(Settings(csms=central.url, id=IDENTITY, connectors=2, meter_interval=0.2))
    given_up: list[str] = []
    lab.stream.subscribe(
        lambda event: (
            given_up.append(event.text)
            if isinstance(event, Note) and "given up" in event.text
            else None
        ),
        Note,
    )
    async with lab:
        swiping = asyncio.create_task(swipe_now_and_then(lab, chance))
        for number in range(KILLS):
            moment = MOMENTS[number % len(MOMENTS)]
            if moment:
                happened = asyncio.Event()

                def on_sent(action: str, moment: str = moment) -> None:
                    if action == moment:
                        central.kill_now()
                        happened.set()  # noqa: B023 - this round's

                foreign.sent = on_sent
                async with asyncio.timeout(30):
                    await happened.wait()
                foreign.sent = lambda action: None
            else:
                await asyncio.sleep(chance.uniform(0.0, 1.0))
            await central.kill()
            await central.start()
        swiping.cancel()
        charge_point = lab.stands[IDENTITY].charge_point
        charge_point.stop_charging("Local")
        async with asyncio.timeout(60):
            await charge_point.flushed()
        foreign.leave()
        async with asyncio.timeout(60):
            await foreign_runs
    await central.kill()

    every = central_system_keeps(central.state)
    accounts = books.accounts()
    assert kept(one for one in every if one.station == IDENTITY) == accounts
    assert kept(one for one in every if one.station == FOREIGN) == foreign.accounts
    check_sound(accounts)
    assert foreign.accounts
    assert accounts
    ids = [one.transaction_id for one in every]
    assert len(ids) == len(set(ids))
    assert foreign.refused == []
    assert given_up == []
    energy = sum(one.energy or 0 for one in every)
    print(
        f"{central.kills} kills of the central system, {len(accounts)} transactions of ours and "
        f"{len(foreign.accounts)} of the foreign station, {energy} Wh together"
    )


@pytest.mark.timeout(600)
@pytest.mark.full
async def test_killed_in_turn_two_evtui_agree_on_every_transaction(tmp_path: Path) -> None:
    chance = random.Random("in turn")
    books = Books()
    central = CentralSystemProcess(tmp_path / "central system")
    state = tmp_path / "station"
    await central.start()
    station = await Process.start(central.url, state, books, "Reboot", 0.2, "--swipe", "0")
    for number in range(TURNS):
        await asyncio.sleep(chance.uniform(1.0, 3.0))
        await central.kill()
        await asyncio.sleep(chance.uniform(0.0, 1.0))
        await central.start()
        await asyncio.sleep(chance.uniform(1.0, 3.0))
        await station.kill()
        for message in left_behind(state).messages():
            books.enter(message)
        last = number == TURNS - 1
        more = () if last else ("--swipe", str(number + 1))
        station = await Process.start(central.url, state, books, "Reboot", 0.2, *more)
    # The last one only ends what ran and tells what was queued.
    await until(settled(lambda: not left_behind(state).transactions()))
    await station.kill()
    await central.kill()
    every = central_system_keeps(central.state)
    assert kept(one for one in every if one.station == IDENTITY) == books.accounts()
    check_sound(books.accounts())
    assert books.accounts()
    print(f"{2 * TURNS} kills in turn, {len(books.accounts())} transactions")


def test_a_damaged_row_of_the_central_system_is_one_line_before_the_screen_is_touched(
    start: Start, tmp_path: Path
) -> None:
    state = tmp_path / "state"
    file = StateFile(str(state))
    kept = Transactions(ledger=Ledger(file.central_system()))
    kept.start("CP1", START)
    file.close()
    database = sqlite3.connect(state)
    database.execute("UPDATE row SET name = '9' WHERE kind = 'transaction'")
    database.commit()
    database.close()
    refused = start("--port", "0", "--state", str(state))
    assert refused.wait() == 2
    (line,) = refused.output.splitlines()
    assert f"{state}: central system: transaction 9: number 1 is in it" in line
    assert not refused.entered


async def test_a_lab_killed_while_it_charges_has_the_transaction_whole_when_it_runs_again(
    tmp_path: Path,
) -> None:
    central = CentralSystemProcess(tmp_path / "state")
    await central.start("--charge", until="charging")
    await central.kill()
    [running] = central_system_keeps(central.state)
    assert running.open
    await central.start()
    await until(settled(lambda: not any(one.open for one in central_system_keeps(central.state))))
    await central.kill()
    [whole] = central_system_keeps(central.state)
    assert whole.transaction_id == running.transaction_id
    assert whole.meter_values[:3] == running.meter_values[:3]
    assert (whole.reason, whole.abandoned) == ("Reboot", "")
    assert whole.energy is not None
    assert whole.energy > 0

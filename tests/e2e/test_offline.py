"""``kill -9`` and cut connections: the central system has every transaction exactly once.

What the charge point has queued of its transactions is written down beside it and held against
what the central system has kept: starts, stops, meter values in order, none missing, none twice.

Kills: real processes and sockets.  Disconnects: real sockets with the waits between two
attempts to connect cut short, and a thousand of them on virtual time over the memory link, with
the whole lab at both ends.  ``EVTUI_FULL=1`` does fifty kills and a thousand of each kind.
"""

from __future__ import annotations

import asyncio
import os
import random
import signal
from contextlib import suppress
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from evtui import CentralSystem, Lab, LoopClock, Settings
from evtui.central_system.memory_endpoint import MemoryEndpoint
from evtui.lab.orders import CommandError
from evtui.ocppj.transport import Transport
from evtui.runtime.virtual import run_virtual
from evtui.station.link import connection
from evtui.station.state.store import StateStore
from tests.e2e.books import Arrivals, Books, check_sound, kept, overheard
from tests.e2e.charge_point import CONNECTORS, IDENTITY
from tests.e2e.conftest import Start
from tests.e2e.cuts import Proxy, Scissors
from tests.e2e.killing import AWAY, ID_TAG, killing, left_behind, start_request
from tests.e2e.screens import up
from tests.e2e.witness import TRANSACTION_ID, Witness

pytestmark = pytest.mark.e2e

FULL = bool(os.environ.get("EVTUI_FULL"))
KILLS = 50 if FULL else 3
CUTS = 1_000 if FULL else 15
VIRTUAL_CUTS = 1_000

SITUATIONS = ("unanswered", "offline", "recovering", "charging", "stopping")
"""What goes on when the charge point is killed."""


@pytest.mark.timeout(600)
async def test_killed_during_transactions_it_reports_each_once_with_the_register_kept_last(
    tmp_path: Path,
) -> None:
    chance = random.Random("kills")
    async with killing(tmp_path / "state") as scene:
        for number in range(KILLS):
            situation = SITUATIONS[(number + number // 5) % 5]
            after_crash = "PowerLoss" if number % 5 == 2 else "Reboot"
            await scene.charge(1)
            if situation == "offline":
                await scene.charge_offline(2)
            elif situation == "unanswered":
                await scene.charge_unanswered(2)
            elif number % 3:
                await scene.charge(2)
            await asyncio.sleep(chance.uniform(0.1, 1.5))
            if situation == "stopping":
                await scene.stop(1)
            await scene.kill(after_crash)
            if situation == "unanswered":
                scene.proxy.shut()
            elif situation == "recovering":
                await scene.start()
                await asyncio.sleep(chance.uniform(0.2, 0.8))
                await scene.kill(after_crash)
            # Meter values keep the register too: with fewer of them the persist interval shows.
            await scene.start(meter_interval=5.0 if number % 2 == 0 else 0.2)
            if not scene.proxy.open:
                await asyncio.sleep(chance.uniform(0.0, 0.8))
                scene.proxy.open = True
            await scene.settled()

        accounts = scene.books.accounts()
        check_sound(accounts)
        stops = {each.transaction: each.payload for each in scene.books.of("StopTransaction")}
        for key, end in scene.ends.items():
            assert (stops[key]["meterStop"], stops[key]["reason"]) == end
        assert scene.arrivals.repeats
        assert scene.arrivals.late == 0
        print(
            f"{scene.kills} kills, {len(accounts)} transactions, {len(scene.ends)} interrupted, "
            f"{len(scene.books.of('MeterValues'))} meter values; "
            f"{scene.arrivals.received} calls received, {scene.arrivals.repeats} of them again; "
            f"register behind by {max(scene.behind):.2f} s at most, "
            f"{sum(scene.behind) / len(scene.behind):.2f} s on average"
        )


# Disconnects


@pytest.fixture
def books(monkeypatch: pytest.MonkeyPatch) -> Books:
    """What the charge points of this process queue, written down."""
    books = Books()
    monkeypatch.setattr(StateStore, "add", overheard(books.enter))
    return books


def hasten(monkeypatch: pytest.MonkeyPatch, longest: float) -> None:
    """Have the charge point try again at once: a thousand cuts would take hours otherwise."""
    monkeypatch.setattr(connection, "FIRST_RETRY", longest / 4)
    monkeypatch.setattr(connection, "LONGEST_RETRY", longest)


async def act(lab: Lab, csms: CentralSystem, chance: random.Random) -> None:
    """Something happens to a connector: from afar, at the reader, at the plug."""
    connector = chance.choice(CONNECTORS)
    running = csms.open_transaction(IDENTITY, connector)
    what = chance.choice(("remote", "swipe", "swipe", "plug"))
    with suppress(CommandError, *AWAY):
        if what == "swipe":
            await lab.execute("station.swipe", connector=connector, id_tag=ID_TAG)
        elif what == "plug":
            for _ in range(2):
                await lab.execute("station.plug", connector=connector)
        elif running is None:
            await csms.call(IDENTITY, "RemoteStartTransaction", start_request(connector))
        else:
            request = {"transactionId": running.transaction_id}
            await csms.call(IDENTITY, "RemoteStopTransaction", request)


async def finish(lab: Lab, csms: CentralSystem, books: Books, arrivals: Arrivals) -> str:
    """End every transaction, let everything arrive and compare; says in figures what it was."""
    charge_point = lab.stands[IDENTITY].charge_point
    charge_point.stop_charging("Local")
    async with asyncio.timeout(60):
        await charge_point.flushed()
    accounts = books.accounts()
    assert kept(csms.transactions) == accounts
    check_sound(accounts)
    assert arrivals.late == 0
    energy = sum(one.stop[0] - (one.meter_start or 0) for one in accounts if one.stop is not None)
    return (
        f"{len(accounts)} transactions of {energy} Wh together, "
        f"{len(books.of('MeterValues'))} meter values; "
        f"{arrivals.received} calls received, {arrivals.repeats} of them again"
    )


@pytest.mark.timeout(600)
async def test_cut_off_anywhere_on_a_real_connection_every_transaction_arrives_once(
    books: Books, monkeypatch: pytest.MonkeyPatch
) -> None:
    hasten(monkeypatch, 0.04)
    chance = random.Random("cuts")
    async with CentralSystem() as csms:
        arrivals = Arrivals(csms.stream)
        async with Proxy(urlsplit(csms.url).port or 0, chance, CUTS) as proxy:
            settings = Settings(csms=proxy.url, id=IDENTITY, connectors=2, meter_interval=0.1)
            lab, stop = Lab(settings), asyncio.Event()
            running = asyncio.create_task(lab.run(stop))
            restarts = 0
            while proxy.cuts < CUTS:
                await act(lab, csms, chance)
                await asyncio.sleep(chance.uniform(0.0, 0.2))
                if proxy.cuts >= (restarts + 1) * 10:
                    restarts += 1
                    await csms.stop()
                    await csms.start()
            figures = await finish(lab, csms, books, arrivals)
            stop.set()
            await running
    print(f"{proxy.cuts} cuts, {restarts} restarts of the central system, {figures}")


def test_a_thousand_disconnects_on_virtual_time_leave_every_transaction_whole(
    books: Books, monkeypatch: pytest.MonkeyPatch
) -> None:
    hasten(monkeypatch, 0.4)
    chance = random.Random("virtual cuts")
    scissors = Scissors(chance, VIRTUAL_CUTS)
    whole = MemoryEndpoint.dial

    async def dial(endpoint: MemoryEndpoint, identity: str) -> Transport:
        return scissors.transport(await whole(endpoint, identity))

    monkeypatch.setattr(MemoryEndpoint, "dial", dial)

    async def scenario() -> None:
        clock = LoopClock(asyncio.get_running_loop(), 1_700_000_000.0)
        lab = Lab(Settings(id=IDENTITY, connectors=2, meter_interval=0.5), clock, link="memory")
        arrivals = Arrivals(lab.stream)
        stop = asyncio.Event()
        running = asyncio.create_task(lab.run(stop))
        while scissors.cuts < VIRTUAL_CUTS:
            await act(lab, lab.central_system, chance)
            await asyncio.sleep(chance.uniform(0.0, 2.0))
        figures = await finish(lab, lab.central_system, books, arrivals)
        stop.set()
        await running
        assert arrivals.repeats
        print(f"{scissors.cuts} cuts in {clock.now():.0f} s, {figures}")

    run_virtual(scenario())


# The terminal app


def test_the_app_killed_while_it_charges_reports_it_when_it_is_started_again(
    start: Start, witness: Witness, tmp_path: Path
) -> None:
    state = tmp_path / "state"
    options = ("--csms", witness.url, "--state", str(state), "--meter-interval", "0.3s")
    first = up(start(*options))
    first.send("b")
    witness.wait_for("MeterValues", 2)
    first.kill(signal.SIGKILL)
    first.wait()
    register = left_behind(state).register(1)
    assert register is not None
    assert witness.calls("StopTransaction") == []
    start(*options)
    stop = witness.wait_for("StopTransaction").payload
    assert stop["reason"] == "Reboot"
    assert stop["meterStop"] == int(register.energy)
    assert stop["transactionId"] == TRANSACTION_ID
    assert len(witness.calls("StartTransaction")) == 1


def test_a_state_file_in_use_is_named_in_one_line_before_the_screen_is_touched(
    start: Start, tmp_path: Path
) -> None:
    options = ("--port", "0", "--state", str(tmp_path / "state"))
    first = up(start(*options))
    second = start(*options)
    assert second.wait() == 2
    (line,) = second.output.splitlines()
    assert str(tmp_path / "state") in line
    assert "used by another evtui" in line
    assert not second.entered
    assert not first.ended

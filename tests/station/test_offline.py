"""Every transaction exactly once in effect, whatever becomes of connections and processes.

A small central system answers, recognises what is sent again, and loses calls or answers as a
test says; a station posts messages of transactions, is cut off and dies at any moment.
"""

from __future__ import annotations

import asyncio
import copy
import random
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Literal

from hypothesis import given, settings
from hypothesis import strategies as st

from evtui.events import EventStream
from evtui.ocppj.link import CallRefused, LinkClosed
from evtui.runtime.clock import LoopClock
from evtui.station.connector.transaction import StationTransaction
from evtui.station.link.outbox import Gate, Outbox
from evtui.station.state.store import StateStore, next_key, recover
from tests.station.rig import START_UTC, charge, station, virtual
from tests.virtual_loop import VirtualTimeLoop, run_virtual

Fate = Literal["answered", "refused", "unanswered", "cut before", "cut after"]

Rows = dict[tuple[str, str], bytes]

CONNECTORS = (1, 2)


@dataclass
class Books:
    """What a central system knows of one transaction.

    Attributes:
        key: connector, id tag, timestamp and meterStart, by which a retry is recognised.
    """

    key: tuple[Any, ...]
    meters: list[int] = field(default_factory=list)
    stops: list[dict[str, Any]] = field(default_factory=list)


class Central:
    """Keeps books; each call meets the next of ``fates``, and then none but answers.

    Attributes:
        orphans: messages that came with the transactionId -1.
        entered: called after each entry in the books.
    """

    def __init__(self, fates: list[Fate], books: dict[int, Books] | None = None) -> None:
        self.fates = fates
        self.books = books or {}
        self.orphans = 0
        self.entered: Callable[[], object] = lambda: None

    async def call(self, action: str, payload: dict[str, Any]) -> dict[str, Any]:
        fate = self.fates.pop(0) if self.fates else "answered"
        await asyncio.sleep(0.01)
        if fate == "cut before":
            raise LinkClosed("gone")
        if fate == "refused":
            raise CallRefused("InternalError", "")
        answer = self.enter(action, payload)
        self.entered()
        await asyncio.sleep(0.01)
        if fate == "cut after":
            raise LinkClosed("gone")
        if fate == "unanswered":
            raise TimeoutError("no answer")
        return answer

    def enter(self, action: str, payload: dict[str, Any]) -> dict[str, Any]:
        if action == "StartTransaction":
            key = tuple(payload[name] for name in ("connectorId", "timestamp", "meterStart"))
            known = [number for number, books in self.books.items() if books.key == key]
            number = known[0] if known else len(self.books) + 1
            self.books.setdefault(number, Books(key))
            return {"transactionId": number}
        if payload["transactionId"] == -1:
            self.orphans += 1
            return {}
        books = self.books[payload["transactionId"]]
        if action == "StopTransaction":
            if payload not in books.stops:
                books.stops.append(payload)
        elif payload["meter"] not in books.meters:
            assert not books.stops, "a meter value after the stop"
            books.meters.append(payload["meter"])
        return {}


class Station:
    """As much of a charge point as is needed to fill an outbox; connects again when cut off."""

    def __init__(self, store: StateStore, central: Central, attempts: int = 10**9) -> None:
        self.store = store
        self.central = central
        self.clock = LoopClock(asyncio.get_running_loop(), START_UTC)
        self.running: dict[int, StationTransaction] = {}
        self.register = 0
        self.outbox = Outbox(
            EventStream(self.clock),
            "CP1",
            store,
            attempts=lambda: attempts,
            retry_interval=lambda: 5.0,
        )

    def connect(self) -> asyncio.Task[None]:
        """Connect, and again whenever cut off, until the task is ended."""
        return asyncio.create_task(self._stay_connected())

    async def _stay_connected(self) -> None:
        while True:
            sending = asyncio.create_task(self.outbox.run(self.central.call))
            self.outbox.set_gate(Gate.OPEN)
            try:
                await sending
            except LinkClosed:
                await asyncio.sleep(1)
            finally:
                sending.cancel()
                await asyncio.gather(sending, return_exceptions=True)

    def act(self, connector: int) -> None:
        """Whatever comes next at a connector: start, meter values or stop."""
        self.register += 10
        self.store.save_register(connector, float(self.register), START_UTC + self.clock.now())
        transaction = self.running.get(connector)
        if transaction is None:
            transaction = self.running[connector] = StationTransaction(
                next_key(self.store),
                connector,
                "TAG",
                self.register,
                START_UTC + self.clock.now(),
            )
            payload = {"connectorId": connector, "meterStart": self.register}
            self._post("StartTransaction", payload, transaction)
        elif self.register % 40:
            self._post("MeterValues", {"meter": self.register}, transaction)
        else:
            del self.running[connector]
            self._post("StopTransaction", {"meterStop": self.register}, transaction)

    def _post(self, action: str, payload: dict[str, Any], transaction: StationTransaction) -> None:
        stamped = {**payload, "timestamp": self.clock.iso()}
        self.outbox.post_transaction(action, stamped, transaction)


async def ended(connected: asyncio.Task[None]) -> None:
    """End what :meth:`Station.connect` began."""
    connected.cancel()
    await asyncio.gather(connected, return_exceptions=True)


def check(central: Central, *, died: bool = False) -> None:
    """Each transaction has one start, its meter values in order, and at most one stop."""
    assert all(count == 1 for count in Counter(b.key for b in central.books.values()).values())
    for books in central.books.values():
        assert books.meters == sorted(books.meters)
        assert len(books.stops) == 1 if died else len(books.stops) <= 1
        for stop in books.stops:
            assert stop["meterStop"] >= max(books.meters, default=books.key[2])


fates = st.lists(
    st.sampled_from(["answered", "refused", "unanswered", "cut before", "cut after"]), max_size=60
)
steps = st.lists(st.tuples(st.sampled_from(CONNECTORS), st.floats(0, 3)), max_size=40)


@settings(deadline=None, max_examples=60)
@given(steps, fates)
def test_every_transaction_arrives_once_and_in_order_over_any_disconnects(
    steps: list[tuple[int, float]], fates: list[Fate]
) -> None:
    async def scenario() -> None:
        central = Central(fates)
        station = Station(StateStore(), central)
        connected = station.connect()
        posted = Counter[str]()
        for connector, wait in steps:
            before = len(station.running)
            station.act(connector)
            posted["starts"] += len(station.running) > before
            posted["stops"] += len(station.running) < before
            await asyncio.sleep(wait)
        await station.outbox.flushed()
        await ended(connected)
        check(central)
        assert len(central.books) == posted["starts"]
        assert sum(len(books.stops) for books in central.books.values()) == posted["stops"]
        assert central.orphans == 0
        running = {transaction.key for transaction in station.running.values()}
        assert {transaction.key for transaction in station.store.transactions()} == running
        assert station.store.messages() == []

    run_virtual(scenario())


def test_a_thousand_disconnects_leave_every_transaction_whole() -> None:
    async def scenario() -> None:
        chance = random.Random(1)
        cuts: list[Fate] = ["cut before", "cut after"]
        central = Central([chance.choice(cuts) for _ in range(1_000)])
        station = Station(StateStore(), central)
        connected = station.connect()
        for _ in range(400):
            station.act(chance.choice(CONNECTORS))
            await asyncio.sleep(chance.random() * 5)
        await station.outbox.flushed()
        await ended(connected)
        assert central.fates == []
        check(central)
        assert sum(len(b.meters) + len(b.stops) + 1 for b in central.books.values()) == 400

    run_virtual(scenario())


@settings(deadline=None, max_examples=40)
@given(steps, fates)
def test_a_start_that_is_given_up_tears_nothing_else(
    steps: list[tuple[int, float]], fates: list[Fate]
) -> None:
    async def scenario() -> None:
        central = Central(fates)
        station = Station(StateStore(), central, attempts=2)
        connected = station.connect()
        for connector, wait in steps:
            station.act(connector)
            await asyncio.sleep(wait)
        await station.outbox.flushed()
        await ended(connected)
        check(central)
        assert station.store.messages() == []

    run_virtual(scenario())


def test_killed_at_any_moment_the_next_start_makes_every_transaction_whole() -> None:
    moments: list[tuple[Rows, dict[int, Books]]] = []

    async def life() -> None:
        chance = random.Random(3)
        choices: list[Fate] = ["answered", "answered", "unanswered", "cut before", "cut after"]
        central = Central([chance.choice(choices) for _ in range(60)])

        def remember() -> None:
            moments.append((dict(store.rows), copy.deepcopy(central.books)))

        central.entered = remember
        store = StateStore(write=lambda changes: remember())
        station = Station(store, central)
        connected = station.connect()
        for _ in range(40):
            station.act(chance.choice(CONNECTORS))
            await asyncio.sleep(chance.random() * 4)
        await ended(connected)

    async def after(rows: Rows, books: dict[int, Books]) -> None:
        registers = {n: StateStore(rows).register(n) for n in CONNECTORS}
        store = StateStore(rows)
        interrupted = recover(store, "Reboot")
        central = Central(["cut after", "unanswered"], books)
        station = Station(store, central)
        connected = station.connect()
        await station.outbox.flushed()
        await ended(connected)
        check(central, died=True)
        assert store.transactions() == []
        stops = [stop for books in central.books.values() for stop in books.stops]
        assert len([stop for stop in stops if stop.get("reason") == "Reboot"]) == len(interrupted)
        for each in interrupted:
            register = registers[each.transaction.connector]
            assert register is not None
            assert each.meter_stop == register.energy

    run_virtual(life())
    assert len(moments) > 100
    for rows, books in moments:
        run_virtual(after(rows, books))


@virtual
async def test_a_charge_point_killed_while_it_charges_offline_reports_it_after_the_next_start() -> (
    None
):
    store = StateStore()
    async with station(store=store, meter_interval=5.0) as rig:
        number = await charge(rig)
        await asyncio.sleep(12)
        delivered = len(rig.central.of("MeterValues"))
        rig.central.reachable = False
        await rig.central.hang_up()
        await asyncio.sleep(30.5)
        killed = dict(store.rows)
        energy = rig.stage.state.energy
        register = StateStore(killed).register(1)
        assert register is not None
        assert rig.clock.start_utc + rig.clock.now() - register.at <= 1.0
    async with station(store=StateStore(killed), plugged=False) as rig:
        stop = await rig.sent("StopTransaction")
        meters = rig.central.of("MeterValues")
        assert delivered == 2
        assert len(meters) == 6
        assert {call.payload["transactionId"] for call in meters} == {number}
        assert [call.action for call in rig.central.calls].index("StopTransaction") > max(
            index for index, call in enumerate(rig.central.calls) if call in meters
        )
        assert stop.payload["transactionId"] == number
        assert stop.payload["reason"] == "Reboot"
        assert stop.payload["meterStop"] == int(register.energy)
        assert 0 < energy - register.energy < 15  # Wh in 1 s of some 40 kW
        await asyncio.sleep(60)
        assert len(rig.central.of("StopTransaction")) == 1


def test_killed_right_after_its_start_a_transaction_does_not_end_before_it() -> None:
    loop = VirtualTimeLoop()
    moments: list[Rows] = []

    def write(_: object) -> None:
        loop.hold_up(0.01)  # a slow disk
        moments.append(dict(store.rows))

    store = StateStore(write=write)

    async def life() -> None:
        async with station(store=store) as rig:
            await charge(rig)

    with asyncio.Runner(loop_factory=lambda: loop) as runner:
        runner.run(life())
    left = StateStore(next(rows for rows in moments if StateStore(rows).messages()))
    recover(left, "Reboot")
    start, stop = (each.payload for each in left.messages())
    assert start["timestamp"] <= stop["timestamp"]

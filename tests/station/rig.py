"""A charge point with its bus, module and vehicle, and the central system it dials."""

from __future__ import annotations

import asyncio
import functools
import random
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from typing import Any, ParamSpec, TypeVar

from evtui.canbus import SimulatedBus
from evtui.canbus.packs.seed import SEED, ChargerModule
from evtui.events import CanFrame, Event, EventStream, Note, OcppMessage
from evtui.lab.plant import Plant, truth_teller
from evtui.ocppj.link import MessageIds, SentMessages
from evtui.power import PowerStage, Vehicle, preset
from evtui.runtime.clock import LoopClock
from evtui.station import Charger, ConnectorHardware, NoLine
from evtui.station.connector.controller import ConnectorController
from evtui.station.files.journal import Journal
from evtui.station.files.memory import MemoryTransfers
from evtui.station.identity import Identity
from evtui.station.state.store import StateStore
from evtui.station.wire import Equipment, build_charge_point
from tests.station.fake_central import Call, FakeCentral
from tests.virtual_loop import run_virtual

__all__ = ["START_UTC", "Rig", "at", "charge", "profile", "station", "virtual"]

E = TypeVar("E", bound=Event)
P = ParamSpec("P")

START_UTC = 1_767_268_800.0
"""2026-01-01T12:00:00Z, a Thursday."""


def virtual(test: Callable[P, Coroutine[Any, Any, None]]) -> Callable[P, None]:
    """Run a test on a virtual-time loop."""

    @functools.wraps(test)
    def run(*args: P.args, **kwargs: P.kwargs) -> None:
        run_virtual(test(*args, **kwargs))

    return run


class Rig:
    """Everything one test needs of a station; lab time is 0 now."""

    def __init__(
        self,
        kind: str,
        *,
        vehicle: Vehicle,
        meter_interval: float,
        strict: bool,
        connectors: int = 1,
        store: StateStore | None = None,
        after_crash: str = "Reboot",
        tolerant: bool = False,
        wired: bool = True,
        charger: Charger | None = None,
    ) -> None:
        self.loop = asyncio.get_running_loop()
        self._set_by = 0.0
        self.clock = LoopClock(
            self.loop, START_UTC, wall=lambda: START_UTC + self.loop.time() + self._set_by
        )
        self.stream = EventStream(self.clock)
        self.events: list[Event] = []
        self.stream.subscribe(self.events.append)
        self.central = FakeCentral()
        self.transfers = MemoryTransfers()
        self.vehicle = vehicle
        self.store = StateStore() if store is None else store
        self.bus = SimulatedBus("CP1/can", "CP1", self.stream, self.clock)
        numbers = range(1, connectors + 1)
        self.plants = {number: Plant(PowerStage(preset(kind))) for number in numbers}
        chargers = SEED.chargers(self.bus, numbers) if charger is None else {1: charger}
        self.hardware = {
            number: ConnectorHardware(chargers[number], plant.line, plant.parts)
            if wired
            else ConnectorHardware(chargers[number])
            for number, plant in self.plants.items()
        }
        self.charge_point = build_charge_point(
            Identity("CP1", "evtui", "lab"),
            self.stream,
            self.clock,
            self.hardware,
            preset(kind),
            self.central.dial,
            Equipment(
                store=self.store,
                transfers=self.transfers,
                journal=Journal(self.stream),
                after_crash=after_crash,
            ),
            ids=MessageIds("run"),
            sent=SentMessages(),
            chance=random.Random(1),
            meter_interval=meter_interval,
            strict=strict,
            tolerant=tolerant,
        )
        for number, plant in self.plants.items():
            connector = self.charge_point.connectors[number]
            plant.on_state = truth_teller(self.stream, "CP1", connector)
        self.module = ChargerModule(self.bus, self.plants[1])
        self.others = {
            number: ChargerModule(self.bus, plant, connector=number)
            for number, plant in self.plants.items()
            if number > 1
        }
        self.module_task: asyncio.Task[None] | None = None
        self._other_tasks: dict[int, asyncio.Task[None]] = {}

    @property
    def stage(self) -> PowerStage:
        """The power stage behind connector 1."""
        return self.plants[1].stage

    @property
    def connector(self) -> ConnectorController:
        """Connector 1."""
        return self.charge_point.connectors[1]

    def stage_of(self, connector: int) -> PowerStage:
        """The power stage behind a connector."""
        return self.plants[connector].stage

    def set_clock(self, by: float) -> None:
        """The computer's clock is set forward by so many s, or back, and the lab follows."""
        self._set_by += by
        assert self.clock.follow() == by
        self.charge_point.clock_set()

    def plug(self, connector: int = 1) -> None:
        """Plug the vehicle in; at another connector than 1 one of its own.

        Where there is no line to the vehicle, somebody says that it is there.
        """
        self.plants[connector].plug(self.vehicle if connector == 1 else Vehicle())
        line = self.hardware[connector].line
        if isinstance(line, NoLine):
            line.plugged = True
            line.on_change()

    def unplug(self, connector: int = 1) -> None:
        """Take the vehicle away, under current if need be."""
        self.plants[connector].unplug()

    def start_module(self) -> None:
        """The charger modules begin to work."""
        self.module_task = asyncio.create_task(self.module.run())
        self._other_tasks = {
            number: asyncio.create_task(each.run()) for number, each in self.others.items()
        }

    async def silence_module(self, connector: int = 1) -> None:
        """The charger module of a connector falls silent."""
        task = self.module_task if connector == 1 else self._other_tasks.get(connector)
        if task is not None:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)

    async def close(self) -> None:
        """Nothing of it goes on."""
        for number in self.charge_point.connectors:
            await self.silence_module(number)
        self.charge_point.close()
        self.bus.close()
        await self.central.close()

    async def until(self, condition: Callable[[], object], timeout: float = 60.0) -> None:
        """Wait for ``condition`` to become true, looking every 10 ms."""
        try:
            async with asyncio.timeout(timeout):
                while not condition():  # noqa: ASYNC110 - what is waited for has no event
                    await asyncio.sleep(0.01)
        except TimeoutError:
            raise AssertionError(f"not in {timeout:g} s; so far {self.central.log}") from None

    async def accepted(self) -> None:
        """Wait until the station has booted, told its statuses and met its module."""
        count = 1 + len(self.charge_point.connectors)
        await self.until(lambda: len(self.central.of("StatusNotification")) >= count)
        if self.module_task is not None:
            await self.until(self.limits)

    async def sent(self, action: str, count: int = 1, timeout: float = 60.0) -> Call:
        """Wait for the station's ``count``-th call of ``action``."""
        await self.until(lambda: len(self.central.of(action)) >= count, timeout)
        return self.central.of(action)[count - 1]

    def of(self, kind: type[E]) -> list[E]:
        """Events of one type, oldest first."""
        return [event for event in self.events if isinstance(event, kind)]

    def notes(self) -> str:
        """Every line for people, joined."""
        return "\n".join(note.text for note in self.of(Note))

    def limits(self, connector: int = 1) -> list[int]:
        """A of every limit that was set at a connector so far."""
        frames = self.frames(0x210 + 0x20 * (connector - 1))
        return [int.from_bytes(frame.data, "little") for frame in frames]

    def frames(self, arbitration_id: int) -> list[CanFrame]:
        """Frames with one identifier that went through, oldest first."""
        return [f for f in self.of(CanFrame) if f.arbitration_id == arbitration_id and not f.error]

    def delivered(self, action: str) -> OcppMessage:
        """The newest call of the central system with that action, as the station saw it."""
        return [
            message
            for message in self.of(OcppMessage)
            if message.kind == "call" and message.phase == "delivered" and message.action == action
        ][-1]

    async def set_profile(self, connector: int = 1, **fields: Any) -> str:
        """Send a SetChargingProfile and return the status of the answer; see :func:`profile`."""
        return await self.central.status_of(
            "SetChargingProfile", connectorId=connector, csChargingProfiles=profile(**fields)
        )

    async def ask(self, action: str, **payload: Any) -> str:
        """Have the central system ask something and return the status of the answer."""
        return await self.central.status_of(action, **payload)

    async def configure(self, key: str, value: object) -> str:
        """Send a ChangeConfiguration and return the status of the answer."""
        return await self.central.status_of("ChangeConfiguration", key=key, value=str(value))


@asynccontextmanager
async def station(
    kind: str = "seed",
    *,
    vehicle: Vehicle | None = None,
    plugged: bool = True,
    meter_interval: float = 1.0,
    strict: bool = True,
    module: bool = True,
    connectors: int = 1,
    store: StateStore | None = None,
    after_crash: str = "Reboot",
    tolerant: bool = False,
    wired: bool = True,
    charger: Charger | None = None,
    prepare: Callable[[FakeCentral], object] = lambda central: None,
) -> AsyncIterator[Rig]:
    """A station that runs while the block does.

    Args:
        kind: preset.
        store: what it has kept from before.
        wired: False leaves it nothing but its charger: no line to the vehicle, no meter.
        charger: in the place of the seed protocol's.
        module: False saves simulating one where only the link matters.
        prepare: scripts the central system before the station dials it.
    """
    rig = Rig(
        kind,
        vehicle=vehicle or Vehicle(),
        meter_interval=meter_interval,
        strict=strict,
        connectors=connectors,
        store=store,
        after_crash=after_crash,
        tolerant=tolerant,
        wired=wired,
        charger=charger,
    )
    prepare(rig.central)
    if plugged:
        rig.plug()
    if module:
        rig.start_module()
    running = asyncio.create_task(rig.charge_point.run())
    try:
        yield rig
        assert not running.done(), running
    finally:
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)
        await rig.close()


async def charge(rig: Rig, connector: int = 1, id_tag: str = "TAG") -> int:
    """Boot, start a transaction remotely, wait until current flows; returns its id."""
    await rig.accepted()
    begun = len(rig.central.of("StartTransaction"))
    status = await rig.ask("RemoteStartTransaction", idTag=id_tag, connectorId=connector)
    assert status == "Accepted"
    await rig.sent("StartTransaction", begun + 1)
    await rig.until(lambda: rig.stage_of(connector).state.contactor)
    running = rig.charge_point.connectors[connector].transaction
    assert running is not None
    await rig.until(lambda: running.transaction_id == rig.central.transaction_id)
    return rig.central.transaction_id


def profile(
    limit: float = 16.0,
    purpose: str = "TxDefaultProfile",
    *,
    profile_id: int = 1,
    stack_level: int = 0,
    kind: str = "Relative",
    unit: str = "A",
    periods: list[tuple[int, float]] | None = None,
    duration: int | None = None,
    start: float | None = None,
    recurrency: str | None = None,
    valid_from: float | None = None,
    valid_to: float | None = None,
    transaction_id: int | None = None,
    phases: int | None = None,
) -> dict[str, Any]:
    """A ChargingProfile as JSON; moments are lab time in s."""
    schedule: dict[str, Any] = {
        "chargingRateUnit": unit,
        "chargingSchedulePeriod": [
            {"startPeriod": begin, "limit": amount, **({"numberPhases": phases} if phases else {})}
            for begin, amount in periods or [(0, limit)]
        ],
        "duration": duration,
        "startSchedule": at(start),
    }
    fields = {
        "chargingProfileId": profile_id,
        "stackLevel": stack_level,
        "chargingProfilePurpose": purpose,
        "chargingProfileKind": kind,
        "recurrencyKind": recurrency,
        "validFrom": at(valid_from),
        "validTo": at(valid_to),
        "transactionId": transaction_id,
        "chargingSchedule": {k: v for k, v in schedule.items() if v is not None},
    }
    return {key: value for key, value in fields.items() if value is not None}


def at(t: float | None) -> str | None:
    """Lab time in s as ISO 8601 text."""
    if t is None:
        return None
    return datetime.fromtimestamp(START_UTC + t, tz=UTC).isoformat()

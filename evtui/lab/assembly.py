"""The lab: central system, charge points, buses, modules, injector and detectors, assembled.

It runs on one event loop, knows no terminal, and takes orders by the names in
:mod:`evtui.commands`.
"""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Callable, Iterable, Mapping
from functools import partial
from itertools import count
from typing import TYPE_CHECKING, Any, Literal, Self, TypeVar, overload

from evtui.anomalies import AnomalySet, LinkSite
from evtui.canbus import publish
from evtui.central_system import CentralSystem, Endpoint, IdTags, MemoryEndpoint, read_id_tags
from evtui.commands import LabCommand, Outcome
from evtui.config import Settings
from evtui.detection import DetectorPart
from evtui.events import (
    CentralSystemState,
    Event,
    EventStream,
    LabState,
    Note,
    OcppMessage,
    PartState,
    Subscriber,
)
from evtui.lab.building import StandBuilder, Vehicles, identities
from evtui.lab.orders import Orders, Works, fall_silent
from evtui.lab.reach import Reach
from evtui.lab.recordings import Recordings
from evtui.lab.setup import initial_parameters
from evtui.lab.stand import FIRST_CONNECTOR, ProxiedOutlet, ProxiedStand, Stand
from evtui.ocppj import LinkClosed, MessageIds, SentMessages, Transport
from evtui.power import RecordedVehicle, Vehicle
from evtui.redaction import reveal
from evtui.runtime import Listener, LoopClock, Supervisor, keep_in_step, listen_at, run_nonce
from evtui.scoring import LiveScorer
from evtui.station import Dial, FileTransfers, MemoryTransfers

if TYPE_CHECKING:
    from evtui.canbus import Gateway
    from evtui.proxy import ProxiedStation, Proxy
    from evtui.station import StateFile

__all__ = ["Lab"]

R = TypeVar("R")

SAFE_ON_LEAVING = 2.5
"""s that leaving waits for the safe state: 100 A of the seed's stage take 2.1 s to fall to 1 A."""

PROGRAM = "program"
"""Source of the orders that come through :meth:`Lab.execute`."""

CHOSEN_ON_A_LINK = "link-delay"
"""What the keys act on at a charge point of somebody else, at first."""

PROXIED_CONNECTORS = 64
"""Highest connectorId of such a one that is taken for one."""

LOOK_EVERY = 0.02
"""s between two looks at whether the charge points are accepted."""


class Lab:
    """Everything alive, on the running loop.

    A program of one's own uses it as a context manager, or :meth:`start` and :meth:`stop`::

        async with Lab(Settings(port=0, connectors=2)) as lab:
            await lab.execute("station.charge", connector=2)

    Args:
        settings: checked by :func:`evtui.config.load`; default: the defaults.
        clock: of the running loop; default: one that starts now.
        listener: socket the central system takes over; without one it binds itself.
        readers: called with every event from the first on.
        link: ``memory`` keeps OCPP inside the process, with the same framing, validation and
            events, and takes ids from the seed: what virtual time needs to repeat itself.
        vehicle: at connector 1 of the first charge point, or what gives each connector's, by
            identity and connectorId; default: a battery with the settings' state of charge.
        plugged: False leaves every vehicle standing beside its connector.
        recordings: begun and ended by a command.
        state: what our charge points and our central system must not forget; default: the file
            that the settings name, and with ``memory`` none.  It is closed with the lab.

    Attributes:
        orders: takes commands in the name of somebody else than a program: a person, a scenario.
        reach: the network from our charge points to their central system.

    Raises:
        StateError: the state file cannot be used.
        IdTagError: the id tags cannot be read.
        CanSettingError: a real CAN bus is of no charge point of ours.
    """

    def __init__(
        self,
        settings: Settings | None = None,
        clock: LoopClock | None = None,
        *,
        listener: socket.socket | None = None,
        readers: Iterable[Subscriber] = (),
        link: Literal["websocket", "memory"] = "websocket",
        vehicle: Vehicle | RecordedVehicle | Vehicles | None = None,
        plugged: bool = True,
        recordings: Recordings | None = None,
        state: StateFile | None = None,
    ) -> None:
        settings = Settings() if settings is None else settings
        clock = LoopClock(asyncio.get_running_loop()) if clock is None else clock
        self.settings = settings
        self.clock = clock
        self._running: asyncio.Task[None] | None = None
        self._stop = asyncio.Event()
        self.stream = EventStream(clock)
        for reader in readers:
            self.stream.subscribe(reader)
        repeatable = link == "memory"
        self._ids = MessageIds(f"{settings.seed:x}" if repeatable else run_nonce())
        self._sent = SentMessages()
        between = settings.upstream is not None
        endpoint, dial = (
            self._in_memory() if repeatable else self._over_websocket(None if between else listener)
        )
        self.reach = Reach(dial)
        self._supervisor = Supervisor(self.stream)
        ours = identities(settings)
        if state is None and settings.state is not None and not repeatable:
            from evtui.station import StateFile

            state = StateFile(settings.state)
        self._state = state
        if state is not None:
            state.trouble = self._on_state_trouble
        self.central_system = CentralSystem(
            self.stream,
            clock,
            endpoint,
            ids=self._ids,
            sent=self._sent,
            heartbeat_interval=settings.heartbeat_interval,
            first_transaction_id=1 if repeatable else None,
            call_timeout=settings.call_timeout,
            unknown_stations=settings.unknown_stations,
            known_stations=settings.known_stations or (),
            ours=ours,
            id_tags=_id_tags(settings),
            allowed_origins=settings.allowed_origins or (),
            tolerant=settings.tolerant or settings.tolerant_stations or (),
            state=state,
        )
        self.detector = DetectorPart(self.stream, phase="sent" if settings.csms else "delivered")
        self._scorer = LiveScorer(self.stream)
        self._chores: set[asyncio.Task[None]] = set()
        self._leaving = False
        self._withdraw: Callable[[], None] = lambda: None
        self._csms_trouble = ""
        builder = StandBuilder(
            settings,
            self.stream,
            clock,
            self.central_system,
            ids=self._ids,
            sent=self._sent,
            dial=self.reach.dial,
            transfers=MemoryTransfers() if repeatable else _over_the_network(),
            state=state,
            reconfigured=self._on_configuration,
        )
        vehicles = vehicle if callable(vehicle) else _at_the_first(vehicle, ours)
        self._proxied: dict[str, ProxiedStand] = {}
        self._stands = {name: builder.build(name, vehicles, plugged) for name in ours}
        works = Works(
            settings,
            self.central_system,
            self._supervisor,
            self.detector,
            self._stands,
            self._proxied,
            self._publish_state,
            self.stream,
            recordings,
        )
        self.orders = Orders(works)
        self._attacks = count(1)
        self.proxy = self._between(listener) if between else None
        if between:
            self.stream.subscribe(self._on_passed, OcppMessage)
        self.stream.subscribe(self._on_event, PartState)

    @property
    def stands(self) -> Mapping[str, Stand]:
        """The charge points that are ours, by identity."""
        return self._stands

    async def start(self, timeout: float = 10.0) -> None:
        """Bring everything up; returns when our charge points are accepted.

        Args:
            timeout: s to wait for that.

        Raises:
            OSError: our central system cannot listen.
            TimeoutError: one of them is not accepted in time; the lab goes on trying until it
                is stopped.
            RuntimeError: it has been started before, or stopped.
        """
        if self._running is not None or self._stop.is_set():
            raise RuntimeError("a lab runs once: make another one")
        self._running = asyncio.get_running_loop().create_task(self.run(self._stop), name="lab")
        try:
            async with asyncio.timeout(timeout):
                while not self._is_up():
                    if self._running.done():
                        await self._running
                        return  # stopped meanwhile
                    await asyncio.sleep(LOOK_EVERY)
        except TimeoutError:
            away = [s.name for s in self._stands.values() if not s.charge_point.accepted]
            names = ", ".join(away)
            raise TimeoutError(
                f"{names} not accepted by the central system in {timeout:g} s"
            ) from None

    async def stop(self) -> None:
        """Leave in the safe state; without effect when it does not run."""
        self._stop.set()
        if self._running is not None:
            await self._running

    async def __aenter__(self) -> Self:
        try:
            await self.start()
        except BaseException:
            await self.stop()
            raise
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.stop()

    def _is_up(self) -> bool:
        """True when our charge points are accepted.

        Raises:
            OSError: our central system cannot listen.
        """
        if self.settings.our_central_system and not self.central_system.ready.is_set():
            if "csms" in self._supervisor.crashed:
                raise OSError(f"the central system cannot listen: {self._csms_trouble}")
            return False
        return all(each.charge_point.accepted for each in self._stands.values())

    async def run(self, stop: asyncio.Event) -> None:
        """Bring everything up, work until ``stop`` is set, leave in the safe state."""
        try:
            await self._bring_up()
            await stop.wait()
        finally:
            await self._leave()

    @overload
    async def execute(self, command: LabCommand[Any, R], /, **arguments: Any) -> Outcome[R]: ...
    @overload
    async def execute(self, command: str, /, **arguments: Any) -> Outcome[Any]: ...
    async def execute(
        self, command: str | LabCommand[Any, Any], /, **arguments: Any
    ) -> Outcome[Any]:
        """Do one of the ``lab`` commands of :mod:`evtui.commands`.

        What was ordered and what came of it is told as an :class:`~evtui.events.Order`.

        Args:
            command: its name, or its declaration, which knows the type of the data.
            arguments: that the declaration names.  ``station`` and ``connector`` name what a
                command of one connector acts on, and may be left out where there is only one.

        Returns:
            One line for people, and what there is to hand over to a program.

        Raises:
            CommandError: it cannot be done; the text says why.
        """
        name = command if isinstance(command, str) else command.name
        return await self.orders.execute(name, arguments, source=PROGRAM)

    def _in_memory(self) -> tuple[Endpoint, Callable[[str], Dial]]:
        endpoint = MemoryEndpoint()
        return endpoint, lambda identity: partial(endpoint.dial, identity)

    def _over_websocket(
        self, listener: socket.socket | None
    ) -> tuple[Endpoint, Callable[[str], Dial]]:
        from evtui.central_system import WebSocketEndpoint
        from evtui.ocpp16 import SUBPROTOCOL
        from evtui.ocppj import dial, station_url

        endpoint = WebSocketEndpoint(
            self.settings.port, listener, ping_interval=self.settings.csms_ping_interval
        )

        async def dial_central_system(identity: str) -> Transport:
            if self.settings.csms is None and not self.central_system.ready.is_set():
                # Whoever listens at our port then is somebody else.
                raise LinkClosed("cannot connect: the central system does not listen")
            url = station_url(reveal(self.settings.csms or endpoint.url), identity)
            return (await dial(url, SUBPROTOCOL))[0]

        return endpoint, lambda identity: partial(dial_central_system, identity)

    def _between(self, listener: socket.socket | None) -> Proxy:
        """What stands between charge points and a central system of other people."""
        from evtui.proxy import Proxy

        settings = self.settings
        if listener is None:
            listener = listen_at(*settings.listens_at)
        elif not isinstance(listener, Listener):
            listener = Listener(fileno=listener.detach())
        host, port = listener.getsockname()[:2]
        if settings.insecure:
            self._note(f"{host}:{port} can be reached by others: no TLS, no password", "warning")
        return Proxy(
            self.stream,
            str(reveal(settings.upstream or "")),
            listener,
            shown_as=f"[{host}]:{port}" if ":" in host else f"{host}:{port}",
            ids=self._ids,
            sent=self._sent,
            joined=self._on_joined,
            allowed_origins=settings.allowed_origins or (),
        )

    def _on_joined(self, station: ProxiedStation) -> None:
        """A charge point of somebody else has come for the first time."""
        from evtui.proxy import StationArming

        name = station.identity
        arming = StationArming(self.stream, name, partial(self._on_proxied_disarmed, name))
        anomalies = AnomalySet(
            {}, self.settings.seed, self._attacks, initial_parameters(self.settings),
            chosen=CHOSEN_ON_A_LINK,
        )  # fmt: skip
        stand = self._proxied[name] = ProxiedStand(name, station.line, anomalies, arming, {})
        self._know_connector(stand, FIRST_CONNECTOR)
        if self.settings.arm:
            arming.arm(self.settings.armed_for)

    def _know_connector(self, stand: ProxiedStand, number: int) -> None:
        """A charge point of somebody else has this connector."""
        if number in stand.outlets or not 0 < number <= PROXIED_CONNECTORS:
            return
        stand.outlets[number] = ProxiedOutlet(number)
        stand.anomalies.add(
            LinkSite(
                stream=self.stream,
                clock=self.clock,
                station=stand.name,
                connector=number,
                current=lambda: 0.0,
                line=stand.line,
                not_armed=stand.arming.refusal,
            )
        )

    def _on_passed(self, message: OcppMessage) -> None:
        stand = self._proxied.get(message.station)
        if stand is not None and message.connector and message.sender == "charge_point":
            self._know_connector(stand, message.connector)

    def _on_proxied_disarmed(self, name: str) -> None:
        async def end() -> None:
            stand = self._proxied[name]
            for number in stand.outlets:
                for line in await stand.anomalies.stop(number):
                    self._note(f"{name}: time is up: {line}", "warning")

        self._chore(end())

    async def _bring_up(self) -> None:
        supervisor = self._supervisor
        self._withdraw = publish(stand.bus for stand in self._stands.values())
        if self.proxy is not None:
            supervisor.start("proxy", self.proxy.run)
        elif self.settings.csms is None:
            supervisor.start("csms", self.central_system.run)
            await self._listening()
        else:
            self.stream.publish(
                CentralSystemState(
                    source="csms",
                    url=str(self.settings.csms),
                    listening=False,
                    ours=False,
                )
            )
        if self.clock.follows:
            supervisor.start("clock", self._follow_clock)
        for stand in self._stands.values():
            supervisor.start(f"{stand.name}/can", stand.bus.run)
            if stand.gateway is not None:
                self._join_real_bus(stand, stand.gateway)
            for outlet in stand.outlets.values():
                supervisor.start(f"{stand.name}/{outlet.module.name}", outlet.module.run)
            supervisor.start(stand.name, stand.charge_point.run)
            self._publish_state(stand)
            stand.anomalies.publish_chosen()

    def _join_real_bus(self, stand: Stand, gateway: Gateway) -> None:
        """Put an interface between the bus of a charge point and a real one."""
        settings = self.settings
        if not stand.our_controller:
            self._note(f"{stand.name} is off its bus: {gateway.name} has a controller of its own")
        gateway.disarmed = partial(self._on_disarmed, stand)
        if stand.our_controller:
            gateway.opened = partial(_order_again, stand)
        self._supervisor.start(f"{stand.name}/{gateway.name}", gateway.run)
        if settings.arm and not settings.can_listen_only:
            gateway.arm(settings.armed_for)

    def _on_disarmed(self, stand: Stand) -> None:
        """The time of an armed bus is over: so is what was done there."""

        async def end() -> None:
            stand.fall_silent()
            for number in stand.outlets:
                for line in await stand.anomalies.stop(number):
                    self._note(f"{stand.name}: time is up: {line}", "warning")

        self._chore(end())

    async def _follow_clock(self) -> None:
        await keep_in_step(self.clock, self._on_clock_set)

    def _on_clock_set(self, line: str) -> None:
        if line:
            self._note(line, "warning")
        for stand in self._stands.values():
            stand.charge_point.clock_set()

    async def _listening(self) -> None:
        """Wait until our central system listens; a station need not back off at once."""
        ready = self.central_system.ready
        try:
            async with asyncio.timeout(2.0):
                while not ready.is_set() and "csms" not in self._supervisor.crashed:  # noqa: ASYNC110
                    await asyncio.sleep(0.01)
        except TimeoutError:
            return  # whatever holds it up, the stations go on trying

    def _on_event(self, event: Event) -> None:
        if isinstance(event, PartState) and event.state == "crashed":
            if event.part == "csms":
                self._csms_trouble = event.detail
            if not self._leaving:
                self._chore(self._make_safe(event))

    async def _make_safe(self, crash: PartState) -> None:
        """A part crashed: whatever runs is brought to an end without it."""
        for stand in self._stands.values():
            if stand.anomalies.active:
                self._note(f"{crash.part} crashed: the anomaly is stopped", "warning")
            stand.fall_silent()
            stand.charge_point.stop_charging("Other")
            for outlet in stand.outlets.values():
                outlet.by_hand.end_all()
                await stand.anomalies.stop(outlet.number, within=SAFE_ON_LEAVING)

    def _on_configuration(self, name: str, key: str) -> None:
        if key in ("EvtuiStrictTxProfile", "MeterValueSampleInterval"):
            self._publish_state(self._stands[name])

    def _publish_state(self, stand: Stand) -> None:
        configuration = stand.charge_point.configuration
        for outlet in stand.outlets.values():
            self.stream.publish(
                LabState(
                    source="lab",
                    station=stand.name,
                    connector=outlet.number,
                    preset=stand.preset,
                    strict=configuration.flag("EvtuiStrictTxProfile"),
                    plugged=outlet.connector.plugged,
                    meter_interval=configuration.number("MeterValueSampleInterval"),
                    detector_views=self.detector.views,
                    anomaly=stand.anomalies.chosen(outlet.number).name,
                    vehicle=outlet.vehicle_name,
                )
            )

    async def _leave(self) -> None:
        self._leaving = True
        self._withdraw()
        await asyncio.gather(
            *(self._bring_to_rest(each) for each in self._stands.values()),
            *(fall_silent(each, SAFE_ON_LEAVING) for each in self._proxied.values()),
        )
        await self._supervisor.stop_all()
        for task in self._chores:
            task.cancel()
        await asyncio.gather(*self._chores, return_exceptions=True)
        for proxied in self._proxied.values():
            proxied.anomalies.close()
        for stand in self._stands.values():
            stand.anomalies.close()
            stand.charge_point.close()
            stand.bus.close()
        self.detector.close()
        self._scorer.close()
        self.stream.settle()
        if self._state is not None:
            self._state.close()

    async def _bring_to_rest(self, stand: Stand) -> None:
        """End anomaly and transaction, deliver the last messages, see the current fall."""
        loop = asyncio.get_running_loop()
        until = loop.time() + SAFE_ON_LEAVING
        stand.fall_silent()
        for outlet in stand.outlets.values():
            outlet.by_hand.end_all()
            await stand.anomalies.stop(outlet.number, within=SAFE_ON_LEAVING)
        await stand.charge_point.farewell()
        while not stand.at_rest and loop.time() < until:  # noqa: ASYNC110
            await asyncio.sleep(0.05)
        for outlet in stand.outlets.values():
            await outlet.by_hand.settle(within=0.0)

    def _on_state_trouble(self, line: str) -> None:
        self._note(line, "warning")

    def _chore(self, coroutine: Any) -> None:
        task = asyncio.get_running_loop().create_task(coroutine)
        self._chores.add(task)
        task.add_done_callback(self._chores.discard)

    def _note(self, text: str, level: Any = "info") -> None:
        self.stream.publish(Note(source="lab", level=level, text=text))


def _at_the_first(vehicle: Vehicle | RecordedVehicle | None, stations: tuple[str, ...]) -> Vehicles:
    first = (stations[0] if stations else "", 1)
    return lambda name, connector: vehicle if (name, connector) == first else None


def _order_again(stand: Stand) -> None:
    """What was said while an interface was not open was said to nobody."""
    for connector in stand.charge_point.connectors.values():
        connector.order_again()


def _id_tags(settings: Settings) -> IdTags:
    tags = () if settings.id_tags is None else read_id_tags(settings.id_tags)
    return IdTags(tags, unknown=settings.unknown_id_tags)


def _over_the_network() -> FileTransfers:
    from evtui.station import NetworkTransfers  # with FTP and HTTP, which few runs need

    return NetworkTransfers()

"""The lab: central system, charge points, buses, modules, injector and detectors, assembled.

It runs on one event loop, knows no terminal, and takes orders by the names in
:mod:`evtui.commands`.
"""

from __future__ import annotations

import asyncio
import random
import socket
from collections.abc import Iterable, Mapping
from functools import partial
from typing import Any, Literal

from evtui.anomalies.injector import Injector
from evtui.anomalies.ocpp.fluctuation import Variant
from evtui.canbus.bus import SimulatedBus
from evtui.canbus.charger_module import ChargerModule
from evtui.central_system.memory_endpoint import MemoryEndpoint
from evtui.central_system.system import CentralSystem, Endpoint
from evtui.config import Settings
from evtui.detection import DetectorPart
from evtui.events import (
    CentralSystemState,
    Event,
    EventStream,
    LabState,
    Note,
    PartState,
    Subscriber,
)
from evtui.lab.orders import Orders, initial_parameters
from evtui.lab.recordings import Recordings
from evtui.lab.stand import CONNECTOR, Stand
from evtui.ocpp16.link import MessageIds, SentMessages, Transport
from evtui.power import PowerStage, RecordedVehicle, Vehicle, preset
from evtui.runtime.clock import LoopClock
from evtui.runtime.identity import first_transaction_id, run_nonce
from evtui.runtime.supervisor import Supervisor
from evtui.scoring import LiveScorer
from evtui.station.charge_point import ChargePoint
from evtui.station.connection import Dial
from evtui.station.context import Identity

__all__ = ["Lab"]

SAFE_ON_LEAVING = 2.5
"""s that leaving waits for the safe state: 100 A of the seed's stage take 2.1 s to fall to 1 A."""


class Lab:
    """Everything alive, on the running loop.

    Args:
        settings: checked by :func:`evtui.config.load`.
        clock: of the running loop.
        listener: socket the central system takes over; without one it binds itself.
        readers: called with every event from the first on.
        link: ``memory`` keeps OCPP inside the process, with the same framing, validation and
            events, and takes ids from the seed: what virtual time needs to repeat itself.
        vehicle: at the connector; default: a battery with the settings' state of charge.
        plugged: False leaves it standing beside the connector.
        recordings: begun and ended by a command.
    """

    def __init__(
        self,
        settings: Settings,
        clock: LoopClock,
        *,
        listener: socket.socket | None = None,
        readers: Iterable[Subscriber] = (),
        link: Literal["websocket", "memory"] = "websocket",
        vehicle: Vehicle | RecordedVehicle | None = None,
        plugged: bool = True,
        recordings: Recordings | None = None,
    ) -> None:
        self.settings = settings
        self.clock = clock
        self.stream = EventStream(clock)
        for reader in readers:
            self.stream.subscribe(reader)
        repeatable = link == "memory"
        self._ids = MessageIds(f"{settings.seed:x}" if repeatable else run_nonce())
        self._sent = SentMessages()
        endpoint, self._dial = self._in_memory() if repeatable else self._over_websocket(listener)
        self._supervisor = Supervisor(self.stream)
        self.central_system = CentralSystem(
            self.stream,
            clock,
            endpoint,
            ids=self._ids,
            sent=self._sent,
            heartbeat_interval=settings.heartbeat_interval,
            first_transaction_id=1 if repeatable else first_transaction_id(),
        )
        self.detector = DetectorPart(self.stream, phase="sent" if settings.csms else "delivered")
        self._scorer = LiveScorer(self.stream)
        self._stands: dict[str, Stand] = {}
        self._chores: set[asyncio.Task[None]] = set()
        self._leaving = False
        self._add_stand(settings, vehicle or Vehicle(soc=settings.soc), plugged)
        self._orders = Orders(
            settings,
            self.central_system,
            self._supervisor,
            self.detector,
            self._stands,
            self._publish_state,
            self.stream,
            recordings,
        )
        self.stream.subscribe(self._on_event, PartState)

    @property
    def stands(self) -> Mapping[str, Stand]:
        """The charge points that are ours, by identity."""
        return self._stands

    async def run(self, stop: asyncio.Event) -> None:
        """Bring everything up, work until ``stop`` is set, leave in the safe state."""
        try:
            await self._bring_up()
            await stop.wait()
        finally:
            await self._leave()

    async def execute(self, command: str, **arguments: Any) -> str:
        """Do one of the ``lab`` commands of :mod:`evtui.commands`, or ``anomaly.set``.

        Args:
            command: its name.
            arguments: ``station`` names the charge point, ours by default; ``anomaly.set``
                takes the names of ``FluctuationParameters.as_numbers``.

        Returns:
            One line for people.

        Raises:
            CommandError: it cannot be done; the text says why.
        """
        return await self._orders.execute(command, **arguments)

    def _in_memory(self) -> tuple[Endpoint, Dial]:
        endpoint = MemoryEndpoint()
        return endpoint, partial(endpoint.dial, self.settings.id)

    def _over_websocket(self, listener: socket.socket | None) -> tuple[Endpoint, Dial]:
        from evtui.central_system.websocket_endpoint import WebSocketEndpoint
        from evtui.ocpp16.websocket import dial, station_url

        endpoint = WebSocketEndpoint(self.settings.port, listener)

        async def dial_central_system() -> Transport:
            url = station_url(self.settings.csms or endpoint.url, self.settings.id)
            return (await dial(url))[0]

        return endpoint, dial_central_system

    def _add_stand(
        self, settings: Settings, vehicle: Vehicle | RecordedVehicle, plugged: bool
    ) -> None:
        name = settings.id
        kind = preset(settings.preset)
        bus = SimulatedBus(f"{name}/can", name, self.stream, self.clock)
        stage = PowerStage(kind, vehicle if plugged else None)
        charge_point = ChargePoint(
            Identity(name, settings.vendor, settings.model, settings.serial, settings.firmware),
            self.stream,
            self.clock,
            bus,
            kind,
            self._dial,
            ids=self._ids,
            sent=self._sent,
            chance=random.Random(f"{settings.seed}/{name}/reconnect"),
            meter_interval=settings.meter_interval_for(settings.preset),
            strict=settings.strict,
            reconfigured=self._on_configuration,
        )
        connector = charge_point.connectors[CONNECTOR]
        if plugged:
            connector.plug()
        module = ChargerModule(bus, stage, connector.on_stage)
        injector = Injector(
            self.central_system,
            self.stream,
            self.clock,
            station=name,
            connector=CONNECTOR,
            id_tag=settings.id_tag,
            current=lambda: stage.state.current,
            chance=random.Random(f"{settings.seed}/{name}/jitter"),
            variant=Variant(settings.variant),
            parameters=initial_parameters(settings),
        )
        self._stands[name] = Stand(charge_point, bus, module, injector, settings.preset, vehicle)

    async def _bring_up(self) -> None:
        supervisor = self._supervisor
        if self.settings.csms is None:
            supervisor.start("csms", self.central_system.run)
            await self._listening()
        else:
            self.stream.publish(
                CentralSystemState(
                    source="csms", url=self.settings.csms, listening=False, ours=False
                )
            )
        for stand in self._stands.values():
            supervisor.start(f"{stand.name}/can", stand.bus.run)
            supervisor.start(f"{stand.name}/module", stand.module.run)
            supervisor.start(stand.name, stand.charge_point.run)
            self._publish_state(stand)
            stand.injector.configure()

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
        if isinstance(event, PartState) and event.state == "crashed" and not self._leaving:
            self._chore(self._make_safe(event))

    async def _make_safe(self, crash: PartState) -> None:
        """A part crashed: whatever runs is brought to an end without it."""
        for stand in self._stands.values():
            if stand.injector.active:
                self._note(f"{crash.part} crashed: the anomaly is stopped", "warning")
            stand.charge_point.stop_charging("Other")
            await stand.injector.stop(within=SAFE_ON_LEAVING)

    def _on_configuration(self, key: str) -> None:
        if key in ("EvtuiStrictTxProfile", "MeterValueSampleInterval"):
            for stand in self._stands.values():
                self._publish_state(stand)

    def _publish_state(self, stand: Stand) -> None:
        configuration = stand.charge_point.configuration
        self.stream.publish(
            LabState(
                source="lab",
                station=stand.name,
                preset=stand.preset,
                strict=configuration.flag("EvtuiStrictTxProfile"),
                plugged=stand.connector.plugged,
                meter_interval=configuration.number("MeterValueSampleInterval"),
                detector_views=self.detector.views,
            )
        )

    async def _leave(self) -> None:
        self._leaving = True
        await asyncio.gather(*(self._bring_to_rest(each) for each in self._stands.values()))
        await self._supervisor.stop_all()
        for task in self._chores:
            task.cancel()
        await asyncio.gather(*self._chores, return_exceptions=True)
        for stand in self._stands.values():
            stand.charge_point.close()
            stand.bus.close()
        self.detector.close()
        self._scorer.close()

    async def _bring_to_rest(self, stand: Stand) -> None:
        """End anomaly and transaction, deliver the last messages, see the current fall."""
        loop = asyncio.get_running_loop()
        until = loop.time() + SAFE_ON_LEAVING
        await stand.injector.stop(within=SAFE_ON_LEAVING)
        await stand.charge_point.farewell()
        while not stand.at_rest and loop.time() < until:  # noqa: ASYNC110
            await asyncio.sleep(0.05)

    def _chore(self, coroutine: Any) -> None:
        task = asyncio.get_running_loop().create_task(coroutine)
        self._chores.add(task)
        task.add_done_callback(self._chores.discard)

    def _note(self, text: str, level: Any = "info") -> None:
        self.stream.publish(Note(source="lab", level=level, text=text))

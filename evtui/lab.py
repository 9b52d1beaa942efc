"""The lab: central system, charge points, buses, modules, injector and detectors, assembled.

It runs on one event loop, knows no terminal, and takes orders by the names in
:mod:`evtui.commands`.
"""

from __future__ import annotations

import asyncio
import random
import socket
from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Any, TypeVar, get_args

from ocpp.v16 import call

from evtui.anomalies.injector import AnomalyError, Injector
from evtui.anomalies.ocpp.fluctuation import PERIOD_FACTOR, FluctuationParameters, Variant
from evtui.canbus.bus import SimulatedBus
from evtui.canbus.charger_module import ChargerModule
from evtui.config import Preset, Settings
from evtui.detection import VIEWS, DetectorPart, View
from evtui.events import (
    CentralSystemState,
    Event,
    EventReader,
    EventStream,
    LabState,
    Note,
    PartState,
)
from evtui.ocpp16.central_system import CentralSystem, StationOffline
from evtui.ocpp16.link import CallRefused, LinkClosed, MessageIds, SentMessages, Transport
from evtui.ocpp16.websocket import dial, station_url
from evtui.power import PowerStage, Vehicle, preset
from evtui.runtime.clock import LoopClock
from evtui.runtime.identity import first_transaction_id, run_nonce
from evtui.runtime.supervisor import Supervisor
from evtui.scoring import LiveScorer
from evtui.station.charge_point import ChargePoint
from evtui.station.context import Identity

__all__ = ["CommandError", "Lab"]

T = TypeVar("T")

CONNECTOR = 1
PRESETS: tuple[Preset, ...] = get_args(Preset)
HIGH_STEP, LOW_STEP = 10.0, 2.0
"""A that one key press changes the high and the low limit by."""

JITTERS = (0.0, 0.1, 0.25, 0.5)
CYCLES = (0, 1, 3, 10)
VIEW_CHOICES: tuple[tuple[View, ...], ...] = (VIEWS, ("can",), ("ocpp",))

SAFE_ON_LEAVING = 2.5
"""s that leaving waits for the safe state: 100 A of the seed's stage take 2.1 s to fall to 1 A."""

AT_REST = 1.0
"""A below which the current counts as gone."""


class CommandError(Exception):
    """A command cannot be done; the text is one line for people."""


@dataclass(slots=True)
class _Station:
    """One charge point with what is behind it."""

    charge_point: ChargePoint
    bus: SimulatedBus
    module: ChargerModule
    injector: Injector
    preset: Preset
    vehicle: Vehicle

    @property
    def name(self) -> str:
        return self.charge_point.identity.name

    @property
    def stage(self) -> PowerStage:
        return self.module.stage


class Lab:
    """Everything alive, on the running loop.

    Args:
        settings: checked by :func:`evtui.config.load`.
        clock: of the running loop.
        listener: socket the central system takes over; without one it binds itself.
        readers: get every event from the first on.
    """

    def __init__(
        self,
        settings: Settings,
        clock: LoopClock,
        *,
        listener: socket.socket | None = None,
        readers: Iterable[EventReader] = (),
    ) -> None:
        self.settings = settings
        self.clock = clock
        self.stream = EventStream(clock)
        for reader in readers:
            self.stream.subscribe(reader.append)
        self._ids = MessageIds(run_nonce())
        self._sent = SentMessages()
        self._supervisor = Supervisor(self.stream)
        self.central_system = CentralSystem(
            self.stream,
            clock,
            ids=self._ids,
            sent=self._sent,
            port=settings.port,
            listener=listener,
            heartbeat_interval=settings.heartbeat_interval,
            first_transaction_id=first_transaction_id(),
        )
        self.detector = DetectorPart(self.stream, phase="sent" if settings.csms else "delivered")
        self._scorer = LiveScorer(self.stream)
        self._stations: dict[str, _Station] = {}
        self._chores: set[asyncio.Task[None]] = set()
        self._leaving = False
        self._add_station(settings)
        self.stream.subscribe(self._on_event)

    async def run(self, stop: asyncio.Event) -> None:
        """Bring everything up, work until ``stop`` is set, leave in the safe state."""
        try:
            await self._bring_up()
            await stop.wait()
        finally:
            await self._leave()

    async def execute(self, command: str, **arguments: Any) -> str:
        """Do one of the ``lab`` commands of :mod:`evtui.commands`, or ``anomaly.set``.

        Returns:
            One line for people.

        Raises:
            CommandError: it cannot be done; the text says why.
        """
        handler = getattr(self, "_do_" + command.replace(".", "_"), None)
        if handler is None:
            raise CommandError(f"no command {command!r}")
        name = arguments.pop("station", self.settings.id)
        station = self._stations.get(name)
        if station is None:
            raise CommandError(f"no station {name!r}")
        try:
            result = handler(station, **arguments)
            text = await result if asyncio.iscoroutine(result) else result
        except (AnomalyError, ValueError, StationOffline, LinkClosed, CallRefused) as error:
            raise CommandError(str(error)) from None
        except TimeoutError as error:
            raise CommandError(str(error) or "no answer in time") from None
        return str(text)

    # Anomaly

    def _do_anomaly_start(self, station: _Station) -> str:
        if self.settings.csms is not None:
            raise AnomalyError(
                "the anomaly acts through evtui's own central system; --csms uses another one"
            )
        station.injector.start()
        return f"fluctuation/{station.injector.variant} started"

    async def _do_anomaly_stop(self, station: _Station) -> str:
        return await station.injector.stop()

    def _do_anomaly_shorter(self, station: _Station) -> str:
        return self._scale(station, PERIOD_FACTOR)

    def _do_anomaly_longer(self, station: _Station) -> str:
        return self._scale(station, 1 / PERIOD_FACTOR)

    def _scale(self, station: _Station, factor: float) -> str:
        parameters = station.injector.parameters.scaled(factor)
        if parameters == station.injector.parameters:
            raise ValueError("a wait would leave 0.05 s to 3600 s")
        station.injector.configure(parameters=parameters)
        return f"period {parameters.period:.2f} s"

    def _do_anomaly_weaker(self, station: _Station) -> str:
        return self._amplitude(station, station.injector.parameters.with_high(-HIGH_STEP))

    def _do_anomaly_stronger(self, station: _Station) -> str:
        return self._amplitude(station, station.injector.parameters.with_high(HIGH_STEP))

    def _do_anomaly_lower_low(self, station: _Station) -> str:
        return self._amplitude(station, station.injector.parameters.with_low(-LOW_STEP))

    def _do_anomaly_raise_low(self, station: _Station) -> str:
        return self._amplitude(station, station.injector.parameters.with_low(LOW_STEP))

    def _amplitude(self, station: _Station, parameters: FluctuationParameters) -> str:
        station.injector.configure(parameters=parameters)
        text = f"low {parameters.low:g} A, high {parameters.high:g} A"
        if station.injector.variant is Variant.STARTSTOP:
            default = station.stage.preset.default_limit
            text += f": startstop sends no profiles, the station offers its {default:g} A"
        return text

    def _do_anomaly_variant(self, station: _Station) -> str:
        station.injector.configure(variant=station.injector.variant.next)
        return f"variant {station.injector.variant}"

    def _do_anomaly_jitter(self, station: _Station) -> str:
        parameters = station.injector.parameters
        parameters = replace(parameters, jitter=_after(JITTERS, parameters.jitter))
        station.injector.configure(parameters=parameters)
        return f"jitter {parameters.jitter:.0%}"

    def _do_anomaly_cycles(self, station: _Station) -> str:
        parameters = station.injector.parameters
        parameters = replace(parameters, cycles=_after(CYCLES, parameters.cycles))
        station.injector.configure(parameters=parameters)
        return f"cycles {parameters.cycles or 'endless'}"

    def _do_anomaly_set(self, station: _Station, **numbers: Any) -> str:
        station.injector.configure(parameters=station.injector.parameters.updated(numbers))
        return "parameters set"

    async def _do_lab_all_clear(self, station: _Station) -> str:
        for each in self._stations.values():
            await each.injector.stop()
            await each.injector.clear_leftovers()
            if each.charge_point.connectors[CONNECTOR].transaction is not None:
                await self._stop_transaction(each)
            each.injector.configure(
                variant=Variant(self.settings.variant), parameters=_parameters(self.settings)
            )
        return "all clear: no anomaly, no transaction, default parameters"

    def _do_lab_restart(self, station: _Station) -> str:
        names = self._supervisor.restart()
        return f"restarted {', '.join(names)}" if names else "no part has crashed"

    # Station

    async def _do_station_charge(self, station: _Station) -> str:
        connector = station.charge_point.connectors[CONNECTOR]
        if connector.transaction is not None:
            await self._stop_transaction(station)
            return "charging ends"
        if self.settings.csms is not None:
            if not connector.startable:
                raise CommandError(f"connector {CONNECTOR} is {connector.status}")
            connector.request_start(self.settings.id_tag)
            return "charging begins"
        answer = await self.central_system.call(
            station.name,
            call.RemoteStartTransaction(id_tag=self.settings.id_tag, connector_id=CONNECTOR),
        )
        if answer.status != "Accepted":
            raise CommandError(f"remote start {answer.status}: connector is {connector.status}")
        return "charging begins" if connector.plugged else "waiting for a vehicle: p plugs one in"

    async def _stop_transaction(self, station: _Station) -> None:
        """End the transaction through our central system, else at the station itself."""
        running = self.central_system.open_transaction(station.name, CONNECTOR)
        if running is not None and self.central_system.is_connected(station.name):
            answer = await self.central_system.call(
                station.name, call.RemoteStopTransaction(transaction_id=running.transaction_id)
            )
            if answer.status == "Accepted":
                return
        station.charge_point.stop_charging("Local")

    def _do_station_plug(self, station: _Station) -> str:
        connector = station.charge_point.connectors[CONNECTOR]
        if connector.plugged:
            connector.unplug()
            station.vehicle = station.stage.unplug() or station.vehicle
        else:
            station.stage.plug(station.vehicle)
            connector.plug()
        self._publish_state(station)
        return "vehicle plugged in" if connector.plugged else "vehicle unplugged"

    def _do_station_preset(self, station: _Station) -> str:
        name = _after(PRESETS, station.preset)
        station.preset = name
        station.stage.switch(preset(name))
        station.charge_point.use(preset(name))
        station.charge_point.configuration.set(
            "MeterValueSampleInterval", self.settings.meter_interval_for(name)
        )
        return f"preset {name}"

    def _do_station_strict(self, station: _Station) -> str:
        configuration = station.charge_point.configuration
        strict = not configuration.flag("EvtuiStrictTxProfile")
        configuration.set("EvtuiStrictTxProfile", strict)
        return f"{'strict' if strict else 'lenient'}: a TxProfile without a transaction is " + (
            "rejected" if strict else "taken"
        )

    def _do_detector_view(self, station: _Station) -> str:
        self.detector.watch(_after(VIEW_CHOICES, self.detector.views))
        self._publish_state(station)
        names = {"can": "CAN", "ocpp": "MeterValues"}
        return "detector fed from " + " and ".join(names[view] for view in self.detector.views)

    # Inside

    def _add_station(self, settings: Settings) -> None:
        name = settings.id
        kind = preset(settings.preset)
        bus = SimulatedBus(f"{name}/can", name, self.stream, self.clock)
        vehicle = Vehicle(soc=settings.soc)
        stage = PowerStage(kind, vehicle)
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
            parameters=_parameters(settings),
        )
        self._stations[name] = _Station(
            charge_point, bus, module, injector, settings.preset, vehicle
        )

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
        for station in self._stations.values():
            supervisor.start(f"{station.name}/can", station.bus.run)
            supervisor.start(f"{station.name}/module", station.module.run)
            supervisor.start(station.name, station.charge_point.run)
            self._publish_state(station)
            station.injector.configure()

    async def _dial(self) -> Transport:
        endpoint = self.settings.csms or self.central_system.url
        transport, _ = await dial(station_url(endpoint, self.settings.id))
        return transport

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
        for station in self._stations.values():
            if station.injector.active:
                self._note(f"{crash.part} crashed: the anomaly is stopped", "warning")
            station.charge_point.stop_charging("Other")
            await station.injector.stop(within=SAFE_ON_LEAVING)

    def _on_configuration(self, key: str) -> None:
        if key in ("EvtuiStrictTxProfile", "MeterValueSampleInterval"):
            for station in self._stations.values():
                self._publish_state(station)

    def _publish_state(self, station: _Station) -> None:
        configuration = station.charge_point.configuration
        self.stream.publish(
            LabState(
                source="lab",
                station=station.name,
                preset=station.preset,
                strict=configuration.flag("EvtuiStrictTxProfile"),
                plugged=station.charge_point.connectors[CONNECTOR].plugged,
                meter_interval=configuration.number("MeterValueSampleInterval"),
                detector_views=self.detector.views,
            )
        )

    async def _leave(self) -> None:
        self._leaving = True
        await asyncio.gather(*(self._bring_to_rest(each) for each in self._stations.values()))
        await self._supervisor.stop_all()
        for task in self._chores:
            task.cancel()
        await asyncio.gather(*self._chores, return_exceptions=True)
        for station in self._stations.values():
            station.charge_point.close()
            station.bus.close()
        self.detector.close()
        self._scorer.close()

    async def _bring_to_rest(self, station: _Station) -> None:
        """End anomaly and transaction, deliver the last messages, see the current fall."""
        loop = asyncio.get_running_loop()
        until = loop.time() + SAFE_ON_LEAVING
        await station.injector.stop(within=SAFE_ON_LEAVING)
        await station.charge_point.farewell()
        if f"{station.name}/module" in self._supervisor.crashed:
            return  # nobody is left who could lower the current
        while station.stage.state.current > AT_REST and loop.time() < until:  # noqa: ASYNC110
            await asyncio.sleep(0.05)

    def _chore(self, coroutine: Any) -> None:
        task = asyncio.get_running_loop().create_task(coroutine)
        self._chores.add(task)
        task.add_done_callback(self._chores.discard)

    def _note(self, text: str, level: Any = "info") -> None:
        self.stream.publish(Note(source="lab", level=level, text=text))


def _parameters(settings: Settings) -> FluctuationParameters:
    return FluctuationParameters(
        low=settings.low_a,
        high=settings.high_a,
        waits=settings.waits_s,
        cycles=settings.cycles,
        jitter=settings.jitter,
    )


def _after(choices: tuple[T, ...], value: Any) -> T:
    """The choice after ``value``, round and round; the second for a value that is none."""
    index = choices.index(value) if value in choices else 0
    return choices[(index + 1) % len(choices)]

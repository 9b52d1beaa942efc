"""Making the charge points of a lab: identities, buses, modules, vehicles, injectors."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from itertools import count
from typing import TYPE_CHECKING

from msgspec.structs import replace

from evtui.anomalies import AnomalySet, ByHand, Site, disturbance
from evtui.can_addresses import at_bitrate
from evtui.canbus import LogPlayer, PeriodicSender, SimulatedBus
from evtui.canbus.packs import ModuleEnd, ProtocolPack
from evtui.canbus.packs.known import pack_named
from evtui.central_system import CentralSystem
from evtui.config import Settings
from evtui.events import EventStream
from evtui.lab.buses import make_bus
from evtui.lab.plant import Plant, truth_teller
from evtui.lab.real_module import RealModule
from evtui.lab.setup import can_addresses, identities, initial_parameters
from evtui.lab.stand import Outlet, Stand
from evtui.ocppj import MessageIds, SentMessages, StationLine
from evtui.power import VEHICLES, PowerStage, RecordedVehicle, Vehicle, preset
from evtui.runtime import LoopClock, StationClock
from evtui.station import (
    ChargePoint,
    ConnectorHardware,
    Dial,
    Equipment,
    FileTransfers,
    Identity,
    Journal,
    StateStore,
    build_charge_point,
)

if TYPE_CHECKING:
    from evtui.canbus import Gateway
    from evtui.station import StateFile

__all__ = ["StandBuilder", "Vehicles", "identities", "initial_parameters"]

FIRST_PROFILE_ID = 2001
"""Of the profiles that anomalies set; scenarios have theirs from 1001, the fluctuation 7 and 8."""

Vehicles = Callable[[str, int], Vehicle | RecordedVehicle | None]
"""The vehicle at a station's connector, by identity and connectorId."""


class StandBuilder:
    """Makes stands that share one stream, one clock and one central system.

    Args:
        ids: message ids of the lab.
        sent: twins of messages, shared with our central system.
        dial: opens a transport for the charge point of an identity.
        transfers: how charge points fetch and send files.
        state: what they must not forget; None keeps it in memory.
        reconfigured: called with identity and key after a configuration key has changed.
    """

    def __init__(
        self,
        settings: Settings,
        stream: EventStream,
        clock: LoopClock,
        central_system: CentralSystem,
        *,
        ids: MessageIds,
        sent: SentMessages,
        dial: Callable[[str], Dial],
        transfers: FileTransfers,
        state: StateFile | None,
        reconfigured: Callable[[str, str], None],
    ) -> None:
        self._settings = settings
        self._stream = stream
        self._clock = clock
        self._central_system = central_system
        self._ids = ids
        self._sent = sent
        self._dial = dial
        self._transfers = transfers
        self._state = state
        self._reconfigured = reconfigured
        self._addresses = can_addresses(settings)
        self._journal = Journal(stream)
        self._buses = count()
        self._attacks: Iterator[int] = count(1)

    def build(self, name: str, vehicle: Vehicles, plugged: bool) -> Stand:
        """A charge point with everything behind it.

        Args:
            name: its identity.
            vehicle: gives those at its connectors; for None they are batteries as the settings
                say.
            plugged: False leaves every vehicle standing beside its connector.
        """
        settings = self._settings
        kind = preset(settings.preset)
        pack = pack_named(settings.protocol)
        bus = make_bus(
            settings,
            name,
            self._stream,
            self._clock,
            usual=pack.bitrate,
            number=next(self._buses),
            real=self._addresses.get(name),
        )
        numbers = range(1, settings.connectors + 1)
        chargers = pack.chargers(bus, numbers, modules=settings.modules)
        gateway = self._gateway(name, bus, pack)
        ambient = settings.ambient
        plants = {
            number: Plant(PowerStage(preset(settings.preset, ambient))) for number in chargers
        }
        line = StationLine(name, self._dial(name), self._sent, self._ids)
        station_clock = StationClock(self._clock)
        charge_point = build_charge_point(
            Identity(name, settings.vendor, settings.model, settings.serial, settings.firmware),
            self._stream,
            station_clock,
            {
                number: ConnectorHardware(chargers[number], plant.line, plant.parts)
                for number, plant in plants.items()
            },
            kind,
            line.dial,
            Equipment(
                store=StateStore() if self._state is None else self._state.station(name),
                transfers=self._transfers,
                journal=self._journal,
                persist_interval=settings.persist_interval,
                after_crash=settings.after_crash,
                call_timeout=settings.call_timeout,
            ),
            ids=self._ids,
            sent=self._sent,
            chance=random.Random(f"{settings.seed}/{name}/reconnect"),
            meter_interval=settings.meter_interval_for(settings.preset),
            strict=settings.strict,
            tolerant=settings.tolerates(name),
            reconfigured=lambda key: self._reconfigured(name, key),
        )
        orders_modules = gateway is None or gateway.our_controller
        if not orders_modules:  # a real controller does
            for charger in chargers.values():
                charger.close()
        outlets = {}
        for number in charge_point.connectors:
            given = vehicle(name, number)
            usual = replace(VEHICLES[settings.vehicle], soc=settings.soc)
            outlets[number] = self._outlet(
                charge_point,
                bus,
                pack,
                number,
                plants[number],
                given or usual,
                plugged,
                modules_are_ours=gateway is None or gateway.our_modules,
                orders_modules=orders_modules,
            )
        attacks = [outlet.by_hand for outlet in outlets.values()]
        bus.guest_cause = lambda: next((each.cause for each in attacks if each.cause), None)
        profile_ids = count(FIRST_PROFILE_ID)
        sites = {
            number: self._site(
                charge_point,
                bus,
                pack,
                line,
                station_clock,
                outlet,
                profile_ids,
                orders_modules=orders_modules,
            )
            for number, outlet in outlets.items()
        }
        anomalies = AnomalySet(sites, settings.seed, self._attacks, initial_parameters(settings))
        return Stand(
            charge_point,
            bus,
            pack,
            outlets,
            PeriodicSender(bus, self._stream),
            LogPlayer(bus, self._stream),
            anomalies,
            settings.preset,
            settings.ambient,
            gateway,
        )

    def _gateway(self, name: str, bus: SimulatedBus, pack: ProtocolPack) -> Gateway | None:
        """What joins the bus of a charge point to a real one, where the settings say so."""
        address = self._addresses.get(name)
        if address is None:
            return None
        from evtui.canbus import Gateway

        settings = self._settings
        return Gateway(
            at_bitrate(address, pack.bitrate),
            address.side or settings.can_side,
            bus,
            self._stream,
            random.Random(f"{settings.seed}/{name}/can"),
            listen_only=settings.can_listen_only,
        )

    def _site(
        self,
        charge_point: ChargePoint,
        bus: SimulatedBus,
        pack: ProtocolPack,
        line: StationLine,
        station_clock: StationClock,
        outlet: Outlet,
        profile_ids: Iterator[int],
        orders_modules: bool,
    ) -> Site:
        """What anomalies reach at a connector."""
        return Site(
            stream=self._stream,
            clock=self._clock,
            station=charge_point.identity.name,
            connector=outlet.number,
            id_tag=self._settings.id_tag,
            current=lambda: outlet.current,
            operator=self._central_system,
            charge_point=charge_point,
            line=line,
            station_clock=station_clock,
            bus=bus,
            pack=pack,
            module=outlet.module,
            stage=outlet.stage,
            replug=outlet.plant.replug,
            profile_ids=profile_ids,
            orders_modules=orders_modules,
        )

    def _outlet(
        self,
        charge_point: ChargePoint,
        bus: SimulatedBus,
        pack: ProtocolPack,
        number: int,
        plant: Plant,
        vehicle: Vehicle | RecordedVehicle,
        plugged: bool,
        modules_are_ours: bool,
        orders_modules: bool,
    ) -> Outlet:
        name = charge_point.identity.name
        connector = charge_point.connectors[number]
        if plugged:
            plant.plug(vehicle)
        by_hand = ByHand(
            self._stream,
            station=name,
            connector=number,
            disturbance=lambda: disturbance(connector, plant.stage) if orders_modules else "",
            attacks=self._attacks,
        )
        tell = truth_teller(self._stream, name, connector)
        module: ModuleEnd
        if modules_are_ours:
            modules = self._settings.modules
            module = pack.module(bus, plant, connector=number, modules=modules)
            plant.on_state = tell
        else:
            real = module = RealModule(bus, pack, plant, self._stream, connector=number)
            plant.on_state = lambda state: tell(real.as_reported(state))
        return Outlet(connector, module, plant, by_hand, vehicle)

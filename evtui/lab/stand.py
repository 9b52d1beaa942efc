"""Charge points on the test stand: their bus, and what is behind each of their connectors."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import msgspec

from evtui.anomalies import AnomalySet, ByHand
from evtui.canbus import LogPlayer, PeriodicSender, SimulatedBus
from evtui.canbus.packs import ModuleEnd, ProtocolPack
from evtui.config import PresetName
from evtui.lab.plant import Plant
from evtui.lab.real_module import RealModule
from evtui.ocppj import StationLine
from evtui.power import BATTERY, PowerStage, RecordedVehicle, Vehicle, preset
from evtui.station import ChargePoint, ConnectorController

if TYPE_CHECKING:
    from evtui.canbus import Gateway
    from evtui.proxy import StationArming

__all__ = ["FIRST_CONNECTOR", "Outlet", "ProxiedOutlet", "ProxiedStand", "Stand"]

FIRST_CONNECTOR = 1
"""What an order or a scenario means that names no connector."""

AT_REST = 1.0
"""A below which the current counts as gone."""


class Outlet(msgspec.Struct):
    """One connector with what is behind it and in front of it.

    Attributes:
        module: its charger on the bus.
        plant: what is behind the connector.
        by_hand: attacks that somebody does by other means.
        vehicle: plugged in, or waiting with the state of charge it left with.
    """

    connector: ConnectorController
    module: ModuleEnd
    plant: Plant
    by_hand: ByHand
    vehicle: Vehicle | RecordedVehicle

    @property
    def number(self) -> int:
        """connectorId, from 1."""
        return self.connector.number

    @property
    def stage(self) -> PowerStage:
        """The power stage behind the connector."""
        return self.plant.stage

    @property
    def current(self) -> float:
        """A flowing now; where the modules are on a real bus, as they report it."""
        module = self.module
        return module.current if isinstance(module, RealModule) else self.stage.state.current

    @property
    def vehicle_name(self) -> str:
        """As the setting ``vehicle`` names it; ``recorded`` for one that follows a session."""
        vehicle = self.vehicle
        return (vehicle.name or BATTERY) if isinstance(vehicle, Vehicle) else "recorded"

    def plug_or_unplug(self) -> None:
        """Plug the vehicle in, or out."""
        if self.connector.plugged:
            self.vehicle = self.plant.unplug() or self.vehicle
        else:
            self.plant.plug(self.vehicle)


class Stand(msgspec.Struct):
    """One charge point with its bus and its outlets.

    Attributes:
        pack: the protocol on the bus.
        outlets: by connectorId, from 1.
        sender: sends on the bus by hand.
        player: plays logs there.
        anomalies: those that are on, and those that may be.
        preset: name of the power stages' preset.
        ambient: degrees Celsius around it.
        gateway: joins the bus to a real one; None where it does not.
    """

    charge_point: ChargePoint
    bus: SimulatedBus
    pack: ProtocolPack
    outlets: Mapping[int, Outlet]
    sender: PeriodicSender
    player: LogPlayer
    anomalies: AnomalySet
    preset: PresetName
    ambient: float
    gateway: Gateway | None = None

    @property
    def our_controller(self) -> bool:
        """True where the charge point is an end of its bus."""
        return self.gateway is None or self.gateway.our_controller

    @property
    def name(self) -> str:
        """Identity of the charge point."""
        return self.charge_point.identity.name

    @property
    def at_rest(self) -> bool:
        """True while no current flows to speak of."""
        return all(outlet.current <= AT_REST for outlet in self.outlets.values())

    def fall_silent(self) -> None:
        """Send and play nothing any more, and have modules told again what they should do."""
        silenced = (self.sender.settle(), self.player.settle())
        if any(silenced):
            for connector in self.charge_point.connectors.values():
                connector.order_again()

    def switch(self, name: PresetName, meter_interval: float) -> None:
        """Put other power stages behind the connectors.

        Args:
            meter_interval: s between MeterValues from now on.
        """
        self.preset = name
        for outlet in self.outlets.values():
            outlet.stage.switch(preset(name, self.ambient))
        self.charge_point.use(preset(name))
        self.charge_point.configuration.set("MeterValueSampleInterval", meter_interval)


class ProxiedOutlet(msgspec.Struct, frozen=True):
    """One connector of a charge point of somebody else.

    Attributes:
        number: connectorId, from 1.
    """

    number: int


class ProxiedStand(msgspec.Struct, frozen=True):
    """A charge point of somebody else that connects through here.

    Attributes:
        name: its identity.
        line: to its central system.
        anomalies: those that are on, and those that may be.
        arming: whether any may be.
        outlets: connectors that it has spoken of, by connectorId, and the first.
    """

    name: str
    line: StationLine
    anomalies: AnomalySet
    arming: StationArming
    outlets: dict[int, ProxiedOutlet]

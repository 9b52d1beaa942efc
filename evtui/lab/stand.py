"""A charge point on the test stand: its bus, its module, its vehicle and its injector."""

from __future__ import annotations

from dataclasses import dataclass

from evtui.anomalies.injector import Injector
from evtui.canbus.bus import SimulatedBus
from evtui.canbus.charger_module import ChargerModule
from evtui.config import Preset
from evtui.power import PowerStage, RecordedVehicle, Vehicle, preset
from evtui.station.charge_point import ChargePoint
from evtui.station.controller import ConnectorController

__all__ = ["CONNECTOR", "Stand"]

CONNECTOR = 1
"""The connector that has a module and a vehicle."""

AT_REST = 1.0
"""A below which the current counts as gone."""


@dataclass(slots=True)
class Stand:
    """One charge point with what is behind it.

    Attributes:
        preset: name of the power stage's preset.
        vehicle: plugged in, or waiting with the state of charge it left with.
    """

    charge_point: ChargePoint
    bus: SimulatedBus
    module: ChargerModule
    injector: Injector
    preset: Preset
    vehicle: Vehicle | RecordedVehicle

    @property
    def name(self) -> str:
        """Identity of the charge point."""
        return self.charge_point.identity.name

    @property
    def connector(self) -> ConnectorController:
        """The connector with the module."""
        return self.charge_point.connectors[CONNECTOR]

    @property
    def stage(self) -> PowerStage:
        """The power stage behind the connector."""
        return self.module.stage

    @property
    def at_rest(self) -> bool:
        """True while no current flows to speak of."""
        return self.stage.state.current <= AT_REST

    def plug_or_unplug(self) -> None:
        """Plug the vehicle in, or out."""
        if self.connector.plugged:
            self.connector.unplug()
            self.vehicle = self.stage.unplug() or self.vehicle
        else:
            self.stage.plug(self.vehicle)
            self.connector.plug()

    def switch(self, name: Preset, meter_interval: float) -> None:
        """Put another power stage behind the connector.

        Args:
            meter_interval: s between MeterValues from now on.
        """
        self.preset = name
        self.stage.switch(preset(name))
        self.charge_point.use(preset(name))
        self.charge_point.configuration.set("MeterValueSampleInterval", meter_interval)

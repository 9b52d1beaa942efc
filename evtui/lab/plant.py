"""The plant: what really happens behind a connector, and the wires of its station that end there.

A module drives it over the bus, and the truth of each of its steps is told beside that.  Of the
truth a station learns what comes over the bus, what its own meter and sensors read, and what the
vehicle says on its line.
"""

from __future__ import annotations

from collections.abc import Callable

from evtui.events import EventStream, Sample, current_cause
from evtui.power import Phase, PowerStage, RecordedVehicle, StageState, Vehicle
from evtui.station import ConnectorController, OwnParts, OwnReadings, VehicleAsks, VehicleLine

__all__ = ["Plant", "PlantLine", "PlantParts", "truth_teller"]

ASKS = {
    Phase.UNPLUGGED: VehicleAsks.NOTHING,
    Phase.IDLE: VehicleAsks.NOTHING,
    Phase.CABLE_CHECK: VehicleAsks.PREPARATION,
    Phase.PRECHARGE: VehicleAsks.PREPARATION,
    Phase.CHARGING: VehicleAsks.ENERGY,
    Phase.STOPPING: VehicleAsks.ENERGY,
    Phase.WANTS_REPLUG: VehicleAsks.NO_MORE,
    Phase.GAVE_UP: VehicleAsks.NO_MORE,
    Phase.FULL: VehicleAsks.NO_MORE,
}
"""What the vehicle says on its line in each phase of a session."""


class PlantLine(VehicleLine):
    """The line to the vehicle of a power stage."""

    plugged = False

    def __init__(self, stage: PowerStage) -> None:
        super().__init__()
        self._stage = stage

    @property
    def asks(self) -> VehicleAsks:
        """See :class:`VehicleLine`."""
        return ASKS[self._stage.phase]

    @property
    def voltage(self) -> float | None:
        """See :class:`VehicleLine`."""
        return self._stage.asked_voltage

    @property
    def soc(self) -> float | None:
        """See :class:`VehicleLine`."""
        return self._stage.soc

    @property
    def silent(self) -> bool:
        """See :class:`VehicleLine`."""
        return self._stage.faults.silent


class PlantParts(OwnParts):
    """Meter, sensors and contactors of a station at a power stage.

    Attributes:
        seen: what the stage did last, of which they see their part.
    """

    def __init__(self, stage: PowerStage) -> None:
        self._stage = stage
        self.seen = stage.state

    def read(self) -> OwnReadings:
        """See :class:`OwnParts`."""
        seen = self.seen
        sensors = seen.readings
        return OwnReadings(
            seen.voltage,
            seen.phases,
            seen.contactor,
            seen.temperature if sensors is None else sensors.temperature,
            sensors,
        )

    def use_phases(self, phases: int) -> None:
        """See :class:`OwnParts`."""
        self._stage.use_phases(phases)

    def cut_off(self) -> None:
        """See :class:`OwnParts`."""
        self._stage.trip()


class Plant:
    """A power stage with the vehicle at it.

    Args:
        stage: the physics.

    Attributes:
        stage: see above.
        line: what the vehicle says.
        parts: what the station itself measures and switches.
        on_state: told the truth after each step, and when the stage has tripped; no part of a
            station hears it.
    """

    def __init__(self, stage: PowerStage) -> None:
        self.stage = stage
        self.line = PlantLine(stage)
        self.parts = PlantParts(stage)
        self.on_state: Callable[[StageState], object] = _nobody_listens
        self.start = stage.start
        self.stop = stage.stop
        self.set_limit = stage.set_limit
        self._phase = stage.phase

    # What a module does: see evtui.canbus.packs.PowerUnit

    @property
    def state(self) -> StageState:
        """What the stage does now."""
        return self.stage.state

    def step(self, dt: float) -> StageState:
        """Go on for ``dt`` s."""
        state = self.parts.seen = self.stage.step(dt)
        if state.phase is not self._phase:
            self._phase = state.phase
            self.line.on_change()
        self.on_state(state)
        return state

    def trip(self) -> StageState:
        """Nobody steps the stage from here on: what it shows now is what it goes on showing."""
        state = self.parts.seen = self.stage.trip()
        if state.phase is not self._phase:
            self._phase = state.phase
            self.line.on_change()
        self.on_state(state)
        return state

    # What a person does

    def plug(self, vehicle: Vehicle | RecordedVehicle) -> None:
        """Plug a vehicle in; ValueError if another one is there."""
        self.stage.plug(vehicle)
        self.line.plugged = True
        self.line.on_change()

    def unplug(self) -> Vehicle | RecordedVehicle | None:
        """Take the vehicle away, under current if need be; returns it as it leaves.

        The contact of the control pilot opens before those that carry the current (IEC 62196-1).
        """
        self.line.plugged = False
        self.line.on_change()
        return self.stage.unplug()

    def replug(self) -> None:
        """Take the vehicle away and plug it in again, if there is one."""
        vehicle = self.unplug()
        if vehicle is not None:
            self.plug(vehicle)


def _nobody_listens(state: StageState) -> None:
    pass


def truth_teller(
    stream: EventStream, station: str, connector: ConnectorController
) -> Callable[[StageState], object]:
    """What publishes the truth of a power stage, and beside it what its station makes of it.

    Args:
        station: identity of the charge point.
        connector: the station's side, which is asked and not told.
    """
    number, now = connector.number, stream.now
    limiter, control, status = connector.limiter, connector.control, connector.status_report
    metering, meter = connector.metering, connector.metering.meter

    def tell(state: StageState) -> None:
        transaction = control.running
        stream.tell(
            Sample(
                seq=stream.number(),
                t=now(),
                source=station,
                cause=current_cause(),
                station=station,
                connector=number,
                current=state.current,
                limit=limiter.limit,
                target=state.target,
                voltage=state.voltage,
                power=state.power,
                energy=state.energy,
                temperature=state.temperature,
                contactor=state.contactor,
                status=status.status.value,
                reported=metering.reported,
                soc=state.soc,
                transaction_id=None if transaction is None else transaction.transaction_id,
                phase=state.phase,
                measured=meter.measured,
            )
        )

    return tell

"""The power stage: from a limit in A to current, voltage, power, energy and heat."""

from __future__ import annotations

import math

from ._checks import not_negative, positive
from .faults import CONTACT, Faults, Readings, input_share
from .heat import DERATE_FROM, connector_derating, derating
from .presets import Preset
from .recorded import RecordedBattery, RecordedVehicle
from .request import VehicleRequest
from .state import Phase, StageState
from .vehicle import Battery, ModelledBattery, Vehicle

OPENING_CURRENT = 0.1
"""A below which the contactor opens.

Below what the ``seed`` stage still carries when its next start comes (0.12 A, 3 s after a
stop), so that its waveform stays exact over the whole cycle.
"""

SOUND = Faults()
"""Nothing is broken."""

COOL = 0.5
"""K above the ambient air at which contacts are as if they had never been warm."""

FLOWING_CURRENT = 1.0
"""A above which the current flows, as the vehicle that counts interruptions sees it."""


class PowerStage:
    """The power stage of one connector and the vehicle at it.

    The current heads for the smallest of the limit, the rated current (less when the stage
    is hot) and what the vehicle takes.  Commands take effect at the next step, except for
    ``unplug``, after which no current flows at once.

    Args:
        preset: kind of power stage.
        vehicle: plugged in from the start; None for a free connector.
    """

    def __init__(self, preset: Preset, vehicle: Vehicle | RecordedVehicle | None = None) -> None:
        self._preset = preset
        self._limit: float | None = None
        self._phases = self._phases_to_use = preset.phases
        self._running = False
        self._energy = 0.0
        self._temperature = preset.cooling.ambient
        self._battery: ModelledBattery | RecordedBattery | None = None
        self._phase: Phase = Phase.UNPLUGGED
        self._contactor = False
        self._target = 0.0
        self._current = 0.0
        self._voltage = 0.0
        self._power = 0.0
        self._pilot = 0.0
        self._pilot_age = math.inf
        self._since_start = 0.0
        self._stopped = False
        self._flowing = False
        self._interruptions = 0
        self._faults: Faults | None = None
        self._contacts: float | None = None  # degrees Celsius, while they are warm
        self._aborted = False
        self._request: VehicleRequest | None = None
        if vehicle is not None:
            self.plug(vehicle)

    @property
    def faults(self) -> Faults:
        """What is broken."""
        return self._faults or SOUND

    @faults.setter
    def faults(self, faults: Faults) -> None:
        self._faults = None if faults == SOUND else faults
        if faults.contact is not None and self._contacts is None:
            self._contacts = self._preset.cooling.ambient

    @property
    def preset(self) -> Preset:
        """The kind of power stage."""
        return self._preset

    @property
    def vehicle(self) -> Vehicle | RecordedVehicle | None:
        """The vehicle at the connector with its present charge, None without one."""
        return None if self._battery is None else self._battery.vehicle

    @property
    def limit(self) -> float:
        """A the station allows: the preset's default until a limit is set."""
        return self._preset.default_limit if self._limit is None else self._limit

    @property
    def phase(self) -> Phase:
        """State of the session."""
        return self._phase

    @property
    def soc(self) -> float | None:
        """State of charge of the vehicle, per cent; None without one and for AC."""
        battery = self._battery
        return battery.soc if self._preset.ac is None and battery is not None else None

    @property
    def asked_voltage(self) -> float | None:
        """V that the vehicle asks a DC station for: its battery's; once it charges, the most."""
        battery = self._battery
        if battery is None or self._preset.ac is not None:
            return None
        return battery.full_voltage if self._contactor else battery.open_circuit_voltage()

    @property
    def state(self) -> StageState:
        """What the power stage does now."""
        preset, battery = self._preset, self._battery
        sound = self._faults is None and self._contacts is None
        return StageState(
            self._current,
            self._target,
            preset.default_limit if self._limit is None else self._limit,
            self._voltage if preset.ac is None else preset.ac.voltage * self.faults.supply,
            self._power,
            self._energy,
            battery.soc if preset.ac is None and battery is not None else None,
            self._temperature
            if sound
            else max(self._temperature, self._contacts or self._temperature),
            self._contactor,
            self._phase,
            self._running,
            None if preset.ac is None else self._phases,
            None if sound else self._readings(),
        )

    def _readings(self) -> Readings:
        faults = self.faults
        measured = self._temperature + faults.sensor_bias
        return Readings(measured, self._contacts, faults.insulation, faults.supply)

    def start(self) -> None:
        """Begin to charge; without a vehicle, as soon as one is plugged in."""
        self._running = True

    def stop(self) -> None:
        """Let the current fall and open the contactor once it has."""
        self._stopped |= self._running and self._battery is not None
        self._running = False

    def trip(self) -> StageState:
        """Its supply or controller fails: stopped, contactor open and 0 A at once.

        Returns:
            The state after it.
        """
        self.stop()
        self._disconnect()
        return self.state

    def set_limit(self, limit: float) -> None:
        """Allow at most ``limit`` A (per phase for AC), running or not.

        Raises:
            ValueError: for a limit that is negative or not finite.
        """
        self._limit = float(not_negative("limit (A)", limit))

    def use_phases(self, phases: int) -> None:
        """Have this many phases of an AC supply switched on, or all if it has fewer.

        The contactors of single phases are not moved under current, which can damage a vehicle
        (OCPP 1.6 section 3.13.7): it is offered none until what flows has ended.

        Raises:
            ValueError: for less than one.
        """
        self._phases_to_use = min(int(positive("phases", phases)), self._preset.phases)

    def plug(self, vehicle: Vehicle | RecordedVehicle) -> None:
        """Connect ``vehicle``.

        Raises:
            ValueError: if another one is connected.
        """
        if self._battery is not None:
            raise ValueError("a vehicle is already plugged in")
        battery = self._battery = vehicle.battery()
        self._request = None if battery.ramp is None else VehicleRequest(battery.ramp)
        self._phase = Phase.IDLE

    def unplug(self) -> Vehicle | RecordedVehicle | None:
        """Disconnect the vehicle, even under current, and end the session.

        Returns:
            The vehicle with the charge it leaves with, None if there was none.
        """
        vehicle = self.vehicle
        self._battery = self._request = None
        self._running = False
        self._disconnect()
        self._forget_session()
        return vehicle

    def switch(self, preset: Preset) -> None:
        """Become another kind of power stage, running or not.

        From DC to DC the current carries on where it is and moves by the new ramp.  Between
        AC and DC it is another outlet: the current ends at once and begins again at 0 A.
        What the vehicle holds against this session is forgotten, and all phases are in use.
        """
        if (preset.ac is None) != (self._preset.ac is None):
            self._disconnect()
        self._preset = preset
        self._phases = self._phases_to_use = preset.phases
        self._forget_session()

    def step(self, dt: float) -> StageState:
        """Go on for ``dt`` s; 0.1 s is usual, and steps above 1 s are coarse.

        Returns:
            The state after the step.

        Raises:
            ValueError: for a step that is not above 0 or not finite.
        """
        if not 0.0 < dt < math.inf:
            positive("step (s)", dt)
        power_before = self._power
        battery = self._battery
        if self._phases != self._phases_to_use and self._current <= OPENING_CURRENT:
            self._phases = self._phases_to_use
            self._pilot_age = math.inf
        faults = self._faults
        if battery is not None:
            if faults is not None and faults.silent and self._contactor:
                self._aborted = True  # by its own contactor, under current, until replugged
                self._disconnect()
            accepted = self._accepted_current(battery)
            self._phase = self._next_phase(battery, accepted, dt)
            offered = self._offered(dt) if self._phase is Phase.CHARGING else self._residual()
            self._target = min(offered, accepted)
            if self._request is not None:
                self._target = min(offered, self._asked_for(self._request, dt))
            if self._contactor:
                self._move(battery, dt, offered > 0.0)
        # Current and voltage move in straight lines within a step, closely enough.
        self._energy += (power_before + self._power) * dt / 7200.0
        self._temperature = self._preset.cooling.step(
            self._temperature, self._power, dt, 1.0 if faults is None else faults.fan
        )
        if self._contacts is not None:
            self._warm_contacts(self._contacts, dt)
        return self.state

    def _warm_contacts(self, temperature: float, dt: float) -> None:
        """What is lost in bad contacts heats them, until they are sound and cool."""
        ambient, contact = self._preset.cooling.ambient, self.faults.contact
        losses = self._current * self._current * (contact or 0.0)
        temperature = CONTACT.step(temperature, losses, ambient, dt)
        warm = contact is not None or temperature > ambient + COOL
        self._contacts = temperature if warm else None

    def _accepted_current(self, battery: Battery) -> float:
        """A that the vehicle takes now (per phase for AC)."""
        accepted = battery.accepted_current()
        ac = self._preset.ac
        if ac is None:
            return accepted
        watts = accepted * battery.open_circuit_voltage() / battery.onboard_efficiency
        return min(battery.max_ac_current, watts / ac.watts_per_ampere(self._phases))

    def _next_phase(self, battery: Battery, accepted: float, dt: float) -> Phase:
        refusal = self._refusal(battery, accepted)
        if self._running and refusal is None:
            return Phase.CHARGING if self._contactor else self._prepare(battery, dt)
        if self._contactor and (self._current > OPENING_CURRENT or self.faults.welded):
            return Phase.STOPPING
        self._disconnect()
        return refusal or Phase.IDLE

    def _refusal(self, battery: Battery, accepted: float) -> Phase | None:
        """Why the vehicle takes no current, None if it does or soon will."""
        if self._aborted or (self._faults is not None and self._faults.silent):
            return Phase.GAVE_UP if self._aborted and not self._running else Phase.IDLE
        session = self._preset.session
        if session is not None:
            if session.patience is not None and self._interruptions >= session.patience:
                return Phase.GAVE_UP
            if session.replug and self._stopped:
                return Phase.WANTS_REPLUG
        return Phase.FULL if accepted <= 0.0 and not battery.pausing else None

    def _prepare(self, battery: Battery, dt: float) -> Phase:
        """What has to pass before the contactor closes."""
        session = self._preset.session
        if session is not None:
            if self._since_start < session.cable_check:
                self._since_start += dt
                return Phase.CABLE_CHECK
            settled = battery.open_circuit_voltage()
            self._voltage = min(settled, self._voltage + session.precharge_slew * dt)
            if self._voltage < settled:
                return Phase.PRECHARGE
        self._contactor = True
        self._pilot_age = math.inf
        return Phase.CHARGING

    def _offered(self, dt: float) -> float:
        """A that the station offers to the vehicle now."""
        preset = self._preset
        ac = preset.ac
        offered = min(self.limit, preset.rated_current)
        if self._temperature > DERATE_FROM or self._faults or self._contacts is not None:
            offered = self._held_back(offered)
        if ac is None:
            return offered
        if self._phases != self._phases_to_use:
            return 0.0
        if offered < ac.min_current:
            offered = 0.0
        self._pilot_age += dt
        if offered != self._pilot and self._pilot_age >= ac.pilot_interval:
            self._pilot = offered
            self._pilot_age = 0.0
        return self._pilot

    def _held_back(self, offered: float) -> float:
        """What is left of ``offered`` A where something is hot, or broken."""
        preset, faults = self._preset, self.faults
        if preset.ac is None:
            offered = min(offered, preset.rated_current * input_share(faults.supply))
        offered *= derating(self._temperature + faults.sensor_bias)
        return offered if self._contacts is None else offered * connector_derating(self._contacts)

    def _move(self, battery: Battery, dt: float, offered: bool) -> None:
        """Move current, voltage, power and the vehicle's charge by ``dt`` s."""
        preset = self._preset
        before = self._current
        current = self._current = preset.ramp.step(before, self._target, dt)
        into_battery = (before + current) / 2.0
        if preset.ac is None:
            self._voltage = battery.voltage(current)
            faults = self._faults
            if faults is not None and faults.contact is not None:
                self._voltage += current * faults.contact
            self._power = self._voltage * current
        else:
            watts_per_ampere = preset.ac.watts_per_ampere(self._phases) * self.faults.supply
            self._power = watts_per_ampere * current
            into_battery *= (
                watts_per_ampere * battery.onboard_efficiency / battery.open_circuit_voltage()
            )
        battery.charge(into_battery, dt, offered)
        flowing = current > FLOWING_CURRENT
        self._interruptions += self._flowing and not flowing
        self._flowing = flowing

    def _disconnect(self) -> None:
        """Open the contactor, unless it is welded; the next start begins from nothing."""
        self._phase = Phase.UNPLUGGED if self._battery is None else Phase.IDLE
        self._contactor = self._contactor and self._battery is not None and self.faults.welded
        self._target = self._current = self._voltage = self._power = 0.0
        self._since_start = 0.0
        self._flowing = False

    def _asked_for(self, request: VehicleRequest, dt: float) -> float:
        """A that a vehicle with a ramp of its own asks a DC station for."""
        if self._phase is Phase.CHARGING and self._preset.ac is None:
            return request.step(self._target, dt)
        request.begin()
        return self._target

    def _residual(self) -> float:
        """A that flow although they should not: the contactor is welded."""
        if self._faults is None or self._aborted or not self._contactor:
            return 0.0
        return self._faults.residual

    def _forget_session(self) -> None:
        """Forget what the vehicle counts between plugging in and unplugging."""
        self._interruptions = 0
        self._stopped = self._aborted = False

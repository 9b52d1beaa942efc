"""A vehicle that takes what a measured session shows.  Pure."""

from __future__ import annotations

from array import array
from collections.abc import Iterator, Sequence
from copy import copy
from math import sqrt

from msgspec.structs import replace

from .curve import ChargingCurve, integral, interpolate
from .vehicle import Vehicle

__all__ = ["RecordedBattery", "RecordedVehicle"]


class RecordedVehicle:
    """A vehicle as it arrives, whose battery goes through a measured session.

    Two things move on, each along its own axis:

    * What the battery *accepts* follows the recording over charging time: the time in which the
      contactor is closed and the station offers current.  A pause by the station (a limit of
      0 A, a stop, unplugging) halts it, and afterwards it goes on where it was; a pause in the
      recording itself passes by.  At the end of the recording the vehicle is full.
    * *Voltage and state of charge* follow the charge delivered, so that they stay true when the
      station gives less than the vehicle would take.  A recorded voltage holds for the recorded
      current: with less of it, less drops over the battery's resistance.

    Args:
        curve: the measured session.
        model: stands for what was not measured: voltage or state of charge, the resistance, the
            on-board charger.  Its ``max_current`` does not count.

    Raises:
        ValueError: measured current and voltage cannot belong to such a battery.
    """

    __slots__ = ("_model", "_session", "delivered", "elapsed")

    def __init__(self, curve: ChargingCurve, model: Vehicle | None = None) -> None:
        self._model = model or Vehicle()
        self._session = _Session(curve, self._model)
        self.elapsed = 0.0
        """Charging time so far, s."""
        self.delivered = 0.0
        """Charge taken so far, Ah."""

    @property
    def soc(self) -> float:
        """State of charge, per cent."""
        return self.battery().soc

    def battery(self) -> RecordedBattery:
        """Its battery, once it is plugged in."""
        return RecordedBattery(self, self._session, self._model)

    def going_on(self, *, elapsed: float, delivered: float, soc: float) -> RecordedVehicle:
        """The same vehicle at another place of its session: s, Ah, per cent."""
        later = copy(self)
        later.elapsed = elapsed
        later.delivered = delivered
        later._model = replace(self._model, soc=soc)
        return later

    def parameters(self) -> dict[str, float | str]:
        """Name with unit to value, for the record."""
        session = self._session
        curve = session.curve
        model = self._model.parameters()
        for name in list(model):
            if name == "max_current_a" or name.startswith("request_"):
                del model[name]
        return model | {
            "kind": "recorded",
            "soc_pct": self.soc,
            "origin": curve.origin,
            "accepts": "power" if curve.current is None else "current",
            "voltage": "modelled" if curve.voltage is None else "recorded",
            "state_of_charge": "modelled" if curve.state_of_charge is None else "recorded",
            "rows": len(curve.time),
            "duration_s": session.end,
            "charge_ah": session.charge[-1],
            "elapsed_s": self.elapsed,
            "delivered_ah": self.delivered,
        }


class RecordedBattery:
    """The :class:`~evtui.power.vehicle.Battery` of a :class:`RecordedVehicle`."""

    ramp = None  # the recording is what it asks for

    __slots__ = (
        "_arrived",
        "_delivered",
        "_elapsed",
        "_model",
        "_session",
        "max_ac_current",
        "onboard_efficiency",
        "soc",
    )

    def __init__(self, vehicle: RecordedVehicle, session: _Session, model: Vehicle) -> None:
        self._arrived = vehicle
        self._session = session
        self._model = model
        self._elapsed = vehicle.elapsed
        self._delivered = vehicle.delivered
        self.soc = model.soc
        self.max_ac_current = model.max_ac_current
        self.onboard_efficiency = model.onboard_efficiency
        self._look_up_soc()

    @property
    def vehicle(self) -> RecordedVehicle:
        """The vehicle where its session is now."""
        return self._arrived.going_on(
            elapsed=self._elapsed, delivered=self._delivered, soc=self.soc
        )

    @property
    def pausing(self) -> bool:
        """True until the recording is over: a vehicle that takes nothing will take more."""
        return self._elapsed < self._session.end

    @property
    def full_voltage(self) -> float:
        """V that it takes at most: of the model, or what was recorded if that is more."""
        return max(self._model.full_voltage, self.open_circuit_voltage())

    def accepted_current(self) -> float:
        """A that it takes now from a DC station; 0 after the end of the recording."""
        session = self._session
        if self._elapsed >= session.end:
            return 0.0
        return interpolate(session.time, session.current, self._elapsed)

    def open_circuit_voltage(self) -> float:
        """V without current."""
        session = self._session
        if session.open_circuit is None:
            return self._model.open_circuit_voltage(self.soc)
        return interpolate(session.charge, session.open_circuit, self._delivered)

    def voltage(self, current: float) -> float:
        """V while ``current`` A flow in."""
        return self.open_circuit_voltage() + current * self._model.resistance

    def charge(self, current: float, dt: float, offered: bool) -> None:
        """Take ``current`` A for ``dt`` s.

        Args:
            offered: False while the station gives nothing, which halts the recording.
        """
        if offered:
            self._elapsed += dt
        self._delivered += current * dt / 3600.0
        if self._session.state_of_charge is None:
            self.soc = self._model.charged(self.soc, current, dt)
        else:
            self._look_up_soc()

    def _look_up_soc(self) -> None:
        recorded = self._session.state_of_charge
        if recorded is not None:
            self.soc = interpolate(self._session.charge, recorded, self._delivered)


class _Session:
    """A measured session, completed by a model and ready to look things up in.

    Attributes:
        time: s; ``current`` in A goes with it.
        end: s, the last of it.
        charge: Ah taken until then; ``open_circuit`` in V and ``state_of_charge`` in per cent go
            with it, None where they are modelled.
    """

    __slots__ = ("charge", "current", "curve", "end", "open_circuit", "state_of_charge", "time")

    def __init__(self, curve: ChargingCurve, model: Vehicle) -> None:
        self.curve = curve
        self.time = curve.time
        self.end = curve.time[-1]
        self.current: Sequence[float] = curve.current or array("d", _currents(curve, model))
        self.charge = array("d", (a / 3600.0 for a in integral(curve.time, self.current)))
        self.state_of_charge = curve.state_of_charge
        self.open_circuit: Sequence[float] | None = None
        if curve.voltage is not None:
            rows = zip(curve.voltage, self.current, strict=True)
            self.open_circuit = array("d", (v - i * model.resistance for v, i in rows))
            lowest = min(self.open_circuit)
            if lowest <= 0.0:
                row = self.open_circuit.index(lowest)
                volts, amperes = curve.voltage[row], self.current[row]
                raise ValueError(
                    f"{curve.origin}: {curve.time[row]:g} s after charging began {volts:g} V and "
                    f"{amperes:,.1f} A leave {lowest:,.1f} V behind a resistance of "
                    f"{model.resistance:g} ohm; say another unit: or a smaller resistance_ohm:"
                )


def _currents(curve: ChargingCurve, model: Vehicle) -> Iterator[float]:
    """A of a session whose power was measured, at its measured or modelled voltage."""
    assert curve.power is not None
    soc, before, current = model.soc, 0.0, 0.0
    for row, power in enumerate(curve.power):
        if curve.voltage is not None:
            yield power / curve.voltage[row]
            continue
        if curve.state_of_charge is not None:
            soc = curve.state_of_charge[row]
        else:
            soc = model.charged(soc, current, curve.time[row] - before)
            before = curve.time[row]
        current = _current_at(power, model.open_circuit_voltage(soc), model.resistance)
        yield current


def _current_at(power: float, open_circuit: float, resistance: float) -> float:
    """A at which ``power`` W go into a battery: ``P = (V_open + I R) I``."""
    return (sqrt(open_circuit**2 + 4.0 * resistance * power) - open_circuit) / (2.0 * resistance)

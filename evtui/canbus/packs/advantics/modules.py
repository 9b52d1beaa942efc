"""The power modules behind one pistol, as their own controller sums them up.  Pure."""

from __future__ import annotations

from collections.abc import Sequence
from math import inf

import msgspec

from evtui.canbus.packs.advantics.messages import (
    ChargeSessionFinished,
    Content,
    ControllerStatus,
    DcPowerControl,
    DcPowerParameters,
    EmergencyStop,
    Function,
    NewChargeSession,
    PowerModulesStatus,
)
from evtui.canbus.packs.sharing import ModuleRating

__all__ = ["WATCHDOG", "AdvanticsModules", "Measured"]

WATCHDOG = 0.2
"""s without a controller status after which every power function stops."""

SLACK = 0.005
"""s that a status may come later than it should, behind others on the bus.

So one lost status, which leaves 200 ms between two, stops nothing; two do.
"""

SLEW = 5000.0
"""V/s by which the free output moves.

The vendor's simulator has 200 V/s up and 100 V/s down.  Here what a session takes before current
flows is the power stage's to say (preset ``ccs``), so the protocol's part of it is kept short.
"""

ENCLOSURE = 5.0
"""K that the enclosure is cooler than the modules, as far as it can be."""

SOUND = 510
"""kOhm that stand for a good insulation."""


class Measured(msgspec.Struct, frozen=True, kw_only=True):
    """What the modules measure.

    Attributes:
        voltage: V at the output of the unit while its contactor is closed, else 0.
        current: A.
        temperature: degrees Celsius.
        insulation: ohm between output and earth; None for more than can be measured.
    """

    voltage: float = 0.0
    current: float = 0.0
    temperature: float = 25.0
    insulation: float | None = None


class AdvanticsModules:
    """The state of all modules of a pistol; time goes in with each call, nothing else passes it.

    New_Charge_Session wakes them up.  From then on they do what DC_Power_Control said last, as long
    as the controller's status comes: without it for 200 ms every power function stops, and they are
    not enabled until they are woken again.  The same after an emergency stop, for which the
    protocol has no end, and while every module has failed.

    Args:
        ratings: of each module.
        watchdog: s.
        slew: V/s of the free output.

    Attributes:
        enabled: what Power_Modules_Status says.
        measured: what they measure; whoever drives them keeps that up to date.
        failed: places, from 0, of those that have failed.
    """

    def __init__(
        self, ratings: Sequence[ModuleRating], *, watchdog: float = WATCHDOG, slew: float = SLEW
    ) -> None:
        self.measured = Measured()
        self.failed: frozenset[int] = frozenset()
        self._ratings = tuple(ratings)
        self._watchdog = watchdog
        self._slew = slew
        self._awake = False
        self._control: DcPowerControl | None = None
        self._heard: float | None = None
        self._free = 0.0  # V at the output while no current flows
        self._told: DcPowerParameters | None = None

    @property
    def count(self) -> int:
        """How many there are."""
        return len(self._ratings)

    @property
    def enabled(self) -> bool:
        """They are awake and can do what they are told."""
        return self._awake and len(self.failed) < len(self._ratings)

    @property
    def powering(self) -> bool:
        """Some power function is asked for."""
        return self._function() not in (Function.OFF, Function.STANDBY)

    @property
    def due(self) -> float:
        """s at which the watchdog acts if nothing is heard; inf while there is nothing to stop."""
        if not self.powering:
            return inf
        return -inf if self._heard is None else self._heard + self._watchdog + SLACK

    def watch(self, now: float) -> bool:
        """Look at the clock; True when a power function has just been stopped."""
        if now < self.due:
            return False
        self._stop()
        return True

    def hear(self, content: Content, now: float) -> None:
        """Obey the controller."""
        match content:
            case ControllerStatus():
                self._heard = now
            case NewChargeSession():
                self._awake = True
            case DcPowerControl():
                self._control = content
            case EmergencyStop() | ChargeSessionFinished():
                self._stop()
            case _:
                pass

    def wanted(self) -> float | None:
        """A that the unit is to give, None for nothing at all.

        Current flows in power transfer only; charging it is: a negative set-point is 0 A here.
        """
        control = self._control
        if control is None or self._function() != Function.POWER_TRANSFER:
            return None
        output = self.measured.voltage
        if output > control.voltage:
            return 0.0
        return max(0.0, min(control.current_max, sum(self.capacities())))

    def move(self, dt: float) -> None:
        """Let the free output follow what is asked for."""
        control, function = self._control, self._function()
        if function == Function.POWER_TRANSFER and self.measured.voltage > 0.0:
            self._free = self.measured.voltage
            return
        aim = self._free  # in standby it floats
        if control is None or function == Function.OFF or control.lowering:
            aim = 0.0
        elif function in (Function.INSULATION_TEST, Function.PRECHARGE):
            aim = min(control.voltage, self._voltage_max())
        step = self._slew * dt
        self._free += max(-step, min(step, aim - self._free))

    def status(self) -> PowerModulesStatus:
        """What they say every 100 ms."""
        measured = self.measured
        temperature = max(-40, min(215, round(measured.temperature)))
        insulation = SOUND
        if measured.insulation is not None:
            insulation = min(SOUND, 2 * int(measured.insulation / 2000.0))
        return PowerModulesStatus(
            min(self._free, 6553.5),
            min(measured.current, 3276.7),
            temperature,
            max(-40, temperature - int(ENCLOSURE)),
            self.enabled,
            insulation,
        )

    def parameters(self) -> DcPowerParameters | None:
        """Their limits, when they have changed since the last call.

        In whole A: the voltage moves all the time, and with it what their power allows.
        """
        most = float(int(min(sum(self.capacities()), 3276.0) + 1e-6))
        told = DcPowerParameters(self._voltage_max(), most, 0.0, most)
        if told == self._told:
            return None
        self._told = told
        return told

    def capacities(self) -> tuple[float, ...]:
        """A that each can give at the present voltage."""
        voltage = self.measured.voltage
        return tuple(
            0.0 if place in self.failed else rating.current_at(voltage)
            for place, rating in enumerate(self._ratings)
        )

    def _function(self) -> int:
        if self._control is None or not self.enabled:
            return Function.OFF
        return self._control.function

    def _stop(self) -> None:
        self._awake = False
        self._control = None

    def _voltage_max(self) -> float:
        return float(min(rating.voltage_max for rating in self._ratings))

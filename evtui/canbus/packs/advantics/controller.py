"""A charge controller (SECC) of one pistol: the sequence of a session, step by step.  Pure."""

from __future__ import annotations

from collections.abc import Callable

from evtui.canbus.packs.advantics.messages import (
    Battery,
    BatteryVoltages,
    ChargeLimits,
    ChargeSessionFinished,
    ChargeStatusChange,
    Content,
    ControllerState,
    ControllerStatus,
    DcPowerControl,
    DcPowerParameters,
    EmergencySource,
    EmergencyStop,
    Function,
    NewChargeSession,
    PowerModulesStatus,
)
from evtui.station import Capabilities, ChargerFault, ChargerReport, ChargerState

__all__ = ["CYCLE", "SILENCE", "AdvanticsController"]

CYCLE = 0.1
"""s between two steps: the period of 0x6B000 and 0x6B003."""

SILENCE = 1.0
"""s without a status of the modules that end a session: ten periods.

The vendor does not publish its own.
"""

TEST_VOLTAGE = 500.0
"""V of the insulation test (a charger's default maximum)."""

INSULATION_SAMPLES = 3
"""Statuses with a good insulation that end the test.

The vendor's text says 10 and its diagram 50; here the power stage's preset says how long a cable
check takes.
"""

INSULATION_LIMIT = 100
"""kOhm, of CCS."""

TEST_TIME = 10.0
"""s after which the insulation test has failed."""

LOW_VOLTAGE = 20.0
"""V to which the output is lowered, and within which a vehicle closes its contactors."""

BATTERY_VOLTAGE = 400.0
"""V that the vehicle asks for in precharge: a lab has no line to the vehicle to learn it from."""

PRECHARGE_CURRENT = 2.0
"""A at most in precharge (IEC 61851-23)."""

VOLTAGE = 1000.0
"""V that the output may have at most until the modules have told theirs."""

_Step = Callable[[], list[Content]]

_NOTHING = DcPowerControl(0.0, 0.0, 0.0, Function.STANDBY)
_CLOSED = DcPowerControl(0.0, 0.0, 0.0, Function.STANDBY, contactors_closed=True)
_LOWERING = DcPowerControl(0.0, 0.0, 0.0, Function.STANDBY, lowering=True)


class AdvanticsController:
    """Goes through a session's states, one step each 100 ms.

    A start takes about 1.2 s until current may flow: wake-up, insulation test, lowering,
    precharge.  System_Enable taken back during a session, silence of the modules or a bad
    insulation end it with an emergency stop, which lasts until it is told to stop.

    Attributes:
        state: what 0x6B000 says.
        status: what the modules said last; None before they have.
    """

    def __init__(self) -> None:
        self.state = ControllerState.WAITING_FOR_VEHICLE
        self.status: PowerModulesStatus | None = None
        self._parameters: DcPowerParameters | None = None
        self._heard = 0.0
        self._now = 0.0
        self._run = False
        self._again = False
        self._tell_end = False
        self._limit = 0.0
        self._voltage: float | None = None
        self._step: _Step = self._idle
        self._begun = 0.0
        self._good = 0
        self._fault: ChargerFault | None = None

    # Orders

    def start(self) -> None:
        """Begin a session, or a new one when the running one has ended or is an emergency."""
        self._run = True
        self._again = self._fault is not None

    def stop(self) -> None:
        """End the session, and an emergency with it.

        Where there is none the modules are told so: somebody else may have made them one.
        """
        self._run = False
        self._tell_end = self._step == self._idle

    def set_limits(self, current: float, voltage: float | None) -> None:
        """What may flow from the next step on; A and V, to a tenth and never more."""
        self._limit = min(int(current * 10 + 1e-6) / 10, 3276.7)
        self._voltage = voltage

    # The bus

    def hear(self, content: Content, now: float) -> bool:
        """Take what the modules say; True when it tells something about the output."""
        if isinstance(content, DcPowerParameters):
            self._parameters = content
        if not isinstance(content, PowerModulesStatus):
            return False
        self.status, self._heard = content, now
        good = content.insulation >= INSULATION_LIMIT and content.voltage >= 0.9 * TEST_VOLTAGE
        self._good = self._good + 1 if good else 0
        return True

    def step(self, now: float) -> list[Content]:
        """What is to be sent now; called every 100 ms."""
        self._now = now
        if self._step in self._guarded and (fault := self._trouble()):
            self._fault = fault
            self._step = self._emergency
        elif not self._run and self._step in self._before:
            self._step = self._end_open
        contents = self._step()
        return [ControllerStatus(self.state), *contents]

    # What is known

    def report(self) -> ChargerReport:
        """What the modules say."""
        status = self.status
        assert status is not None, "nobody reports before it has heard something"
        parameters = self._parameters
        return ChargerReport(
            max(0.0, status.current),
            status.voltage,
            float(max(status.module_temperature, status.enclosure_temperature)),
            self._told_state(),
            faults=() if self._fault is None else (self._fault,),
            available=None if parameters is None else parameters.charge_current_max or None,
        )

    @property
    def capabilities(self) -> Capabilities:
        """What the modules have told of their limits."""
        parameters = self._parameters
        return Capabilities(
            current_max=parameters.charge_current_max or None if parameters else None,
            voltage_max=parameters.voltage_max or None if parameters else None,
            sets_voltage=True,
            tells_voltage=True,
            tells_temperature=True,
            tells_state=True,
        )

    def _told_state(self) -> ChargerState:
        if self._fault is not None:
            return ChargerState.FAULT
        if self._step == self._charge:
            return ChargerState.DELIVERING
        return ChargerState.OFF if self._step == self._idle else ChargerState.STANDBY

    # The sequence

    @property
    def _guarded(self) -> tuple[_Step, ...]:
        """Steps in which the modules must be enabled and heard."""
        return (
            self._prepare,
            self._test_insulation,
            self._lower,
            self._precharge,
            self._begin,
            self._charge,
        )

    @property
    def _before(self) -> tuple[_Step, ...]:
        """Steps before current flows, in which a stop ends the session."""
        return self._negotiate, self._wake, *self._guarded[:-2]

    def _trouble(self) -> ChargerFault | None:
        if self.status is None or self._now - self._heard > SILENCE:
            return ChargerFault.COMMUNICATION
        if not self.status.enabled:
            return ChargerFault.VENDOR_ERROR  # the protocol has no word for which
        bad = self.status.insulation < INSULATION_LIMIT
        if self._step == self._test_insulation:
            bad = bad and self._now - self._begun > TEST_TIME
        return ChargerFault.VENDOR_ERROR if bad else None

    def _go(self, step: _Step, state: ControllerState | None = None) -> None:
        self._step, self._begun = step, self._now
        if state is not None:
            self.state = state

    def _idle(self) -> list[Content]:
        self.state = ControllerState.WAITING_FOR_VEHICLE
        self._fault = None
        if self._run:
            self._go(self._negotiate, ControllerState.NEGOTIATING)
            return []
        if not self._tell_end:
            return []
        self._tell_end = False
        return [_NOTHING, ChargeSessionFinished(rushed=False)]

    def _negotiate(self) -> list[Content]:
        self._go(self._wake)
        # Said once a session; 0 is what a vehicle has not told.
        about: list[Content] = [
            Battery(0, 0),
            BatteryVoltages(0.0, 0.0, 0.0),
            ChargeLimits(0.0, 0.0, 0, 0),
        ]
        return [NewChargeSession(protocol=2, plug=1), *about]

    def _wake(self) -> list[Content]:
        if self.status is None or not self.status.enabled:
            return [NewChargeSession(protocol=2, plug=1)]
        self._go(self._prepare, ControllerState.CONNECTED)
        return [_NOTHING]

    def _prepare(self) -> list[Content]:
        self._good = 0
        self._go(self._test_insulation, ControllerState.INSULATION_TEST)
        return self._test_insulation()

    def _test_insulation(self) -> list[Content]:
        if self._good >= INSULATION_SAMPLES:
            self._go(self._lower)
            return self._lower()
        function = Function.INSULATION_TEST
        return [DcPowerControl(TEST_VOLTAGE, 0.0, 0.0, function, contactors_closed=True)]

    def _lower(self) -> list[Content]:
        if self._output() > LOW_VOLTAGE:
            return [_LOWERING]
        self._go(self._precharge, ControllerState.PRECHARGE)
        return self._precharge()

    def _precharge(self) -> list[Content]:
        if abs(self._output() - BATTERY_VOLTAGE) <= LOW_VOLTAGE:
            self._go(self._begin, ControllerState.WAITING_FOR_CHARGE)
            return [_CLOSED]
        control = DcPowerControl(
            BATTERY_VOLTAGE,
            PRECHARGE_CURRENT,
            0.0,
            Function.PRECHARGE,
            ranged=True,
            contactors_closed=True,
        )
        return [control]

    def _begin(self) -> list[Content]:
        self._go(self._charge, ControllerState.CHARGING)
        return [ChargeStatusChange(started=True), *self._charge()]

    def _charge(self) -> list[Content]:
        if not self._run:
            self._go(self._end_closed, ControllerState.ENDING)
            return [ChargeStatusChange(started=False), _CLOSED]
        limit = self._limit
        transfer = Function.POWER_TRANSFER
        return [
            DcPowerControl(self._volts(), limit, limit, transfer, contactors_closed=True),
        ]

    def _end_closed(self) -> list[Content]:
        self._go(self._end_lowering)
        return [_NOTHING]

    def _end_open(self) -> list[Content]:
        self._go(self._end_lowering, ControllerState.ENDING)
        return [_NOTHING]

    def _end_lowering(self) -> list[Content]:
        self._go(self._finish)
        return [_LOWERING]

    def _finish(self) -> list[Content]:
        self._again = False
        self._go(self._idle, ControllerState.CLOSING)
        return [ChargeSessionFinished(rushed=self._fault is not None)]

    def _emergency(self) -> list[Content]:
        self.state = ControllerState.ENDING
        if self._run and not self._again:
            return [EmergencyStop(EmergencySource.STATION), _NOTHING]
        return self._finish()

    def _output(self) -> float:
        return 0.0 if self.status is None else self.status.voltage

    def _volts(self) -> float:
        told = self._parameters
        highest = told.voltage_max if told is not None and told.voltage_max else VOLTAGE
        return highest if self._voltage is None else min(self._voltage, highest)

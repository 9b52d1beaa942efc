"""Controller and modules of ADVANTICS against each other, as pure steps of 100 ms."""

from __future__ import annotations

from math import inf

import pytest
from hypothesis import given
from hypothesis import strategies as st

from evtui.canbus.packs.advantics import (
    AdvanticsController,
    AdvanticsModules,
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
    Measured,
    NewChargeSession,
    PowerModulesStatus,
)
from evtui.canbus.packs.sharing import ModuleRating
from evtui.station import ChargerFault, ChargerState

PLATE = ModuleRating(voltage_max=500, voltage_min=150, current_max=60.0, power=24_000.0)
BATTERY = 380.0
TRANSFER = Function.POWER_TRANSFER


class Session:
    """The two ends, and a battery that takes what the modules give."""

    def __init__(self, modules: int = 2) -> None:
        self.controller = AdvanticsController()
        self.modules = AdvanticsModules([PLATE] * modules)
        self.now = 0.0
        self.said: list[Content] = []
        self.deaf = False

    def step(self, count: int = 1) -> None:
        for _ in range(count):
            for content in self.controller.step(self.now):
                self.said.append(content)
                if not self.deaf:
                    self.modules.hear(content, self.now)
            self.now = round(self.now + 0.1, 6)
            self.modules.watch(self.now)
            wanted = self.modules.wanted()
            if wanted is None:
                self.modules.measured = Measured()
            else:
                self.modules.measured = Measured(voltage=BATTERY, current=wanted)
            self.modules.move(0.1)
            for told in (self.modules.status(), self.modules.parameters()):
                if told is not None:
                    self.controller.hear(told, self.now)

    def charging(self, current: float = 50.0) -> Session:
        self.controller.set_limits(current, None)
        self.controller.start()
        self.step(20)
        assert self.current == current
        return self

    @property
    def current(self) -> float:
        return self.modules.measured.current

    def states(self) -> list[int]:
        """What 0x6B000 said, each once."""
        states: list[int] = []
        for content in self.said:
            if isinstance(content, ControllerStatus) and states[-1:] != [content.state]:
                states.append(content.state)
        return states

    def functions(self) -> list[tuple[int, bool, bool]]:
        """What 0x6B003 asked for, each once: function, contactors, lowering."""
        functions: list[tuple[int, bool, bool]] = []
        for content in self.said:
            if isinstance(content, DcPowerControl):
                asked = (content.function, content.contactors_closed, content.lowering)
                functions += [asked] * (functions[-1:] != [asked])
        return functions


def test_a_session_goes_through_the_states_and_functions_of_the_protocol() -> None:
    session = Session()
    session.step(3)
    session.charging()
    session.controller.stop()
    session.step(10)
    assert session.states() == [1, 2, 3, 4, 5, 6, 7, 8, 10, 1]
    standby = Function.STANDBY
    assert session.functions() == [
        (standby, False, False),
        (Function.INSULATION_TEST, True, False),
        (standby, False, True),
        (Function.PRECHARGE, True, False),
        (standby, True, False),
        (TRANSFER, True, False),
        (standby, True, False),
        (standby, False, False),
        (standby, False, True),
    ]
    once = [each for each in session.said if isinstance(each, ChargeStatusChange)]
    assert once == [ChargeStatusChange(started=True), ChargeStatusChange(started=False)]
    assert session.said.count(ChargeSessionFinished(rushed=False)) == 1


def test_the_status_comes_with_every_step_and_the_wake_up_until_it_is_obeyed() -> None:
    session = Session()
    session.deaf = True
    session.controller.start()
    session.step(20)
    statuses = [each for each in session.said if isinstance(each, ControllerStatus)]
    assert len(statuses) == 20
    wake_ups = [each for each in session.said if isinstance(each, NewChargeSession)]
    assert len(wake_ups) == 19
    session.deaf = False
    session.step(20)
    assert session.controller.state == ControllerState.CHARGING
    assert sum(isinstance(each, NewChargeSession) for each in session.said) == 20


def test_current_flows_a_second_after_the_start_and_not_before_the_transfer() -> None:
    session = Session()
    session.controller.set_limits(50.0, None)
    session.controller.start()
    while not session.current:
        session.step()
        assert session.now < 1.5
    assert session.controller.state == ControllerState.CHARGING


@given(st.floats(0, 500))
def test_the_set_point_is_never_more_than_the_limit(limit: float) -> None:
    session = Session()
    session.controller.set_limits(limit, None)
    session.controller.start()
    session.step(15)
    control = next(each for each in reversed(session.said) if isinstance(each, DcPowerControl))
    assert limit - 0.1 - 1e-6 <= control.current_max <= limit + 1e-6
    assert control.current_min == control.current_max, "target mode"


def test_a_limit_holds_from_the_next_cycle_on() -> None:
    session = Session().charging(50.0)
    session.controller.set_limits(0.0, None)
    session.step()
    assert session.current == 0.0
    session.controller.set_limits(20.0, 390.0)
    session.step()
    assert session.current == 20.0
    session.controller.set_limits(20.0, 370.0)
    session.step()
    assert session.current == 0.0, "the battery has a higher voltage than the output may have"


def test_all_modules_together_give_no_more_than_their_power() -> None:
    session = Session()
    session.controller.set_limits(500.0, None)
    session.controller.start()
    session.step(20)
    assert session.current == 120.0
    session.modules.failed = frozenset({0})
    session.step(2)
    assert session.current == 60.0
    assert session.controller.report().available == 60.0
    assert session.controller.report().state is ChargerState.DELIVERING


def test_two_lost_statuses_stop_the_modules_and_end_the_session() -> None:
    session = Session().charging()
    session.deaf = True
    session.step()
    assert session.current, "one is not enough"
    session.step()
    assert not session.current
    assert not session.modules.enabled
    session.deaf = False
    session.step(2)
    report = session.controller.report()
    assert (report.state, report.faults) == (ChargerState.FAULT, (ChargerFault.VENDOR_ERROR,))
    assert EmergencyStop(EmergencySource.STATION) in session.said
    session.controller.stop()
    session.step(2)
    assert ChargeSessionFinished(rushed=True) in session.said
    assert session.controller.report().state is ChargerState.OFF
    session.charging()


def test_a_session_that_somebody_else_has_made_ends_with_a_stop() -> None:
    session = Session()
    session.step()
    session.modules.hear(NewChargeSession(2, 1), session.now)
    forged = DcPowerControl(500.0, 50.0, 50.0, TRANSFER, contactors_closed=True)
    session.modules.hear(forged, session.now)
    session.step(20)
    assert session.current == 50.0
    session.controller.stop()
    session.step(2)
    assert session.current == 0.0
    assert not session.modules.enabled
    assert session.said.count(ChargeSessionFinished(rushed=False)) == 1


def test_a_start_in_an_emergency_begins_a_new_session() -> None:
    session = Session().charging()
    session.deaf = True
    session.step(3)
    session.deaf = False
    session.step(5)
    assert session.current == 0.0
    session.charging()
    assert session.said.count(ChargeSessionFinished(rushed=True)) == 1


def test_silence_of_power_control_alone_stops_nothing() -> None:
    modules = AdvanticsModules([PLATE])
    modules.hear(ControllerStatus(7), 0.0)
    modules.hear(NewChargeSession(2, 1), 0.0)
    modules.hear(DcPowerControl(500.0, 50.0, 50.0, TRANSFER, contactors_closed=True), 0.0)
    for tenth in range(1, 601):
        modules.hear(ControllerStatus(7), tenth / 10)
        assert not modules.watch(tenth / 10 + 0.05)
    assert modules.wanted() == 50.0


def test_power_is_given_to_nobody_whose_status_was_never_heard() -> None:
    modules = AdvanticsModules([PLATE])
    modules.hear(NewChargeSession(2, 1), 0.0)
    assert modules.due == inf, "there is nothing to stop"
    modules.hear(DcPowerControl(500.0, 50.0, 50.0, TRANSFER, contactors_closed=True), 0.0)
    assert modules.watch(0.0)
    assert modules.wanted() is None


def test_modules_that_fail_all_together_are_the_only_fault_there_is_a_word_for() -> None:
    session = Session().charging()
    session.modules.failed = frozenset({0, 1})
    session.step(2)
    assert session.current == 0.0
    assert session.controller.report().state is ChargerState.FAULT


def test_modules_that_fall_silent_end_the_session_after_a_second() -> None:
    session = Session().charging()
    controller = session.controller
    for tenth in range(1, 10):
        controller.step(session.now + tenth / 10)
    assert controller.report().state is ChargerState.DELIVERING
    controller.step(session.now + 1.1)
    assert controller.report().faults == (ChargerFault.COMMUNICATION,)


@pytest.mark.parametrize("insulation", [60_000.0, 99_000.0])
def test_a_bad_insulation_while_charging_is_an_emergency(insulation: float) -> None:
    session = Session().charging()
    for ohm in (101_000.0, insulation):
        status = AdvanticsModules([PLATE])
        status.measured = Measured(insulation=ohm)
        told = status.status()
        session.controller.hear(
            PowerModulesStatus(380.0, 50.0, 30, 25, True, told.insulation), session.now
        )
        contents = session.controller.step(session.now)
        emergency = EmergencyStop(EmergencySource.STATION) in contents
        assert emergency == (ohm < 100_000.0)


def test_an_emergency_stop_ends_with_a_new_session() -> None:
    session = Session().charging()
    session.modules.hear(EmergencyStop(EmergencySource.VEHICLE), session.now)
    assert session.modules.wanted() is None
    assert not session.modules.status().enabled
    session.modules.hear(NewChargeSession(2, 1), session.now)
    assert session.modules.status().enabled


def test_a_stop_before_anything_flows_ends_the_session_cleanly() -> None:
    for steps in range(1, 12):
        session = Session()
        session.controller.start()
        session.step(steps)
        session.controller.stop()
        session.step(8)
        assert session.controller.state == ControllerState.WAITING_FOR_VEHICLE, steps
        assert not session.current
        assert ChargeSessionFinished(rushed=True) not in session.said
        session.charging()


def test_limits_are_told_when_they_change() -> None:
    modules = AdvanticsModules([PLATE, PLATE])
    assert modules.parameters() == DcPowerParameters(500.0, 120.0, 0.0, 120.0)
    assert modules.parameters() is None
    modules.failed = frozenset({1})
    assert modules.parameters() == DcPowerParameters(500.0, 60.0, 0.0, 60.0)


def test_the_output_floats_in_standby_and_is_lowered_when_asked() -> None:
    modules = AdvanticsModules([PLATE], slew=1000.0)
    modules.hear(ControllerStatus(4), 0.0)
    modules.hear(NewChargeSession(2, 1), 0.0)
    modules.hear(DcPowerControl(450.0, 0.0, 0.0, Function.INSULATION_TEST), 0.0)
    voltages = []
    for _ in range(6):
        modules.move(0.1)
        voltages.append(modules.status().voltage)
    assert voltages == [100.0, 200.0, 300.0, 400.0, 450.0, 450.0]
    modules.hear(DcPowerControl(0.0, 0.0, 0.0, Function.STANDBY), 0.0)
    modules.move(0.1)
    assert modules.status().voltage == 450.0
    modules.hear(DcPowerControl(0.0, 0.0, 0.0, Function.STANDBY, lowering=True), 0.0)
    for _ in range(5):
        modules.move(0.1)
    assert modules.status().voltage == 0.0

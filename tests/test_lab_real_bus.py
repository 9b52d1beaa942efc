"""A lab that has joined a real bus: who is on it, and what must be armed before."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import can
import pytest

from evtui import Lab, Settings
from evtui.canbus import gateway
from evtui.canbus.packs import infy
from evtui.commands import by_name
from evtui.events import AnomalyState, CanInterfaceState, Note, Sample
from evtui.lab import CommandError, real_module
from tests.canbus.adapters import FakeBus, fake_interface
from tests.canbus.rig import until


class RealBus:
    """A lab on a fake interface, and that interface."""

    def __init__(self, lab: Lab, channel: str) -> None:
        self.lab = lab
        self.name = f"fake:{channel}"
        self._channel = channel
        self.notes: list[str] = []
        self.states: list[CanInterfaceState] = []
        self.anomalies: list[AnomalyState] = []
        lab.stream.subscribe(lambda note: self.notes.append(note.text), Note)
        lab.stream.subscribe(self.states.append, CanInterfaceState)
        lab.stream.subscribe(self.anomalies.append, AnomalyState)

    @property
    def wire(self) -> FakeBus:
        return FakeBus.made[self._channel][-1]

    @property
    def ids(self) -> set[int]:
        """Identifiers of what was sent on the wire."""
        return {arbitration_id for arbitration_id, _ in self.wire.heard}

    async def order(self, command: str, **arguments: Any) -> str:
        return (await self.lab.execute(command, **arguments)).text


@asynccontextmanager
async def real_bus(**settings: Any) -> AsyncIterator[RealBus]:
    with fake_interface() as channel:
        lab = Lab(Settings(port=0, can=(f"fake:{channel}",), **settings))
        bus = RealBus(lab, channel)
        async with lab:
            await until(lambda: bus.states[-1].state == "open")
            yield bus


def report(amperes: int) -> can.Message:
    data = amperes.to_bytes(2, "little")
    return can.Message(arbitration_id=0x300, data=data, is_extended_id=False)


@pytest.mark.parametrize(
    ("side", "nodes"),
    [
        ("controller", {"charge-point"}),
        ("module", {"module"}),
        ("both", {"charge-point", "module"}),
        ("neither", set()),
    ],
)
async def test_the_side_says_which_ends_of_the_bus_are_ours(side: str, nodes: set[str]) -> None:
    async with real_bus(can_side=side) as bus:
        ours = bus.lab.stands["CP1"].bus
        assert {node.name for node in ours.nodes} == nodes | {bus.name}
        assert ours.bitrate == 0, "nothing takes time there but on the real one"


async def test_a_side_in_the_address_counts_for_that_charge_point_alone() -> None:
    with fake_interface() as first, fake_interface() as second:
        addresses = (f"CP1=fake:{first},side=module", f"CP2=fake:{second}")
        async with Lab(Settings(port=0, stations=2, can=addresses)) as lab:
            nodes = [{node.name for node in each.bus.nodes} for each in lab.stands.values()]
            assert nodes == [
                {"module", f"fake:{first}"},
                {"charge-point", f"fake:{second}"},
            ]


async def test_our_controller_tells_a_real_module_what_to_do_once_it_is_heard() -> None:
    async with real_bus() as bus:
        await until(lambda: 0x201 in bus.ids)
        bus.wire.arrive(report(0))
        await until(lambda: (0x210, b"\x64\x00") in bus.wire.heard)


async def test_orders_that_fell_into_a_gap_are_given_again_when_the_interface_is_back(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(gateway, "FIRST_RETRY", 0.01)
    async with real_bus() as bus:
        first = bus.wire
        first.arrive(report(0))
        await until(lambda: 0x210 in bus.ids)
        first.arrive(OSError(19, "No such device"))
        await until(lambda: bus.wire is not first)
        await until(lambda: {0x201, 0x210} <= bus.ids)


async def test_what_flows_is_what_the_real_module_reports_and_a_forged_report_is_not() -> None:
    async with real_bus(arm=True) as bus:
        samples: list[Sample] = []
        bus.lab.stream.subscribe(samples.append, Sample)
        bus.wire.arrive(report(37))
        await until(lambda: samples and samples[-1].current == 37)
        assert samples[-1].power == pytest.approx(37 * samples[-1].voltage)
        await bus.order("can.send", identifier=0x300, data="63 00")
        await until(lambda: 0x300 in bus.ids)
        await asyncio.sleep(0.3)
        assert samples[-1].current == 37
        outlet = bus.lab.stands["CP1"].outlets[1]
        assert outlet.connector.metering.meter.current == 99, "the charge point believes it"


async def test_a_real_module_that_is_gone_gives_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(real_module, "GONE_AFTER", 0.2)
    async with real_bus(can_side="neither") as bus:
        bus.wire.arrive(report(37))
        outlet = bus.lab.stands["CP1"].outlets[1]
        await until(lambda: outlet.current == 37)
        await until(lambda: outlet.current == 0)


async def test_a_real_module_that_reports_nothing_sensible_is_counted_and_changes_nothing() -> None:
    async with real_bus(can_side="neither") as bus:
        module = bus.lab.stands["CP1"].outlets[1].module
        bus.wire.arrive(report(12), can.Message(arbitration_id=0x300, is_extended_id=False))
        await until(lambda: module.malformed == 1)
        assert bus.lab.stands["CP1"].outlets[1].current == 12


async def test_where_a_real_controller_orders_the_module_our_charge_point_does_not_charge() -> None:
    async with real_bus(can_side="module", arm=True) as bus:
        for command in ("station.charge", "station.swipe"):
            with pytest.raises(CommandError, match="CP1 is off its bus: a real controller orders"):
                await bus.order(command)
        with pytest.raises(CommandError, match="acts through the charge point, and CP1 is off"):
            await bus.order("anomaly.start", name="repeated-current-fluctuation")
        order = can.Message(arbitration_id=0x200, is_extended_id=False)
        bus.wire.arrive(
            can.Message(arbitration_id=0x210, data=[50, 0], is_extended_id=False), order
        )
        outlet = bus.lab.stands["CP1"].outlets[1]
        await until(lambda: outlet.current > 40)
        await bus.order("attack.begin", name="mine", layer="can")
        await bus.order("attack.end")
        await until(lambda: any(each.by_hand and each.change == "safe" for each in bus.anomalies))
        await bus.order("anomaly.start", name="can-spoof-current")
        await until(lambda: bus.anomalies[-1].change == "step" or len(bus.wire.sent) > 20)
        assert "safe: what can-spoof-current did is undone" in await bus.order("anomaly.stop")
        assert bus.anomalies[-1].change == "safe", "the current flows on, as it was ordered to"


# What must be armed

INJECTING = [
    ("can.send", {"identifier": 0x123}),
    ("anomaly.start", {"name": "can-flood"}),
    ("anomaly.start", {"name": "can-suspend"}),
    ("anomaly.start", {"name": "repeated-current-fluctuation"}),
]


@pytest.mark.parametrize(
    ("command", "arguments"), INJECTING, ids=["frame", "flood", "suspend", "fluctuation"]
)
async def test_nothing_is_injected_on_a_real_bus_that_is_not_armed(
    command: str, arguments: dict[str, Any]
) -> None:
    async with real_bus() as bus:
        with pytest.raises(CommandError) as raised:
            await bus.order(command, **arguments)
        assert str(raised.value) == (
            f"{bus.name} is a real bus and not armed: ! in the terminal arms it, or can.arm, or "
            "--arm from the start"
        )
        assert bus.ids <= {0x201}
        assert not bus.lab.stands["CP1"].anomalies.busy


async def test_arming_names_the_bus_and_then_a_frame_by_hand_goes_out() -> None:
    async with real_bus() as bus:
        with pytest.raises(CommandError, match=f"the bus of CP1 is {bus.name}, not socketcan:can0"):
            await bus.order("can.arm", bus="socketcan:can0")
        with pytest.raises(CommandError, match="not armed"):
            await bus.order("can.send", identifier=0x123)
        outcome = await bus.lab.execute("can.arm", bus=bus.name)
        assert outcome.text == f"{bus.name} is armed for 600 s"
        assert outcome.data == bus.states[-1].armed_until
        assert outcome.data == pytest.approx(bus.lab.stream.now() + 600, abs=5)
        await bus.order("can.send", identifier=0x123, data="01 02")
        await until(lambda: (0x123, b"\x01\x02") in bus.wire.heard)
        assert (await bus.lab.execute("can.disarm")).data is None
        with pytest.raises(CommandError, match="not armed"):
            await bus.order("can.send", identifier=0x124)


async def test_a_message_sent_again_and_again_needs_arming_and_ends_with_it() -> None:
    async with real_bus() as bus:
        message = {"message": "SetLimit", "signals": {"Limit": 44}, "period": 0.02}
        with pytest.raises(CommandError, match="not armed"):
            await bus.order("can.periodic", **message)
        await bus.order("can.arm", bus=bus.name, duration=1.0)
        await bus.order("can.periodic", **message)
        await until(lambda: (0x210, b"\x2c\x00") in bus.wire.heard)
        await until(lambda: bus.states[-1].armed_until is None)
        await until(lambda: not bus.lab.stands["CP1"].sender.running)
        with pytest.raises(CommandError, match="not armed"):
            await bus.order("can.periodic", **message)


async def test_a_log_is_played_on_a_real_bus_only_while_it_is_armed(tmp_path: Path) -> None:
    log = tmp_path / "forged.log"
    log.write_text("(1.000000) can0 123#01\n(1.100000) can0 124#02\n")
    async with real_bus() as bus:
        with pytest.raises(CommandError, match="not armed"):
            await bus.order("can.play", file=str(log))
        await bus.order("can.arm", bus=bus.name)
        await bus.order("can.play", file=str(log))
        await until(lambda: {0x123, 0x124} <= bus.ids)


async def test_a_flood_of_a_real_bus_is_no_more_than_the_bus_takes() -> None:
    async with real_bus(arm=True) as bus:
        began = bus.lab.stream.now()
        await bus.order("anomaly.start", name="can-flood", parameters={"share_pct": 100})
        await asyncio.sleep(1.0)
        await bus.order("anomaly.stop")
        took = bus.lab.stream.now() - began
        floods = sum(each == 0 for each, _ in bus.wire.heard)
        # 500 kbit/s where nobody has said otherwise; 47 bits is the shortest frame there is
        assert 500 < floods < took * 500_000 / 47


async def test_on_a_real_bus_nobody_can_be_made_to_fail_from_here_and_that_is_said() -> None:
    async with real_bus(arm=True) as bus:
        await bus.order("anomaly.start", name="bus-off")
        said = f"no frame can be made to fail on {bus.name} from here"
        await until(lambda: any(said in text for text in bus.notes))
        await bus.order("anomaly.stop", name="bus-off")


async def test_a_lab_may_be_armed_from_the_start() -> None:
    async with real_bus(arm=True, armed_for=30.0) as bus:
        assert f"{bus.name} is armed for 30 s" in bus.notes
        await bus.order("can.send", identifier=0x123)
        await until(lambda: 0x123 in bus.ids)


async def test_when_the_time_is_up_the_anomaly_ends_and_the_wire_is_quiet() -> None:
    async with real_bus() as bus:
        await bus.order("can.arm", bus=bus.name, duration=1.0)
        await bus.order("anomaly.start", name="can-flood")
        await until(lambda: 0x000 in bus.ids)
        await until(lambda: any(each.change == "safe" for each in bus.anomalies))
        assert bus.states[-1].armed_until is None
        sent = len(bus.wire.sent)
        await asyncio.sleep(0.2)
        assert [number for number, _ in bus.wire.heard[sent:] if number == 0] == []
        assert any("time is up: safe" in text for text in bus.notes)
        with pytest.raises(CommandError, match="not armed"):
            await bus.order("anomaly.start", name="can-flood")


async def test_all_clear_disarms() -> None:
    async with real_bus(arm=True) as bus:
        await bus.order("lab.all_clear")
        with pytest.raises(CommandError, match="not armed"):
            await bus.order("can.send", identifier=0x123)


async def test_a_program_on_the_bus_reaches_the_wire_only_while_it_is_armed() -> None:
    async with real_bus() as bus:
        with can.Bus(interface="evtui", channel="lab", node="module") as guest:
            guest.send(can.Message(arbitration_id=0x77, is_extended_id=False))
            await until(lambda: bus.lab.stands["CP1"].gateway.blocked == 1)  # type: ignore[union-attr]
            await bus.order("can.arm", bus=bus.name)
            guest.send(can.Message(arbitration_id=0x78, is_extended_id=False))
            await until(lambda: 0x78 in bus.ids)
        assert 0x77 not in bus.ids


async def test_where_it_is_only_listened_to_anomalies_act_on_our_copy_and_nothing_is_sent() -> None:
    async with real_bus(can_side="both", can_listen_only=True, arm=True) as bus:
        with pytest.raises(CommandError, match="only listened to"):
            await bus.order("can.arm", bus=bus.name)
        await bus.order("can.send", identifier=0x123)
        await bus.order("anomaly.start", name="can-flood")
        await bus.order("station.charge")
        await asyncio.sleep(0.5)
        wire = bus.wire
    assert wire.sent == []
    assert bus.lab.stands["CP1"].gateway is not None
    assert bus.lab.stands["CP1"].gateway.traffic.withheld > 10


async def test_without_a_real_bus_nothing_needs_to_be_armed_and_nothing_can() -> None:
    async with Lab(Settings(port=0)) as lab:
        await lab.execute("can.send", identifier=0x123)
        for command, arguments in (("can.arm", {"bus": "slcan:x"}), ("can.disarm", {})):
            with pytest.raises(CommandError, match="CP1 has no real CAN bus: --can joins one"):
                await lab.execute(command, **arguments)


async def test_an_anomaly_that_listens_hears_the_real_module_as_genuine() -> None:
    async with real_bus(arm=True) as bus:
        await bus.order("anomaly.start", name="can-masquerade")
        bus.wire.arrive(*[report(7)] * 5)
        stand = bus.lab.stands["CP1"]
        await until(lambda: stand.bus.muted >= 5)
        await bus.order("anomaly.stop")


def test_the_key_that_the_refusal_names_is_the_one_that_arms() -> None:
    from evtui.tui.key_hints import key_of

    assert key_of("view.arm") == gateway.ARM_KEY
    assert by_name["can.arm"].aimed


def output(address: int, voltage: float, current: float) -> can.Message:
    """What a real INFY module answers when it is asked for its output."""
    frame = infy.encode(infy.Message(infy.Output(voltage, current), infy.CONTROLLER, address))
    return can.Message(arbitration_id=frame.arbitration_id, data=frame.data, is_extended_id=True)


async def test_real_modules_that_share_the_load_are_polled_and_told_their_parts() -> None:
    async with real_bus(protocol="infy", modules=2, can_side="controller") as bus:

        def told() -> list[tuple[int, int]]:
            """mV and mA."""
            return [
                (int.from_bytes(data[:4], "big"), int.from_bytes(data[4:], "big"))
                for identifier, data in bus.wire.heard
                if identifier == 0x029C01F0
            ]

        polls = {0x028300F0, 0x028301F0, 0x028400F0, 0x028401F0}
        await until(lambda: polls <= bus.ids)
        bus.wire.arrive(output(0, 400.0, 0.0), output(1, 400.0, 0.0))
        await until(lambda: {0x029C00F0, 0x029C01F0} <= bus.ids)
        await bus.order("station.charge")
        await until(lambda: {0x029A00F0, 0x029A01F0} <= bus.ids)
        # 50 of 100 A, at the voltage of the battery until the contactor closes, then of a full one.
        assert told() == [(378_490, 50_000)]
        connector = bus.lab.stands["CP1"].charge_point.connectors[1]
        bus.wire.arrive(output(0, 400.0, 30.5), output(1, 400.0, 12.25))
        await until(lambda: connector.metering.meter.current == 42.75)
        await until(lambda: told()[-1] == (447_120, 50_000))

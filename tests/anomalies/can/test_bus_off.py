"""A node is driven off the bus: its counters step as ISO 11898-1 has it."""

from __future__ import annotations

import asyncio

import pytest

from evtui.canbus import Frame, Node, frame_bits
from evtui.events import CanFrame, NodeState, TransactionState
from tests.anomalies.can.stand import Stand, on_the_bus

NAME = "bus-off"
BIT = 1 / 500_000


def of(stand: Stand, name: str) -> Node:
    return next(each for each in stand.bus.nodes if each.name == name)


def becomes(stand: Stand, node: str, state: str) -> list[NodeState]:
    """Each time that a node came into the state since the anomaly was switched on."""
    found, before = [], "error active"
    for each in stand.rig.of(NodeState):
        if each.node == node and each.t >= stand.on:
            if each.state == state != before:
                found.append(each)
            before = each.state
    return found


def test_first_both_count_8_for_16_tries_then_only_the_victim_7_a_report() -> None:
    counted: list[tuple[int, int, bool]] = []

    async def scenario(stand: Stand) -> None:
        def note(frame: CanFrame) -> None:
            if stand.on and frame.arbitration_id == 0x300 and frame.node != "charge-point":
                counted.append((of(stand, "module").tec, of(stand, NAME).tec, frame.error))

        await stand.start()
        stand.rig.lab.stream.subscribe(note, CanFrame)
        await asyncio.sleep(1.95)
        (off,) = becomes(stand, "module", "bus off")
        passive = becomes(stand, "module", "error passive")[0]
        # With the 19th report that meets ours while it is passive: 128 + 18 x 7 + 8 > 255.
        assert off.tec == 128 + 18 * 7 + 8
        assert off.t - passive.t == pytest.approx(1.8, abs=0.002)
        await stand.stop()
        await asyncio.sleep(10)

    on_the_bus(NAME, scenario)
    first, rest = counted[:16], counted[16:]
    assert first == [(8 * n, 8 * n, True) for n in range(1, 17)]
    # Ours goes through with an error of the module's (+8), then its own second try (-1).
    assert rest[:4] == [(136, 127, False), (135, 127, False), (143, 126, False), (142, 126, False)]
    assert not any(error for _, _, error in rest[: 2 * 18])


def test_what_is_heard_in_place_of_a_report_has_its_identifier_and_no_data() -> None:
    async def scenario(stand: Stand) -> None:
        await stand.run(1.5)
        forged = stand.forged()
        assert {(each.arbitration_id, each.data) for each in forged} == {(0x300, b"")}
        # Every report arrives all the same, behind it.
        reports = stand.genuine(0x300)
        genuine = [each for each in reports if not each.error]
        assert len(genuine) == len(forged) == 15
        later = [a.t - b.t for a, b in zip(genuine, forged, strict=True)]
        report = frame_bits(Frame(0x300, b"\x64\x00"))
        assert later == pytest.approx([(report + 8) * BIT] * 15)  # 8 bits suspend transmission
        assert stand.statuses() == []
        assert {each.current for each in stand.samples(0, 1)} == {100.0}

    on_the_bus(NAME, scenario)


def test_it_recovers_after_2_816_ms_on_an_idle_bus_and_the_next_round_begins() -> None:
    async def scenario(stand: Stand) -> None:
        await stand.run(6)
        offs = becomes(stand, "module", "bus off")
        backs = becomes(stand, "module", "error active")
        assert len(offs) == 3
        for off, back in zip(offs, backs, strict=False):
            assert back.t - off.t == pytest.approx(128 * 11 * BIT)
            assert (back.tec, back.rec) == (0, 0)
        assert of(stand, "module").state == "error active"

    on_the_bus(NAME, scenario)


def test_under_a_flood_it_recovers_only_after_128_of_its_frames() -> None:
    async def scenario(stand: Stand) -> None:
        flooded = asyncio.Event()
        stand.rig.lab.stream.subscribe(
            lambda state: flooded.set() if state.state == "bus off" else None, NodeState
        )
        await stand.start(variant="direct", window_s=60)
        await flooded.wait()
        await stand.rig.execute("anomaly.start", name="can-flood")
        await asyncio.sleep(0.2)
        await stand.rig.execute("anomaly.stop", name="can-flood")
        off = becomes(stand, "module", "bus off")[0]
        back = becomes(stand, "module", "error active")[0]
        flood = frame_bits(Frame(0, bytes(8)))
        assert (back.t - off.t) / BIT == pytest.approx(128 * flood, abs=11)
        await stand.stop()
        await asyncio.sleep(20)

    on_the_bus(NAME, scenario)


def test_a_bit_error_in_each_try_is_bus_off_in_32_and_the_station_loses_its_module() -> None:
    async def scenario(stand: Stand) -> None:
        await stand.run(4, variant="direct", window_s=60)
        errors = [each for each in stand.rig.of(CanFrame) if each.error and each.t >= stand.on]
        off = becomes(stand, "module", "bus off")[0]
        assert len([each for each in errors if each.t <= off.t]) == 32
        assert off.tec == 256
        through = [each.t for each in stand.genuine(0x300) if not each.error]
        # What has waited in its queue comes at once, when all is over.
        assert min(through) > stand.on + 4
        assert stand.statuses()[:2] == [("Faulted", "InternalError"), ("Finishing", "NoError")]
        assert stand.rig.of(TransactionState)[-1].reason == "Other"
        assert stand.rig.current == 0

    on_the_bus(NAME, scenario)


def test_error_frames_and_what_is_sent_are_put_down_to_the_attack() -> None:
    async def scenario(stand: Stand) -> None:
        await stand.run(0.5)
        seen = [each for each in stand.rig.of(CanFrame) if each.t >= stand.on]
        injected = [each for each in seen if each.error or each.node == NAME]
        assert len(injected) == 16 + 5
        assert len({each.cause for each in injected}) == 1
        assert injected[0].cause is not None
        assert {each.cause for each in seen if each not in injected} == {None}

    on_the_bus(NAME, scenario)


def test_where_nodes_recover_by_command_it_is_gone_until_the_anomaly_ends() -> None:
    async def scenario(stand: Stand) -> None:
        await stand.start()
        await asyncio.sleep(4)
        assert of(stand, "module").state == "bus off"
        assert ("Faulted", "InternalError") in stand.statuses()
        assert (await stand.stop()).startswith("safe")
        assert of(stand, "module").state == "error active"
        await asyncio.sleep(10)
        assert stand.rig.current == 0

    on_the_bus(NAME, scenario, can_recovery="by-command")


def test_of_a_share_of_the_reports_the_rest_is_left_alone() -> None:
    async def scenario(stand: Stand) -> None:
        await stand.run(8, hit_rate=0.25, window_s=60)
        reports = [each for each in stand.genuine(0x300) if not each.error]
        assert len(reports) == 80
        assert 5 < len(stand.forged()) < 40

    on_the_bus(NAME, scenario)

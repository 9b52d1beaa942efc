"""Error frames, error counters and error states, as ISO 11898-1 has them."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from itertools import pairwise

import pytest

from evtui.canbus import Disturbance, ErrorKind, Frame, Node, frame_bits
from evtui.canbus.controller import Controller
from evtui.events import BusLoad, CanFrame, NodeState, Note
from tests.canbus.rig import Rig, frame, ignore, until
from tests.virtual_loop import run_virtual

BIT = 1 / 500_000
SHORT = frame(0x300, bytes(2))


def only(victim: Node, kind: ErrorKind) -> Callable[[Controller, Frame], ErrorKind | None]:
    """A hook that has each frame of ``victim`` meet an error."""
    return lambda node, _: kind if node is victim else None


def states(rig: Rig) -> list[tuple[str, str, int, int]]:
    return [(each.node, each.state, each.tec, each.rec) for each in rig.of(NodeState)]


def errors(rig: Rig) -> list[CanFrame]:
    return [each for each in rig.of(CanFrame) if each.error]


def test_a_node_whose_frames_are_destroyed_is_passive_after_16_and_bus_off_after_32() -> None:
    async def scenario() -> None:
        rig = Rig(recovers=False)
        victim = rig.bus.attach("victim", ignore)
        rig.bus.disturb(only(victim, "bit"))
        counters: list[tuple[int, str]] = []
        rig.bus.attach("witness", lambda _: counters.append((victim.tec, victim.state)))
        victim.send(SHORT)
        await asyncio.sleep(0.1)
        assert [tec for tec, _ in counters] == list(range(8, 257, 8))
        assert [state for _, state in counters] == (
            ["error active"] * 15 + ["error passive"] * 16 + ["bus off"]
        )
        assert states(rig) == [
            ("victim", "error passive", 128, 0),
            ("victim", "bus off", 256, 0),
        ]
        assert all(each.problem == "bit" and each.node == "victim" for each in errors(rig))
        assert {(each.arbitration_id, each.data) for each in errors(rig)} == {(0x300, b"")}
        assert [each.text for each in rig.of(Note)] == ["victim is bus off"]
        assert (victim.queued, rig.bus.frames, rig.bus.errors) == (1, 0, 32)

    run_virtual(scenario())


def test_an_active_node_sends_again_at_once_and_a_passive_one_waits_8_bits() -> None:
    async def scenario() -> list[float]:
        rig = Rig(recovers=False)
        victim = rig.bus.attach("victim", ignore)
        rig.bus.disturb(lambda node, _: Disturbance("bit", at=20))
        victim.send(SHORT)
        await asyncio.sleep(0.1)
        ends = [each.t / BIT for each in errors(rig)]
        return [later - earlier for earlier, later in pairwise(ends)]

    gaps = run_virtual(scenario())
    # 20 bits, two flags, delimiter, intermission.
    assert gaps == pytest.approx([20 + 12 + 8 + 3] * 15 + [20 + 12 + 8 + 3 + 8] * 16)


def test_others_go_first_while_a_passive_node_waits() -> None:
    async def scenario() -> list[str]:
        rig = Rig()
        victim, other = rig.bus.attach("victim", ignore), rig.bus.attach("other", ignore)
        victim.tec = 200
        end = rig.bus.disturb(only(victim, "bit"))
        victim.send(frame(0x100))
        await asyncio.sleep(30 * BIT)
        other.send(frame(0x700))
        end()
        await asyncio.sleep(0.1)
        return [each.node for each in rig.of(CanFrame) if not each.error]

    assert run_virtual(scenario()) == ["other", "victim"]


def test_a_node_that_is_bus_off_recovers_2_816_ms_later_on_an_idle_bus_at_500_kbit() -> None:
    async def scenario() -> None:
        rig = Rig()
        victim = rig.bus.attach("victim", ignore)
        end = rig.bus.disturb(only(victim, "bit"))
        victim.send(SHORT)
        await until(lambda: victim.state == "bus off")
        end()
        await asyncio.sleep(0.1)
        off, back = rig.of(NodeState)[-2:]
        assert (off.state, back.state, back.tec, back.rec) == ("bus off", "error active", 0, 0)
        assert back.t - off.t == pytest.approx(0.002_816)
        sent = next(each for each in rig.of(CanFrame) if not each.error)
        assert sent.t == pytest.approx(back.t + frame_bits(SHORT) * BIT)
        assert victim.queued == 0

    run_virtual(scenario())


def test_under_full_load_recovery_waits_for_the_end_of_128_frames() -> None:
    async def scenario() -> None:
        rig = Rig()
        victim, other = rig.bus.attach("victim", ignore), rig.bus.attach("other", ignore)
        rig.bus.disturb(only(victim, "bit"))
        victim.send(SHORT)
        off = asyncio.Event()
        rig.stream.subscribe(
            lambda state: off.set() if state.state == "bus off" else None, NodeState
        )
        await off.wait()
        busy = frame(0x000, bytes(8))
        for _ in range(150):
            other.send(busy)
        await asyncio.sleep(0.1)
        gone, back = rig.of(NodeState)[1:3]
        assert (gone.state, back.state) == ("bus off", "error active")
        wait = (back.t - gone.t) / BIT
        assert wait == pytest.approx(128 * frame_bits(busy), abs=11)

    run_virtual(scenario())


def test_by_command_a_node_stays_off_until_it_is_told_to_recover() -> None:
    async def scenario() -> None:
        rig = Rig(recovers=False)
        victim = rig.bus.attach("victim", ignore)
        end = rig.bus.disturb(only(victim, "bit"))
        victim.recover()  # says nothing: it is not bus off
        victim.send(SHORT)
        await asyncio.sleep(1)
        end()
        assert victim.state == "bus off"
        assert not [each for each in rig.of(CanFrame) if not each.error]
        victim.recover()
        victim.recover()
        await asyncio.sleep(0.002_8)
        assert len(states(rig)) == 2
        await asyncio.sleep(0.000_1)
        assert states(rig)[2:] == [("victim", "error active", 0, 0)]
        await asyncio.sleep(0.001)
        assert rig.bus.frames == 1

    run_virtual(scenario())


def test_a_node_alone_is_passive_for_ever_and_never_bus_off() -> None:
    async def scenario() -> None:
        rig = Rig(heard=False)
        alone = rig.bus.attach("alone", ignore)
        rig.bus.attach("listens only", ignore, acknowledges=False)
        alone.send(SHORT)
        await asyncio.sleep(1)
        assert states(rig) == [("alone", "error passive", 128, 0)]
        assert {each.problem for each in errors(rig)} == {"acknowledgement"}
        # Nothing changes any more: what follows is counted, and not told one by one.
        assert len(errors(rig)) == 16
        cycle = frame_bits(SHORT) - 11 + 6 + 8 + 3 + 8
        first, second = errors(rig)[:2]
        # Cut off behind the ACK slot; nobody else sends a flag.
        assert (second.t - first.t) / BIT == pytest.approx(frame_bits(SHORT) - 11 + 6 + 8 + 3)
        rig.bus.attach("somebody", ignore)
        await asyncio.sleep(0.001)
        assert (rig.bus.frames, alone.queued, alone.state) == (1, 0, "error active")
        assert alone.tec == 127
        # One more may be told that had begun before somebody came.
        assert rig.bus.errors == pytest.approx(1 / (cycle * BIT), abs=3)

    run_virtual(scenario())


def test_a_node_alone_takes_the_whole_bus_and_costs_nothing() -> None:
    async def scenario() -> None:
        rig = Rig(heard=False)
        running = asyncio.create_task(rig.bus.run())
        alone = rig.bus.attach("alone", ignore)
        alone.send(SHORT)
        await asyncio.sleep(0.5)
        alone.send(frame(0x100))
        await asyncio.sleep(3599.9)
        running.cancel()
        assert len(errors(rig)) < 20
        load = rig.of(BusLoad)[-1]
        cycle = frame_bits(frame(0x100)) - 11 + 6 + 8 + 3 + 8
        assert load.load_pct == pytest.approx(100 * (cycle - 8) / cycle, abs=0.1)
        assert load.errors == pytest.approx(3600 / (cycle * BIT), rel=1e-3)
        alone.detach()
        await asyncio.sleep(0.001)
        assert rig.loop.time() == pytest.approx(3600.4, abs=0.01)
        rig.bus.attach("late", ignore)
        await asyncio.sleep(1)
        assert rig.bus.frames == 0

    run_virtual(scenario())


def test_where_nobody_acknowledges_the_sender_goes_on_and_the_others_count_its_flags() -> None:
    async def scenario() -> None:
        rig = Rig()
        sender = rig.bus.attach("sender", ignore)
        end = rig.bus.disturb(lambda *_: "acknowledgement")
        sender.send(SHORT)
        await asyncio.sleep(1)
        listener = rig.bus.nodes[0]
        assert (sender.state, sender.tec, listener.rec) == ("error passive", 128, 16)
        end()
        await asyncio.sleep(0.001)
        assert (rig.bus.frames, sender.tec, listener.rec) == (1, 127, 15)

    run_virtual(scenario())


@pytest.mark.parametrize("kind", ["stuff", "CRC", "form"])
def test_what_receivers_see_costs_them_nine_and_the_sender_eight(kind: ErrorKind) -> None:
    async def scenario() -> None:
        rig = Rig()
        sender, other = rig.bus.attach("sender", ignore), rig.bus.attach("other", ignore)
        end = rig.bus.disturb(lambda *_: kind)
        sender.send(SHORT)
        end()  # it is asked when a frame begins
        await asyncio.sleep(0.01)
        assert [each.problem for each in errors(rig)] == [kind]
        assert (sender.tec, sender.rec) == (7, 0)
        assert (other.tec, other.rec) == (0, 8)
        assert rig.bus.frames == 1

    run_virtual(scenario())


@pytest.mark.parametrize(
    ("kind", "bits"),
    [
        ("bit", 20 + 12),
        ("stuff", 20 + 12),
        ("form", -12 + 7),
        ("acknowledgement", -11 + 7),
        ("CRC", -10 + 7),
    ],
)
def test_each_error_frame_begins_and_takes_as_long_as_its_kind_asks(
    kind: ErrorKind, bits: int
) -> None:
    async def scenario() -> float:
        rig = Rig()
        sender = rig.bus.attach("sender", ignore)
        rig.bus.disturb(lambda *_: kind)
        sender.send(SHORT)
        await asyncio.sleep(0.000_2)
        return errors(rig)[0].t / BIT

    expected = bits + 8 + 3 + (frame_bits(SHORT) if bits < 0 else 0)
    assert run_virtual(scenario()) == pytest.approx(expected)


def test_receivers_that_are_passive_destroy_nothing_but_do_not_acknowledge_either() -> None:
    async def scenario() -> None:
        rig = Rig()
        sender = rig.bus.attach("sender", ignore)
        end = rig.bus.disturb(lambda *_: "CRC")
        sender.send(SHORT)
        await asyncio.sleep(0.02)
        end()
        (listener,) = [each for each in rig.bus.nodes if each is not sender]
        assert listener.state == "error passive"
        kinds = [each.problem for each in errors(rig)]
        assert kinds[:15] == ["CRC"] * 15
        assert {*kinds[15:]} == {"acknowledgement"}
        assert sender.state == "error passive"
        await asyncio.sleep(0.01)
        assert (listener.rec, listener.state) == (119, "error active")

    run_virtual(scenario())


def test_an_urgent_frame_goes_before_the_one_that_is_to_be_sent_again() -> None:
    async def scenario() -> list[tuple[int, bool]]:
        rig = Rig()
        sender, other = rig.bus.attach("sender", ignore), rig.bus.attach("other", ignore)
        rig.bus.disturb(lambda node, sent: "bit" if sent.arbitration_id == 0x300 else None)
        sender.send(SHORT)
        await asyncio.sleep(20 * BIT)
        other.send(frame(0x100))
        await asyncio.sleep(0.000_2)
        return [(each.arbitration_id, each.error) for each in rig.of(CanFrame)]

    assert run_virtual(scenario())[:2] == [(0x300, True), (0x100, False)]


def test_two_senders_of_one_identifier_fail_together_until_the_victim_is_passive() -> None:
    """Bus off by simultaneous transmission (Cho and Shin, CCS 2016): the two phases."""

    async def scenario() -> None:
        rig = Rig(recovers=False)
        victim, attacker = rig.bus.attach("victim", ignore), rig.bus.attach("attacker", ignore)
        pairs: list[tuple[int, int]] = []
        rig.bus.attach("witness", lambda _: pairs.append((victim.tec, attacker.tec)))
        rig.bus.disturb(lambda node, _: Disturbance("bit", by=attacker) if node is victim else None)
        victim.send(SHORT)
        await asyncio.sleep(0.1)
        assert pairs[:16] == [(8 * n, 8 * n) for n in range(1, 17)]
        assert pairs[16:] == [(128 + 8 * n, 128 - n) for n in range(1, 17)]
        assert (victim.state, attacker.state) == ("bus off", "error active")

    run_virtual(scenario())


def test_counters_are_told_each_second_in_which_they_have_changed() -> None:
    async def scenario() -> None:
        rig = Rig()
        running = asyncio.create_task(rig.bus.run())
        sender = rig.bus.attach("sender", ignore)
        end = rig.bus.disturb(only(sender, "bit"))
        await asyncio.sleep(0)
        sender.send(SHORT)
        end()
        await asyncio.sleep(3)
        running.cancel()
        assert states(rig) == [("sender", "error active", 7, 0)]
        assert [each.t for each in rig.of(NodeState)] == [1]
        load = rig.of(BusLoad)[0]
        assert (load.errors, load.frames) == (rig.bus.errors, 1)
        busy = sum((20 + 23) * BIT for _ in errors(rig)) + frame_bits(SHORT) * BIT
        assert load.load_pct == pytest.approx(100 * busy)

    run_virtual(scenario())


def test_a_node_that_is_bus_off_neither_acknowledges_nor_counts() -> None:
    async def scenario() -> None:
        rig = Rig(heard=False, recovers=False)
        a, b = rig.bus.attach("a", ignore), rig.bus.attach("b", ignore)
        end = rig.bus.disturb(only(a, "bit"))
        a.send(frame(0x100))
        await asyncio.sleep(0.1)
        end()
        assert a.state == "bus off"
        b.send(SHORT)
        await asyncio.sleep(0.1)
        assert b.state == "error passive"
        assert (a.tec, a.rec) == (256, 0)
        a.recover()
        await asyncio.sleep(0.1)
        assert (a.queued, b.queued) == (0, 0)

    run_virtual(scenario())


def test_nothing_fails_on_an_ideal_bus() -> None:
    async def scenario() -> None:
        rig = Rig(None, heard=False)
        sender = rig.bus.attach("sender", ignore)
        rig.bus.disturb(lambda *_: "bit")
        await asyncio.sleep(1)
        sender.send(SHORT)
        assert rig.events == []
        await asyncio.sleep(1)
        assert [each.t for each in rig.of(CanFrame)] == [1.0]

    run_virtual(scenario())


def test_who_sends_at_the_same_time_fails_with_an_active_victim_and_replaces_a_passive() -> None:
    async def scenario() -> None:
        rig = Rig()
        victim, other = rig.bus.attach("victim", ignore), rig.bus.attach("other", ignore)
        heard: list[tuple[str, bytes, int | None, bool]] = []
        rig.bus.attach(
            "witness", lambda each: heard.append((each.node, each.data, each.cause, each.error))
        )
        once = iter((True, False, True, False))
        rig.bus.disturb(
            lambda node, _: (
                Disturbance("bit", by=other, frame=frame(0x300), cause=7)
                if node is victim and next(once)
                else None
            )
        )
        victim.send(SHORT, cause=3)
        await asyncio.sleep(0.01)
        assert heard == [("victim", b"", 7, True), ("victim", bytes(2), 3, False)]
        assert (victim.tec, other.tec, victim.queued, other.queued) == (7, 8, 0, 0)
        heard.clear()
        victim.tec = 200
        victim._judge()
        victim.send(SHORT, cause=4)
        await asyncio.sleep(0.01)
        assert heard == [("other", b"", 7, False), ("victim", bytes(2), 4, False)]
        assert (victim.tec, other.tec, victim.queued, other.queued) == (207, 7, 0, 0)
        ours, theirs = (each.t for each in rig.of(CanFrame)[-2:])
        # Its own second try comes behind the other frame and 8 bits of suspend transmission.
        assert theirs - ours == pytest.approx((8 + frame_bits(SHORT)) * BIT)
        assert {each.rec for each in rig.bus.nodes} == {0}

    run_virtual(scenario())

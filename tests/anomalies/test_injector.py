from __future__ import annotations

import asyncio
from itertools import pairwise, permutations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from evtui.anomalies import AnomalyError
from evtui.anomalies.ocpp.repeated_current_fluctuation import FluctuationParameters
from evtui.config import VARIANTS, Variant
from evtui.events import AnomalyState, Event, Note
from evtui.ocppj.link import CallRefused, LinkClosed
from tests.anomalies.model_station import FOREIGN_PROFILE, Bench
from tests.virtual_loop import run_virtual

# Steps


def test_the_seed_sends_its_sequence_to_the_letter() -> None:
    async def scenario() -> Bench:
        bench = Bench()
        await bench.run(7.9)
        return bench

    assert run_virtual(scenario()).station.sent == [
        (0.0, "SetChargingProfile", 0.0),
        (2.0, "SetChargingProfile", 100.0),
        (3.0, "RemoteStartTransaction", None),
        (5.0, "RemoteStopTransaction", 1),
    ]


@pytest.mark.parametrize("latency", [0.0, 0.3])
def test_steps_do_not_drift_over_a_hundred_cycles(latency: float) -> None:
    async def scenario() -> Bench:
        bench = Bench(latency=latency)
        await bench.run(800.0)
        return bench

    times = [step.t for step in run_virtual(scenario()).steps]
    assert times[:400] == pytest.approx(
        [8.0 * cycle + offset for cycle in range(100) for offset in (0.0, 2.0, 3.0, 5.0)], abs=1e-6
    )


def test_each_step_announces_the_next_and_when_it_comes() -> None:
    async def scenario() -> Bench:
        bench = Bench(latency=0.2)
        await bench.run(40.0)
        return bench

    steps = run_virtual(scenario()).steps
    assert len(steps) >= 20
    for this, following in pairwise(steps):
        assert following.step_label == this.next_label
        assert this.next_at == pytest.approx(following.t, abs=1e-6)
        assert following.step == (this.step + 1) % this.steps


def test_what_is_sent_has_the_step_as_its_cause() -> None:
    async def scenario() -> Bench:
        bench = Bench()
        bench.station.trouble = "Rejected"
        await bench.run(1.0)
        return bench

    bench = run_virtual(scenario())
    (note,) = (event for event in bench.events if isinstance(event, Note))
    assert note.cause == bench.steps[0].seq


def test_three_cycles_end_by_themselves_in_the_safe_state() -> None:
    async def scenario() -> Bench:
        bench = Bench(cycles=3)
        await bench.run(60.0)
        return bench

    bench = run_virtual(scenario())
    assert [state.cycle for state in bench.truth if state.change == "cycle"] == [1, 2, 3]
    assert len(bench.steps) == 12
    assert bench.changes == ["on", "off", "safe"]
    assert next(s.t for s in bench.truth if s.change == "off") == pytest.approx(24.0)
    assert not bench.injector.active
    assert bench.station.profiles == {FOREIGN_PROFILE}


def test_txprofile_swings_the_limits_of_one_transaction() -> None:
    async def scenario() -> Bench:
        bench = Bench(variant="txprofile")
        await bench.run(17.0)
        await bench.injector.stop()
        return bench

    bench = run_virtual(scenario())
    actions = [action for _, action, _ in bench.station.sent]
    assert actions == [
        "RemoteStartTransaction",
        *["SetChargingProfile"] * 5,
        "RemoteStopTransaction",
        "ClearChargingProfile",
    ]
    assert bench.changes == ["on", "off", "safe"]


def test_txprofile_without_a_vehicle_gives_up_and_says_so() -> None:
    async def scenario() -> Bench:
        bench = Bench(variant="txprofile")
        bench.station.plugged = False
        await bench.run(70.0)
        return bench

    bench = run_virtual(scenario())
    assert "txprofile needs a transaction; none opened in 60 s" in bench.notes
    assert bench.changes == ["on", "off", "safe"]


# Jitter


def test_jitter_stays_within_its_share_and_really_varies() -> None:
    async def scenario() -> Bench:
        bench = Bench(jitter=0.25)
        await bench.run(800.0)
        return bench

    bench = run_virtual(scenario())
    waits = (2.0, 1.0, 2.0, 3.0)
    shares = [
        (following.t - this.t) / waits[this.step] for this, following in pairwise(bench.steps)
    ]
    assert min(shares) >= 0.75 - 1e-9
    assert max(shares) <= 1.25 + 1e-9
    assert min(shares) < 0.8
    assert max(shares) > 1.2


def test_jitter_repeats_for_the_same_seed_only() -> None:
    async def scenario(seed: int) -> list[float]:
        bench = Bench(jitter=0.5, seed=seed)
        await bench.run(100.0)
        return [step.t for step in bench.steps]

    first, again, other = (run_virtual(scenario(seed)) for seed in (1, 1, 2))
    assert first == again
    assert first != other


# Changes while it runs


def test_a_shorter_period_takes_effect_at_the_next_step() -> None:
    async def scenario() -> Bench:
        bench = Bench()
        await bench.run(1.0)
        bench.set(wait_1_s=1.0, wait_2_s=0.5, wait_3_s=1.0, wait_4_s=1.5)
        await asyncio.sleep(4.5)
        return bench

    bench = run_virtual(scenario())
    assert [step.t for step in bench.steps] == pytest.approx([0.0, 2.0, 2.5, 3.5, 5.0])
    assert bench.changes == ["on"]
    (change,) = (state for state in bench.truth if state.change == "parameters")
    assert (change.active, change.period, change.t) == (True, 4.0, 1.0)


def test_another_amplitude_takes_effect_at_the_next_step() -> None:
    async def scenario() -> Bench:
        bench = Bench()
        await bench.run(1.0)
        bench.set(low_a=6.0, high_a=32.0)
        await asyncio.sleep(8.0)
        return bench

    sent = run_virtual(scenario()).station.sent
    assert [limit for _, action, limit in sent if action == "SetChargingProfile"] == [
        0.0,
        32.0,
        6.0,
    ]


@pytest.mark.parametrize("to", ["txprofile", "txdefault", "startstop"])
@pytest.mark.parametrize("after", [1.0, 2.5, 4.0, 6.0])
def test_another_variant_begins_its_cycle_at_the_next_step(to: Variant, after: float) -> None:
    async def scenario() -> Bench:
        bench = Bench()
        await bench.run(after)
        bench.set(variant=to)
        await asyncio.sleep(20.0)
        await bench.injector.stop()
        return bench

    bench = run_virtual(scenario())
    first = next(step for step in bench.steps if step.variant == to)
    due = min(t for t in (2.0, 3.0, 5.0, 8.0) if t > after)
    assert first.step == 0
    assert first.t == pytest.approx(due, abs=0.1)
    waits = [b.t - a.t for a, b in pairwise(s for s in bench.steps if s.variant == to)]
    expected = FluctuationParameters().waits[0 if to != "startstop" else 2]
    assert waits[0] == pytest.approx(expected)
    assert bench.changes == ["on", "off", "safe"]
    assert bench.station.profiles == {FOREIGN_PROFILE}


@pytest.mark.parametrize(("old", "new"), permutations(VARIANTS, 2))
def test_a_new_variant_finds_nothing_that_the_old_one_left_behind(
    old: Variant, new: Variant
) -> None:
    async def scenario() -> tuple[set[tuple[str, int]], bool]:
        bench = Bench(variant=old, latency=0.05)
        found: list[tuple[set[tuple[str, int]], bool]] = []

        def look(event: Event) -> None:
            if isinstance(event, AnomalyState) and event.change == "cycle":
                if event.variant == new:
                    station = bench.station
                    found.append((set(station.profiles), station.transaction is not None))

        bench.stream.subscribe(look)
        await bench.run(4.0)
        bench.set(variant=new)
        await asyncio.sleep(10.0)
        return found[0]

    assert run_virtual(scenario()) == ({FOREIGN_PROFILE}, new == "txprofile")


def test_the_first_wait_is_whole_when_the_transaction_took_its_time() -> None:
    async def scenario() -> Bench:
        bench = Bench()
        await bench.run(6.0)
        bench.set(variant="txprofile")
        bench.station.plugged = False
        await asyncio.sleep(10.0)
        bench.station.plug()
        await asyncio.sleep(20.0)
        return bench

    steps = [step for step in run_virtual(scenario()).steps if step.variant == "txprofile"]
    assert steps[1].t - steps[0].t == pytest.approx(2.0)


def test_configuring_an_anomaly_that_is_off_only_says_so() -> None:
    async def scenario() -> Bench:
        bench = Bench()
        bench.set(variant="startstop")
        await asyncio.sleep(10.0)
        return bench

    bench = run_virtual(scenario())
    assert [state.change for state in bench.truth] == ["parameters"]
    assert not bench.truth[0].active
    assert bench.station.sent == []


# A station that is away or refuses


@pytest.mark.parametrize(
    ("trouble", "said"),
    [
        ("Rejected", "SetChargingProfile 0 A: Rejected"),
        (CallRefused("NotSupported", "no smart charging"), "NotSupported: no smart charging"),
        (TimeoutError("SetChargingProfile got no answer in 30 s"), "got no answer in 30 s"),
        (LinkClosed("closed by peer with 1001"), "closed by peer with 1001"),
    ],
    ids=["rejected", "callerror", "timeout", "closed"],
)
def test_a_refusing_station_is_noted_and_the_anomaly_goes_on(
    trouble: Exception | str, said: str
) -> None:
    async def scenario() -> Bench:
        bench = Bench()
        bench.station.trouble = trouble
        await bench.run(8.5)
        bench.station.trouble = None
        await asyncio.sleep(10.0)
        await bench.injector.stop()
        return bench

    bench = run_virtual(scenario())
    assert said in bench.notes[0]
    assert all("\n" not in note for note in bench.notes)
    assert [step.t for step in bench.steps] == pytest.approx([0, 2, 3, 5, 8, 10, 11, 13, 16, 18])
    assert bench.changes == ["on", "off", "safe"]
    assert bench.station.profiles == {FOREIGN_PROFILE}


def test_a_station_that_goes_away_for_a_while_is_noted_and_found_again() -> None:
    async def scenario() -> Bench:
        bench = Bench()
        await bench.run(1.0)
        bench.station.connected = False
        await asyncio.sleep(7.5)
        bench.station.connected = True
        await asyncio.sleep(8.0)
        return bench

    bench = run_virtual(scenario())
    assert bench.notes[0] == "SetChargingProfile 100 A: CP1 is not connected"
    assert [t for t, _, _ in bench.station.sent] == pytest.approx([0, 10, 11, 13, 16])


# On and off


def test_two_at_a_time_are_refused() -> None:
    async def scenario() -> None:
        bench = Bench()
        await bench.run(1.0)
        with pytest.raises(AnomalyError, match=r"-fluctuation is running already$"):
            bench.injector.start()

    run_virtual(scenario())


def test_a_start_while_the_station_returns_to_its_safe_state_is_refused() -> None:
    async def scenario() -> Bench:
        bench = Bench(latency=0.5)
        await bench.run(4.5)
        stopping = asyncio.create_task(bench.injector.stop())
        await asyncio.sleep(0.1)
        assert not bench.injector.active
        with pytest.raises(
            AnomalyError, match=r"^the station is still returning to its safe state"
        ):
            bench.injector.start()
        assert (await stopping).startswith("safe")
        bench.injector.start()
        return bench

    bench = run_virtual(scenario())
    assert bench.changes == ["on", "off", "safe", "on"]
    assert [s.attack_id for s in bench.truth if s.change == "on"] == [
        "fluctuation-1",
        "fluctuation-2",
    ]


def test_a_start_without_a_station_is_refused_in_one_line() -> None:
    async def scenario() -> Bench:
        bench = Bench()
        bench.station.connected = False
        with pytest.raises(AnomalyError, match=r"^CP1 is not connected: nothing to send to$"):
            bench.injector.start()
        return bench

    assert run_virtual(scenario()).events == []


def test_stopping_what_does_not_run_does_nothing() -> None:
    async def scenario() -> Bench:
        bench = Bench()
        assert await bench.injector.stop() == "no anomaly is running"
        return bench

    assert run_virtual(scenario()).events == []


def test_a_stop_at_once_leaves_a_complete_truth() -> None:
    async def scenario() -> Bench:
        bench = Bench()
        bench.injector.start()
        assert bench.injector.active
        await bench.injector.stop()
        return bench

    bench = run_virtual(scenario())
    assert bench.changes == ["on", "off", "safe"]
    assert bench.station.sent == []


def test_two_stops_wait_for_one_end() -> None:
    async def scenario() -> Bench:
        bench = Bench(latency=0.2)
        await bench.run(4.5)
        texts = {*await asyncio.gather(bench.injector.stop(), bench.injector.stop())}
        assert texts == {"safe: transaction ended, profiles cleared, 0 A"}
        return bench

    assert run_virtual(scenario()).changes == ["on", "off", "safe"]


def test_who_stops_waiting_does_not_stop_the_stopping() -> None:
    async def scenario() -> Bench:
        bench = Bench(latency=0.2)
        await bench.run(4.5)
        impatient = asyncio.create_task(bench.injector.stop())
        await asyncio.sleep(0.1)
        impatient.cancel()
        await asyncio.sleep(5.0)
        return bench

    assert run_virtual(scenario()).changes == ["on", "off", "safe"]


@pytest.mark.parametrize("latency", [0.0, 50.0], ids=["refuses", "hangs"])
def test_a_safe_state_that_cannot_be_reached_is_said_in_time(latency: float) -> None:
    async def scenario() -> tuple[Bench, float]:
        bench = Bench()
        await bench.run(4.5)
        bench.station.trouble = "Rejected"
        bench.station.latency = latency
        began = bench.stream.now()
        text = await bench.injector.stop(within=1.5)
        assert "a transaction is open" in text
        assert "100 A still flow" in text
        return bench, bench.stream.now() - began

    bench, took = run_virtual(scenario())
    assert took == pytest.approx(1.5, abs=0.1)
    assert bench.changes == ["on", "off", "failed"]
    assert not bench.injector.active


def test_who_leaves_in_a_hurry_shortens_a_stop_under_way() -> None:
    async def scenario() -> tuple[Bench, float]:
        bench = Bench()
        await bench.run(4.5)
        bench.station.trouble = "Rejected"
        patient = asyncio.create_task(bench.injector.stop())
        await asyncio.sleep(1.0)
        await bench.injector.stop(within=1.5)
        assert patient.done() or await patient
        return bench, bench.stream.now()

    bench, now = run_virtual(scenario())
    assert now == pytest.approx(4.5 + 1.0 + 1.5, abs=0.1)
    assert bench.changes == ["on", "off", "failed"]


def test_what_could_not_be_cleared_is_cleared_when_asked_again() -> None:
    async def scenario() -> Bench:
        bench = Bench()
        await bench.run(2.5)
        bench.station.connected = False
        await bench.injector.stop(within=1.5)
        assert bench.station.profiles != {FOREIGN_PROFILE}
        bench.station.connected = True
        await bench.injector.clear_leftovers()
        return bench

    bench = run_virtual(scenario())
    assert bench.changes == ["on", "off", "failed"]
    assert bench.station.profiles == {FOREIGN_PROFILE}


def test_a_defect_while_stopping_is_told_and_the_safe_state_is_reached_all_the_same() -> None:
    async def scenario() -> Bench:
        bench = Bench()
        await bench.run(4.5)
        bench.station.trouble = KeyError("defect")
        stopping = asyncio.create_task(bench.injector.stop())
        await asyncio.sleep(1.5)
        bench.station.trouble = None
        await stopping
        return bench

    bench = run_virtual(scenario())
    assert "RemoteStopTransaction: KeyError('defect')" in bench.notes
    assert bench.changes == ["on", "off", "safe"]
    assert bench.station.transaction is None


@settings(max_examples=150, deadline=None)
@given(
    variant=st.sampled_from(VARIANTS),
    switch=st.none() | st.sampled_from(VARIANTS),
    at=st.floats(0.0, 20.0),
    latency=st.sampled_from((0.0, 0.01, 0.1, 0.4)),
    jitter=st.sampled_from((0.0, 0.5)),
)
def test_a_stop_at_any_moment_ends_in_the_safe_state(
    variant: Variant, switch: Variant | None, at: float, latency: float, jitter: float
) -> None:
    async def scenario() -> Bench:
        bench = Bench(variant=variant, latency=latency, jitter=jitter)
        await bench.run(at / 2)
        if switch is not None:
            bench.set(variant=switch)
        await asyncio.sleep(at / 2)
        assert (await bench.injector.stop()).startswith("safe")
        await asyncio.sleep(100.0)
        return bench

    bench = run_virtual(scenario())
    assert bench.station.transaction is None
    assert bench.station.profiles == {FOREIGN_PROFILE}
    assert bench.changes == ["on", "off", "safe"]
    assert [state.active for state in bench.truth if state.change in ("off", "safe")] == [False] * 2
    assert {state.attack_id for state in bench.truth} == {"fluctuation-1"}
    off = next(state.t for state in bench.truth if state.change == "off")
    assert all(step.t <= off for step in bench.steps)
    assert bench.truth[-1].change == "safe"

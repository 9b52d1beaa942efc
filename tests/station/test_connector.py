"""Status of a connector, the pure function and what a whole session notifies (section 4.9)."""

from __future__ import annotations

import asyncio
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from evtui.events import ConnectorState
from evtui.power import Vehicle, preset
from evtui.station import VehicleAsks
from evtui.station.connector.facts import ConnectorFacts, Status, connector_status
from tests.station.rig import Rig, charge, station, virtual

A = VehicleAsks
FREE = ConnectorFacts(offered=100.0)
PLUGGED = replace(FREE, plugged=True, asks=A.NOTHING)
UNTOLD = replace(PLUGGED, asks=A.UNKNOWN)
RUNNING = replace(PLUGGED, transaction=True, established=True, asks=A.ENERGY)

facts_of_any_kind = st.builds(
    ConnectorFacts,
    plugged=st.booleans(),
    starting=st.booleans(),
    transaction=st.booleans(),
    established=st.booleans(),
    finishing=st.booleans(),
    operative=st.booleans(),
    faulted=st.booleans(),
    offered=st.floats(0, 200),
    minimum=st.sampled_from([0.0, 6.0]),
    asks=st.sampled_from(VehicleAsks),
    flows=st.booleans(),
)

# Status transitions of section 4.9 for a connector without reservations.  B8 is ours: a plugged
# connector without a transaction becomes unavailable at once, since section 5.2 delays it for
# transactions only.
POSSIBLE = {
    "Available": {"Preparing", "Charging", "SuspendedEV", "SuspendedEVSE", "Unavailable"},
    "Preparing": {
        "Available", "Charging", "SuspendedEV", "SuspendedEVSE", "Finishing", "Unavailable",
    },
    "Charging": {"Available", "SuspendedEV", "SuspendedEVSE", "Finishing", "Unavailable"},
    "SuspendedEV": {"Available", "Charging", "SuspendedEVSE", "Finishing", "Unavailable"},
    "SuspendedEVSE": {"Available", "Charging", "SuspendedEV", "Finishing", "Unavailable"},
    "Finishing": {"Available", "Preparing", "Unavailable"},
    "Unavailable": {"Available", "Preparing", "Charging", "SuspendedEV", "SuspendedEVSE"},
}  # fmt: skip


def impossible(rig: Rig) -> list[tuple[str, str]]:
    """Transitions the connector made that section 4.9 does not know."""
    seen = [e.status for e in rig.of(ConnectorState) if e.connector == 1]
    return [
        (before, after)
        for before, after in pairwise(seen)
        if "Faulted" not in (before, after) and after not in POSSIBLE[before]
    ]


@pytest.mark.parametrize(
    ("facts", "status"),
    [
        pytest.param(FREE, "Available", id="nobody there"),
        pytest.param(PLUGGED, "Preparing", id="A2 plugged in"),
        pytest.param(replace(FREE, starting=True), "Preparing", id="A2 remote start, no vehicle"),
        pytest.param(replace(PLUGGED, transaction=True), "Preparing", id="contactor still open"),
        pytest.param(
            replace(PLUGGED, transaction=True, asks=A.PREPARATION),
            "Preparing",
            id="being prepared",
        ),
        pytest.param(RUNNING, "Charging", id="B3 contactor closed"),
        pytest.param(
            replace(PLUGGED, transaction=True, asks=A.NO_MORE),
            "SuspendedEV",
            id="B4 arrives full",
        ),
        pytest.param(replace(RUNNING, offered=0.0), "SuspendedEVSE", id="C5 limit 0 A"),
        pytest.param(
            replace(RUNNING, offered=5.9, minimum=6.0), "SuspendedEVSE", id="C5 below AC minimum"
        ),
        pytest.param(replace(RUNNING, asks=A.NOTHING), "SuspendedEVSE", id="C5 contactor opened"),
        pytest.param(replace(RUNNING, asks=A.NO_MORE), "SuspendedEV", id="C4 battery full"),
        pytest.param(
            replace(UNTOLD, transaction=True), "Preparing", id="nobody says what the vehicle wants"
        ),
        pytest.param(
            replace(UNTOLD, transaction=True, flows=True), "Charging", id="B3 but current flows"
        ),
        pytest.param(
            replace(UNTOLD, transaction=True, established=True), "SuspendedEV", id="C4 not any more"
        ),
        pytest.param(
            replace(UNTOLD, transaction=True, established=True, offered=0.0),
            "SuspendedEVSE",
            id="C5 none is offered",
        ),
        pytest.param(
            replace(RUNNING, asks=A.NO_MORE, offered=0.0),
            "SuspendedEVSE",
            id="EVSE before EV",
        ),
        pytest.param(replace(PLUGGED, finishing=True), "Finishing", id="C6 stopped, plugged"),
        pytest.param(
            replace(PLUGGED, finishing=True, starting=True), "Preparing", id="F2 started again"
        ),
        pytest.param(replace(FREE, operative=False), "Unavailable", id="A8"),
        pytest.param(
            replace(RUNNING, operative=False), "Charging", id="a transaction goes on to its end"
        ),
        pytest.param(replace(RUNNING, faulted=True), "Faulted", id="C9"),
    ],
)
def test_the_facts_decide_the_status(facts: ConnectorFacts, status: str) -> None:
    assert connector_status(facts) == status


@settings(deadline=None)
@given(facts_of_any_kind)
def test_a_fault_shows_whatever_else_is_true(facts: ConnectorFacts) -> None:
    assert connector_status(replace(facts, faulted=True)) is Status.FAULTED


@settings(deadline=None)
@given(facts_of_any_kind)
def test_nothing_is_said_to_charge_at_0_a_or_while_none_is_taken(
    facts: ConnectorFacts,
) -> None:
    if connector_status(facts) is Status.CHARGING:
        assert facts.transaction
        assert facts.offered > 0
        assert facts.offered >= facts.minimum
        assert facts.asks is VehicleAsks.ENERGY or (
            facts.asks is VehicleAsks.UNKNOWN and facts.flows
        )


@settings(deadline=None)
@given(facts_of_any_kind)
def test_a_transaction_that_has_charged_never_goes_back_to_preparing(facts: ConnectorFacts) -> None:
    status = connector_status(replace(facts, transaction=True, established=True))
    assert status is not Status.PREPARING


@settings(deadline=None)
@given(operative=st.booleans(), faulted=st.booleans())
def test_connector_0_is_available_unavailable_or_faulted(operative: bool, faulted: bool) -> None:
    status = connector_status(ConnectorFacts(operative=operative, faulted=faulted))
    assert status in ("Available", "Unavailable", "Faulted")


@virtual
async def test_a_whole_session_is_notified_in_order() -> None:
    async with station(plugged=False) as rig:
        await rig.accepted()
        rig.plug()
        transaction = await charge(rig)
        await asyncio.sleep(3)
        await rig.set_profile(limit=0, purpose="TxProfile", transaction_id=transaction)
        await asyncio.sleep(3)
        await rig.set_profile(limit=50, purpose="TxProfile", transaction_id=transaction)
        await asyncio.sleep(3)
        await rig.central.status_of("RemoteStopTransaction", transactionId=transaction)
        await asyncio.sleep(3)
        rig.unplug()
        await asyncio.sleep(1)
        assert rig.central.statuses(1) == [
            "Available",
            "Preparing",
            "Charging",
            "SuspendedEVSE",
            "Charging",
            "Finishing",
            "Available",
        ]
        assert rig.central.statuses(0) == ["Available"]
        assert impossible(rig) == []


@virtual
async def test_a_ccs_session_is_preparing_until_the_contactor_closes() -> None:
    async with station("ccs") as rig:
        await charge(rig)
        assert rig.clock.now() > 10
        await asyncio.sleep(1)
        assert rig.central.statuses(1) == ["Preparing", "Charging"]
        assert impossible(rig) == []


@virtual
async def test_a_full_battery_shows_as_suspended_ev() -> None:
    async with station(vehicle=Vehicle(soc=98.9)) as rig:
        await charge(rig)
        await rig.until(lambda: rig.central.statuses(1)[-1] == "SuspendedEV", timeout=900)
        assert rig.central.statuses(1) == ["Preparing", "Charging", "SuspendedEV"]


@virtual
async def test_a_vehicle_that_wants_a_replug_shows_as_suspended_ev() -> None:
    async with station("ccs") as rig:
        first = await charge(rig)
        await rig.central.status_of("RemoteStopTransaction", transactionId=first)
        await rig.until(lambda: rig.stage.state.phase == "wants replug")
        assert await rig.central.status_of("RemoteStartTransaction", idTag="TAG") == "Accepted"
        await rig.sent("StartTransaction", 2)
        await asyncio.sleep(5)
        assert rig.central.statuses(1)[-3:] == ["Finishing", "Preparing", "SuspendedEV"]
        assert impossible(rig) == []


@virtual
async def test_an_ac_limit_below_6_a_shows_as_suspended_evse() -> None:
    async with station("ac") as rig:
        transaction = await charge(rig)
        await rig.set_profile(limit=5.9, purpose="TxProfile", transaction_id=transaction)
        await asyncio.sleep(1)
        assert rig.central.statuses(1) == ["Preparing", "Charging", "SuspendedEVSE"]


@virtual
async def test_a_stop_command_from_elsewhere_on_can_shows_as_suspended_evse() -> None:
    async with station() as rig:
        await charge(rig)
        rig.stage.stop()
        await rig.until(lambda: rig.stage.state.phase == "idle")
        await asyncio.sleep(1)
        assert rig.central.statuses(1) == ["Preparing", "Charging", "SuspendedEVSE"]


@virtual
async def test_another_preset_under_charge_makes_no_impossible_transition() -> None:
    async with station("ac") as rig:
        await charge(rig)
        await asyncio.sleep(2)
        rig.stage.switch(preset("ccs"))
        rig.charge_point.use(preset("ccs"))
        await asyncio.sleep(30)
        assert rig.central.statuses(1) == ["Preparing", "Charging", "SuspendedEVSE", "Charging"]
        assert impossible(rig) == []


@virtual
async def test_unplugging_under_charge_goes_over_finishing_and_says_why() -> None:
    async with station() as rig:
        await charge(rig)
        await asyncio.sleep(2)
        rig.unplug()
        await asyncio.sleep(1)
        finishing, available = rig.central.of("StatusNotification")[-2:]
        assert finishing.payload["status"] == "Finishing"
        assert finishing.payload["info"] == "EV side disconnected"
        assert available.payload["status"] == "Available"
        assert "info" not in available.payload
        assert rig.central.of("StopTransaction")[0].payload["reason"] == "EVDisconnected"


@virtual
async def test_a_module_that_falls_silent_is_a_fault_and_ends_the_transaction() -> None:
    async with station() as rig:
        await charge(rig)
        await asyncio.sleep(5)
        await rig.silence_module()
        silent = rig.clock.now()
        await rig.sent("StopTransaction")
        assert rig.clock.now() - silent < 2
        assert rig.central.of("StopTransaction")[0].payload["reason"] == "Other"
        await asyncio.sleep(1)
        fault = rig.central.of("StatusNotification")[-1].payload
        assert (fault["status"], fault["errorCode"]) == ("Faulted", "InternalError")
        assert await rig.central.status_of("RemoteStartTransaction", idTag="TAG") == "Rejected"


@virtual
async def test_the_energy_register_stands_still_while_the_module_is_silent() -> None:
    async with station() as rig:
        await charge(rig)
        await asyncio.sleep(5)
        await rig.silence_module()
        stop = await rig.sent("StopTransaction")
        await asyncio.sleep(1800)
        rig.start_module()
        await asyncio.sleep(2)
        await charge_again(rig)
        begun = rig.central.of("StartTransaction")[1].payload["meterStart"]
        assert begun - stop.payload["meterStop"] <= 20  # of 20 kWh at the last known current


@virtual
async def test_a_module_that_comes_back_is_stopped_gets_its_limit_and_clears_the_fault() -> None:
    async with station() as rig:
        await charge(rig)
        await rig.silence_module()
        await rig.until(lambda: rig.connector.status == "Faulted")
        await asyncio.sleep(10)
        limits, stops = len(rig.limits()), len(rig.frames(0x201))
        rig.start_module()
        await asyncio.sleep(1)
        assert rig.central.statuses(1)[-2:] == ["Faulted", "Finishing"]
        assert rig.central.of("StatusNotification")[-1].payload["errorCode"] == "NoError"
        assert rig.limits()[limits:] == [100]
        # The one that nobody was there to acknowledge, and one more.
        assert len(rig.frames(0x201)) == stops + 2
        await charge_again(rig)


@virtual
async def test_a_module_that_comes_late_starts_the_running_transaction() -> None:
    async with station(module=False) as rig:
        await rig.accepted()
        assert await rig.central.status_of("RemoteStartTransaction", idTag="TAG") == "Accepted"
        await rig.sent("StartTransaction")
        await asyncio.sleep(5)
        assert rig.central.statuses(1) == ["Preparing"]
        rig.start_module()
        await rig.until(lambda: rig.stage.state.current > 50)


@virtual
async def test_an_unavailable_connector_starts_nothing_until_it_is_operative_again() -> None:
    async with station() as rig:
        await rig.accepted()
        change = {"connectorId": 1, "type": "Inoperative"}
        assert await rig.central.status_of("ChangeAvailability", **change) == "Accepted"
        assert await rig.central.status_of("RemoteStartTransaction", idTag="TAG") == "Rejected"
        change["type"] = "Operative"
        assert await rig.central.status_of("ChangeAvailability", **change) == "Accepted"
        await asyncio.sleep(1)
        assert rig.central.statuses(1) == ["Preparing", "Unavailable", "Preparing"]
        assert rig.central.statuses(0) == ["Available"]


@virtual
async def test_a_finished_connector_comes_back_from_unavailable_as_preparing() -> None:
    async with station() as rig:
        transaction = await charge(rig)
        await rig.central.status_of("RemoteStopTransaction", transactionId=transaction)
        for kind in ("Inoperative", "Operative"):
            await rig.central.status_of("ChangeAvailability", connectorId=1, type=kind)
        await asyncio.sleep(1)
        assert rig.central.statuses(1)[-3:] == ["Finishing", "Unavailable", "Preparing"]
        assert impossible(rig) == []


@pytest.mark.parametrize("connector", [0, 1])
@virtual
async def test_a_change_of_availability_during_a_transaction_takes_effect_after_it(
    connector: int,
) -> None:
    async with station() as rig:
        transaction = await charge(rig)
        change = {"connectorId": connector, "type": "Inoperative"}
        assert await rig.central.status_of("ChangeAvailability", **change) == "Scheduled"
        await asyncio.sleep(5)
        assert rig.central.statuses(1)[-1] == "Charging"
        assert rig.central.statuses(0) == ["Available"]
        await rig.central.status_of("RemoteStopTransaction", transactionId=transaction)
        await asyncio.sleep(5)
        assert rig.central.statuses(1)[-2:] == ["Charging", "Unavailable"]
        assert rig.central.statuses(0)[1:] == (["Unavailable"] if connector == 0 else [])
        change["type"] = "Operative"
        assert await rig.central.status_of("ChangeAvailability", **change) == "Accepted"
        await asyncio.sleep(1)
        assert rig.central.statuses(1)[-1] == "Preparing"
        assert rig.central.statuses(0)[-1] == "Available"
        assert impossible(rig) == []


@virtual
async def test_a_scheduled_change_is_called_off_by_the_opposite() -> None:
    async with station() as rig:
        transaction = await charge(rig)
        for kind, status in (("Inoperative", "Scheduled"), ("Operative", "Accepted")):
            answer = await rig.central.status_of("ChangeAvailability", connectorId=0, type=kind)
            assert answer == status
        await rig.central.status_of("RemoteStopTransaction", transactionId=transaction)
        await asyncio.sleep(2)
        assert rig.central.statuses(1)[-1] == "Finishing"
        assert set(rig.central.statuses(0)) == {"Available"}


@virtual
async def test_an_unknown_connector_cannot_change_its_availability() -> None:
    async with station() as rig:
        await rig.accepted()
        answer = await rig.central.status_of("ChangeAvailability", connectorId=2, type="Operative")
        assert answer == "Rejected"


@virtual
async def test_becoming_unavailable_forgets_a_start_that_waits_for_a_vehicle() -> None:
    async with station(plugged=False) as rig:
        await rig.accepted()
        await rig.central.status_of("RemoteStartTransaction", idTag="TAG")
        await rig.central.status_of("ChangeAvailability", connectorId=1, type="Inoperative")
        rig.plug()
        await asyncio.sleep(5)
        assert rig.central.of("StartTransaction") == []
        assert rig.central.statuses(1)[-1] == "Unavailable"


@virtual
async def test_trigger_message_tells_the_statuses_that_were_asked_for() -> None:
    async with station() as rig:
        await rig.accepted()
        for connector, told in ((0, ["0"]), (1, ["1"]), (None, ["0", "1"])):
            seen = len(rig.central.log)
            asked = {} if connector is None else {"connectorId": connector}
            status = await rig.central.status_of(
                "TriggerMessage", requestedMessage="StatusNotification", **asked
            )
            await asyncio.sleep(1)
            assert status == "Accepted"
            names = [line.split()[1] for line in rig.central.log[seen + 1 :]]
            assert rig.central.log[seen] == "-> Accepted"
            assert names == told
        for message, connector in (("StatusNotification", 2), ("MeterValues", 0)):
            status = await rig.central.status_of(
                "TriggerMessage", requestedMessage=message, connectorId=connector
            )
            assert status == "Rejected"
        for kind in ("Diagnostics", "Firmware"):
            action = f"{kind}StatusNotification"
            assert (
                await rig.central.status_of("TriggerMessage", requestedMessage=action) == "Accepted"
            )
            assert (await rig.sent(action)).payload == {"status": "Idle"}


async def charge_again(rig: Rig) -> None:
    """Another remote start works."""
    count = len(rig.central.of("StartTransaction"))
    assert await rig.central.status_of("RemoteStartTransaction", idTag="TAG") == "Accepted"
    await rig.sent("StartTransaction", count + 1)
    await rig.until(lambda: rig.stage.state.current > 50)

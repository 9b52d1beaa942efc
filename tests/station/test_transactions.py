"""Transactions from start to stop (OCPP 1.6 sections 3.7, 4.8, 4.10, 5.11 and 5.12)."""

from __future__ import annotations

import asyncio

import pytest

from evtui.events import TransactionState
from tests.station.fake_central import FakeCentral
from tests.station.rig import Rig, charge, profile, station, virtual


async def remote_start(rig: Rig, **fields: object) -> str:
    """Ask for a transaction of TAG."""
    return await rig.central.status_of("RemoteStartTransaction", idTag="TAG", **fields)


@virtual
async def test_a_session_is_answered_started_metered_and_stopped_in_that_order() -> None:
    async with station() as rig:
        transaction = await charge(rig)
        await asyncio.sleep(10)
        stopped = await rig.central.status_of("RemoteStopTransaction", transactionId=transaction)
        assert stopped == "Accepted"
        stop = (await rig.sent("StopTransaction")).payload
        log = [line for line in rig.central.log if not line.startswith("StatusNotification")]
        assert log[:3] == ["BootNotification", "-> Accepted", "StartTransaction"]
        assert set(log[3:-2]) == {"MeterValues"}
        assert log[-2:] == ["-> Accepted", "StopTransaction"]
        start = rig.central.of("StartTransaction")[0].payload
        assert (start["connectorId"], start["idTag"], start["meterStart"]) == (1, "TAG", 0)
        assert (stop["transactionId"], stop["reason"]) == (transaction, "Remote")
        assert stop["meterStop"] > start["meterStart"]
        assert start["timestamp"] < stop["timestamp"]
        assert {call.payload["transactionId"] for call in rig.central.of("MeterValues")} == {
            transaction
        }
        await asyncio.sleep(5)
        assert rig.central.log[-1] != "MeterValues"
        assert rig.stage.state.current < 1


@virtual
async def test_the_meter_goes_on_from_one_transaction_to_the_next() -> None:
    async with station() as rig:
        first = await charge(rig)
        await asyncio.sleep(20)
        await rig.central.status_of("RemoteStopTransaction", transactionId=first)
        await asyncio.sleep(5)
        await charge(rig)
        stop = rig.central.of("StopTransaction")[0].payload["meterStop"]
        start = rig.central.of("StartTransaction")[1].payload["meterStart"]
        assert 0 < stop <= start < stop + 20


@virtual
async def test_can_start_and_stop_frames_have_the_remote_operations_as_cause() -> None:
    async with station() as rig:
        transaction = await charge(rig)
        assert rig.frames(0x200)[0].cause == rig.delivered("RemoteStartTransaction").seq
        await rig.central.status_of("RemoteStopTransaction", transactionId=transaction)
        await asyncio.sleep(1)
        assert rig.frames(0x201)[-1].cause == rig.delivered("RemoteStopTransaction").seq


@virtual
async def test_a_second_start_while_charging_or_starting_is_rejected() -> None:
    async with station() as rig:
        await charge(rig)
        assert await remote_start(rig) == "Rejected"
        assert len(rig.central.of("StartTransaction")) == 1


@pytest.mark.parametrize("connector", [0, 2])
@virtual
async def test_a_start_at_an_unknown_connector_is_rejected(connector: int) -> None:
    async with station() as rig:
        await rig.accepted()
        assert await remote_start(rig, connectorId=connector) == "Rejected"


@virtual
async def test_a_stop_with_an_unknown_transaction_id_is_rejected() -> None:
    async with station() as rig:
        transaction = await charge(rig)
        answer = await rig.central.status_of("RemoteStopTransaction", transactionId=transaction + 1)
        assert answer == "Rejected"
        await asyncio.sleep(2)
        assert rig.connector.transaction is not None


@virtual
async def test_a_start_without_a_vehicle_waits_for_it() -> None:
    async with station(plugged=False) as rig:
        await rig.accepted()
        assert await remote_start(rig) == "Accepted"
        assert await remote_start(rig) == "Rejected"
        await asyncio.sleep(30)
        assert rig.central.of("StartTransaction") == []
        rig.plug()
        await rig.sent("StartTransaction")
        await asyncio.sleep(100)
        assert rig.central.statuses(1) == ["Available", "Preparing", "Charging"]


@virtual
async def test_a_start_without_a_vehicle_is_given_up_after_connection_time_out() -> None:
    async with station(plugged=False) as rig:
        await rig.accepted()
        assert await rig.configure("ConnectionTimeOut", 25) == "Accepted"
        await remote_start(rig)
        begun = rig.clock.now()
        await rig.until(lambda: rig.central.statuses(1)[-2:] == ["Preparing", "Available"])
        assert rig.clock.now() - begun == pytest.approx(25, abs=0.1)
        rig.plug()
        await asyncio.sleep(5)
        assert rig.central.of("StartTransaction") == []
        assert "ConnectionTimeOut" in rig.notes()
        assert await remote_start(rig) == "Accepted"


@virtual
async def test_authorize_comes_first_where_it_is_configured() -> None:
    async with station() as rig:
        await rig.accepted()
        await rig.configure("AuthorizeRemoteTxRequests", "true")
        seen = len(rig.central.log)
        assert await remote_start(rig) == "Accepted"
        await rig.sent("StartTransaction")
        assert rig.central.log[seen : seen + 3] == ["-> Accepted", "Authorize", "StartTransaction"]
        assert rig.central.of("Authorize")[0].payload == {"idTag": "TAG"}


@virtual
async def test_a_blocked_id_tag_starts_nothing_and_leaves_the_connector_usable() -> None:
    async with station() as rig:
        rig.central.answers["Authorize"] = {"idTagInfo": {"status": "Blocked"}}
        await rig.accepted()
        await rig.configure("AuthorizeRemoteTxRequests", "true")
        assert await remote_start(rig) == "Accepted"
        await rig.sent("Authorize")
        await asyncio.sleep(5)
        assert rig.central.of("StartTransaction") == []
        assert "Blocked" in rig.notes()
        assert rig.connector.startable


@pytest.mark.parametrize("trouble", ["refused", "link lost", "offline"])
@virtual
async def test_an_authorize_without_answer_leaves_the_connector_usable(trouble: str) -> None:
    async with station(plugged=False) as rig:
        await rig.accepted()
        await rig.configure("AuthorizeRemoteTxRequests", "true")
        assert await remote_start(rig) == "Accepted"
        if trouble == "refused":
            rig.central.refuses.add("Authorize")
        elif trouble == "link lost":
            rig.central.hangs_up_on.add("Authorize")
        else:
            rig.central.reachable = False
            await rig.central.hang_up()
            await asyncio.sleep(1)
        rig.plug()
        await asyncio.sleep(5)
        assert rig.central.of("StartTransaction") == []
        assert "start given up" in rig.notes()
        assert rig.connector.startable


@virtual
async def test_a_vehicle_that_leaves_before_the_id_tag_is_authorized_starts_nothing() -> None:
    async with station() as rig:
        await rig.accepted()
        rig.central.ignores.add("Authorize")
        await rig.configure("AuthorizeRemoteTxRequests", "true")
        await remote_start(rig)
        await rig.sent("Authorize")
        rig.unplug()
        await asyncio.sleep(60)
        assert rig.central.of("StartTransaction") == []
        assert rig.connector.startable


def invalid_tag(central: FakeCentral) -> None:
    """StartTransaction gets an id and an id tag that is not accepted."""
    central.answers["StartTransaction"] = {
        "transactionId": 77,
        "idTagInfo": {"status": "Invalid"},
    }


@virtual
async def test_an_id_tag_that_start_transaction_refuses_stops_as_deauthorized() -> None:
    async with station(prepare=invalid_tag) as rig:
        await rig.accepted()
        await remote_start(rig)
        stop = (await rig.sent("StopTransaction")).payload
        assert (stop["transactionId"], stop["reason"]) == (77, "DeAuthorized")
        await asyncio.sleep(2)
        assert rig.stage.state.current < 1


@virtual
async def test_an_invalid_id_tag_gets_no_energy_where_the_transaction_may_go_on() -> None:
    async with station(prepare=invalid_tag) as rig:
        await rig.accepted()
        await rig.configure("StopTransactionOnInvalidId", "false")
        await remote_start(rig)
        await asyncio.sleep(20)
        assert rig.central.of("StopTransaction") == []
        assert rig.central.statuses(1)[-1] == "SuspendedEVSE"
        assert rig.stage.state.current < 1
        assert await rig.central.status_of("RemoteStopTransaction", transactionId=77) == "Accepted"
        await asyncio.sleep(1)
        assert rig.connector.limit == 100


@virtual
async def test_what_happens_offline_is_delivered_after_the_reconnect_in_order_and_once() -> None:
    async with station() as rig:
        transaction = await charge(rig)
        await asyncio.sleep(3)
        rig.central.reachable = False
        await rig.central.hang_up()
        seen = len(rig.central.calls)
        await asyncio.sleep(3)
        rig.connector.stop("Local")
        rig.central.reachable = True
        await rig.sent("StopTransaction")
        await asyncio.sleep(10)
        late = [call for call in rig.central.calls[seen:] if call.action != "StatusNotification"]
        actions = [call.action for call in late]
        assert len(actions) >= 3
        assert actions == ["MeterValues"] * (len(actions) - 1) + ["StopTransaction"]
        assert {call.payload["transactionId"] for call in late} == {transaction}
        stamps = [call.payload["meterValue"][0]["timestamp"] for call in late[:-1]]
        assert stamps == sorted(set(stamps))


@virtual
async def test_a_transaction_that_starts_and_stops_offline_is_reported_with_its_id() -> None:
    async with station() as rig:
        await rig.accepted()
        rig.central.reachable = False
        await rig.central.hang_up()
        await asyncio.sleep(1)
        rig.connector.request_start("LOCAL")
        await asyncio.sleep(5)
        rig.connector.stop("Local")
        rig.central.reachable = True
        stop = await rig.sent("StopTransaction")
        assert stop.payload["transactionId"] == rig.central.transaction_id
        await asyncio.sleep(1)
        states = [event.state for event in rig.of(TransactionState)]
        assert states == ["stopped"]  # nothing runs any more when its start is answered


@virtual
async def test_an_answer_lost_with_the_link_makes_the_station_ask_again() -> None:
    async with station() as rig:
        await rig.accepted()
        rig.central.hangs_up_on.add("StartTransaction")
        await remote_start(rig)
        await rig.sent("StartTransaction")
        rig.central.hangs_up_on.clear()
        await rig.sent("StartTransaction", 2)
        await rig.sent("MeterValues")
        first, second = rig.central.of("StartTransaction")
        assert first.payload == second.payload
        assert rig.central.of("MeterValues")[0].payload["transactionId"] == 101


@virtual
async def test_a_start_transaction_that_is_refused_is_retried_and_then_given_up() -> None:
    async with station() as rig:
        await rig.accepted()
        await rig.configure("TransactionMessageAttempts", 3)
        await rig.configure("TransactionMessageRetryInterval", 10)
        rig.central.refuses.add("StartTransaction")
        await remote_start(rig)
        await rig.sent("MeterValues")
        tries = [call.t for call in rig.central.of("StartTransaction")]
        assert [t - tries[0] for t in tries] == pytest.approx([0, 10, 30], abs=0.1)
        assert "StartTransaction given up after 3 attempt(s): InternalError" in rig.notes()
        rig.connector.stop("Local")
        stop = await rig.sent("StopTransaction")
        nameless = [call.payload["transactionId"] for call in rig.central.of("MeterValues")]
        assert {stop.payload["transactionId"], *nameless} == {-1}
        assert len(rig.central.of("StartTransaction")) == 3


@virtual
async def test_a_profile_that_comes_with_a_remote_start_holds_for_that_transaction() -> None:
    async with station() as rig:
        await rig.accepted()
        await remote_start(rig, chargingProfile=profile(limit=33, purpose="TxProfile"))
        await rig.sent("StartTransaction")
        await rig.until(lambda: rig.stage.state.current > 30)
        await asyncio.sleep(5)
        assert rig.stage.state.current == pytest.approx(33, abs=0.5)
        rig.connector.stop("Local")
        assert rig.connector.limit == 100


@virtual
async def test_a_profile_that_comes_with_a_start_given_up_goes_with_it() -> None:
    async with station(plugged=False) as rig:
        await rig.accepted()
        await remote_start(rig, chargingProfile=profile(limit=33, purpose="TxProfile"))
        assert rig.connector.limit == 33
        await asyncio.sleep(61)
        assert rig.connector.limit == 100


@pytest.mark.parametrize(
    "wrong",
    [
        profile(purpose="TxDefaultProfile"),
        profile(purpose="TxProfile", transaction_id=5),
        profile(purpose="TxProfile", periods=[(10, 16)]),
    ],
    ids=["no TxProfile", "with a transaction id", "first period not at 0"],
)
@virtual
async def test_a_remote_start_with_a_wrong_profile_is_rejected(wrong: dict[str, object]) -> None:
    async with station() as rig:
        await rig.accepted()
        assert await remote_start(rig, chargingProfile=wrong) == "Rejected"
        await asyncio.sleep(2)
        assert rig.central.of("StartTransaction") == []
        assert rig.connector.limit == 100


@virtual
async def test_a_farewell_ends_the_transaction_and_lets_the_last_message_out() -> None:
    async with station() as rig:
        await charge(rig)
        await asyncio.sleep(2)
        await rig.charge_point.farewell()
        assert rig.central.of("StopTransaction")[0].payload["reason"] == "Local"


@virtual
async def test_a_farewell_does_not_wait_long_for_a_central_system_that_is_mute() -> None:
    async with station() as rig:
        await charge(rig)
        rig.central.ignores.add("StopTransaction")
        begun = rig.clock.now()
        await rig.charge_point.farewell()
        assert rig.clock.now() - begun <= 2.1
        assert "acknowledged" in rig.notes()

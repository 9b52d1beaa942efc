"""The queue between a station and whichever connection it has (OCPP 1.6 section 3.7)."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from evtui.events import EventStream, Note, QueueState, caused_by, current_cause
from evtui.ocppj.link import CallRefused, LinkClosed
from evtui.runtime.clock import LoopClock
from evtui.station.connector.transaction import StationTransaction
from evtui.station.link.outbox import Gate, Outbox
from evtui.station.state.store import StateStore
from evtui.violations import BreaksSchema, Violation
from tests.station.rig import START_UTC, virtual
from tests.virtual_loop import run_virtual

Answer = dict[str, Any] | None


class Box:
    """An outbox, what it said of itself, and a connection that does as it is told."""

    def __init__(
        self, attempts: int = 3, capacity: int = 5_000, store: StateStore | None = None
    ) -> None:
        self.loop = asyncio.get_running_loop()
        self.stream = EventStream(LoopClock(self.loop, START_UTC))
        self.notes: list[str] = []
        self.queue: list[tuple[float, int, int]] = []
        self.stream.subscribe(self._see)
        self.sent: list[tuple[float, str, dict[str, Any], int | None]] = []
        self.failing: Callable[[str], Exception | None] = lambda action: None
        self.duration = 0.0
        self.transaction = StationTransaction(1, 1, "TAG", 0, START_UTC)
        self.outbox = Outbox(
            self.stream,
            "CP1",
            store or StateStore(),
            attempts=lambda: attempts,
            retry_interval=lambda: 10.0,
            capacity=capacity,
        )
        self.running: asyncio.Task[None] | None = None

    def connect(self, gate: Gate = Gate.OPEN) -> None:
        """A connection comes."""
        self.running = asyncio.create_task(self.outbox.run(self.call))
        self.outbox.set_gate(gate)

    async def disconnect(self) -> None:
        """The connection goes."""
        assert self.running is not None
        self.running.cancel()
        await asyncio.gather(self.running, return_exceptions=True)

    def keep(self, action: str, **payload: Any) -> None:
        """Queue a message of the transaction."""
        self.outbox.post_transaction(action, payload, self.transaction)

    async def call(self, action: str, payload: dict[str, Any]) -> dict[str, Any]:
        """What stands for a connection."""
        self.sent.append((self.loop.time(), action, payload, current_cause()))
        await asyncio.sleep(self.duration)
        error = self.failing(action)
        if error is not None:
            raise error
        return {"transactionId": 77} if action == "StartTransaction" else {"answer": action}

    @property
    def actions(self) -> list[str]:
        """What was sent, in order."""
        return [action for _, action, _, _ in self.sent]

    def times(self, action: str) -> list[float]:
        """When an action was sent, lab time in s."""
        return [t for t, sent, _, _ in self.sent if sent == action]

    def _see(self, event: object) -> None:
        if isinstance(event, Note):
            self.notes.append(event.text)
        elif isinstance(event, QueueState):
            self.queue.append((event.t, event.queued, event.lost))


@virtual
async def test_messages_go_out_as_they_were_posted_and_answers_to_whoever_asked() -> None:
    box = Box()
    box.connect()
    await asyncio.sleep(1)
    answers: list[Answer] = []
    box.outbox.post_transaction("StartTransaction", {}, box.transaction, done=answers.append)
    assert box.outbox.post("StatusNotification", {"status": "Charging"}, done=answers.append)
    await box.outbox.flushed()
    assert box.actions == ["StartTransaction", "StatusNotification"]
    assert answers == [{"transactionId": 77}, {"answer": "StatusNotification"}]
    assert box.sent[1][2] == {"status": "Charging"}


@virtual
async def test_without_a_connection_only_messages_of_transactions_are_taken() -> None:
    box = Box()
    assert not box.outbox.post("Heartbeat", {})
    assert not box.outbox.post("Heartbeat", {}, triggered=True)
    box.keep("StopTransaction")
    assert len(box.outbox) == 1


@virtual
async def test_while_pending_only_what_was_triggered_goes_out() -> None:
    box = Box()
    box.keep("StopTransaction")
    box.connect(Gate.TRIGGERED)
    assert not box.outbox.open
    assert not box.outbox.post("Heartbeat", {})
    assert box.outbox.post("StatusNotification", {}, triggered=True)
    await asyncio.sleep(60)
    assert box.actions == ["StatusNotification"]
    box.outbox.set_gate(Gate.OPEN)
    await box.outbox.flushed()
    assert box.actions == ["StatusNotification", "StopTransaction"]


@virtual
async def test_a_customer_waits_for_one_message_and_not_for_the_queue() -> None:
    box = Box()
    box.duration = 1.0
    for _ in range(100):
        box.keep("MeterValues")
    box.connect()
    await asyncio.sleep(10.5)
    box.outbox.post("Authorize", {})
    await asyncio.sleep(2)
    assert box.times("Authorize") == [11]
    assert box.actions.index("Authorize") == 11


@virtual
async def test_a_flood_of_other_messages_does_not_hold_up_the_queue() -> None:
    box = Box()
    box.duration = 1.0
    box.connect()
    for _ in range(20):
        box.outbox.post("DataTransfer", {})
    await asyncio.sleep(0.5)
    box.keep("MeterValues")
    for _ in range(100):
        box.outbox.post("DataTransfer", {})
    await asyncio.sleep(25)
    assert box.times("MeterValues") == [20]


@virtual
async def test_after_a_reconnect_where_we_stand_is_told_before_what_has_happened() -> None:
    box = Box()
    box.keep("MeterValues")
    box.keep("StopTransaction")
    box.connect()
    box.outbox.post("StatusNotification", {})
    await box.outbox.flushed()
    assert box.actions == ["StatusNotification", "MeterValues", "StopTransaction"]


@virtual
async def test_no_call_goes_out_before_the_last_one_was_answered() -> None:
    box = Box()
    box.duration = 3.0
    box.connect()
    for _ in range(3):
        box.keep("MeterValues")
        box.outbox.post("DataTransfer", {})
    await box.outbox.flushed()
    assert [t for t, *_ in box.sent] == [0, 3, 6, 9, 12, 15]


@settings(deadline=None, max_examples=50)
@given(st.lists(st.booleans(), max_size=30))
def test_what_is_kept_survives_a_lost_link_in_order_and_the_rest_is_given_up(
    keeps: list[bool],
) -> None:
    async def scenario() -> None:
        box = Box()
        box.duration = 1e6
        told: list[int] = []

        def note(number: int) -> Callable[[Answer], None]:
            return lambda answer: told.append(number)

        box.connect()
        for number, keep in enumerate(keeps):
            payload = {"number": number}
            if keep:
                box.outbox.post_transaction(
                    "MeterValues", payload, box.transaction, done=note(number)
                )
            else:
                assert box.outbox.post("DataTransfer", payload, done=note(number))
        await asyncio.sleep(1)
        await box.disconnect()
        dropped = [number for number, keep in enumerate(keeps) if not keep]
        kept = [number for number, keep in enumerate(keeps) if keep]
        assert told == dropped
        box.duration = 0.0
        box.sent.clear()
        box.connect()
        await box.outbox.flushed()
        assert [payload["number"] for _, _, payload, _ in box.sent] == kept
        assert told == dropped + kept

    run_virtual(scenario())


@virtual
async def test_a_connection_that_goes_during_a_call_does_not_count_as_an_attempt() -> None:
    box = Box(attempts=1)
    box.keep("StopTransaction")
    box.failing = lambda action: LinkClosed("gone")
    for _ in range(5):
        box.connect()
        assert box.running is not None
        with pytest.raises(LinkClosed):
            await box.running
        assert not box.outbox.open
    box.failing = lambda action: None
    box.connect()
    await box.outbox.flushed()
    assert box.actions == ["StopTransaction"] * 6
    assert box.notes == []


@pytest.mark.parametrize(
    "code",
    [
        "NotImplemented",
        "NotSupported",
        "ProtocolError",
        "TypeConstraintViolation",
        "FormatViolation",
    ],
)
@virtual
async def test_meter_values_that_are_not_wanted_hold_up_nothing_and_are_told_now_and_then(
    code: str,
) -> None:
    box = Box()
    box.failing = lambda action: CallRefused(code, "") if action == "MeterValues" else None
    answers: list[Answer] = []
    box.keep("StartTransaction")
    for n in range(12):
        box.outbox.post_transaction("MeterValues", {"n": n}, box.transaction, done=answers.append)
    box.keep("StopTransaction")
    box.connect()
    await box.outbox.flushed()
    assert box.loop.time() == 0
    assert box.actions == ["StartTransaction", *["MeterValues"] * 12, "StopTransaction"]
    assert box.notes == [f"MeterValues let go, a retry would be refused too: {code}"]
    assert answers == [None] * 12
    assert box.queue[-1][1:] == (0, 12)
    await asyncio.sleep(60)
    box.keep("MeterValues")
    await box.outbox.flushed()
    assert box.notes[1:] == [
        f"MeterValues let go, a retry would be refused too: {code}, 12 since the last note"
    ]


@pytest.mark.parametrize("code", ["InternalError", "GenericError", "SecurityError"])
@virtual
async def test_meter_values_that_a_retry_may_save_are_tried_again(code: str) -> None:
    box = Box()
    box.failing = lambda action: CallRefused(code, "")
    box.keep("MeterValues")
    box.connect()
    await box.outbox.flushed()
    assert box.times("MeterValues") == [0, 10, 30]


@virtual
async def test_behind_meter_values_that_no_attempt_saved_others_are_tried_once_until_one_is() -> (
    None
):
    box = Box()
    box.failing = lambda action: CallRefused("InternalError", "") if action[0] == "M" else None
    for _ in range(5):
        box.keep("MeterValues")
    box.keep("StopTransaction")
    box.connect()
    await box.outbox.flushed()
    assert box.times("MeterValues") == [0, 10, 30, 30, 30, 30, 30]
    assert box.times("StopTransaction") == [30]
    box.failing = lambda action: None
    box.keep("MeterValues")
    await box.outbox.flushed()
    box.failing = lambda action: CallRefused("InternalError", "")
    box.keep("MeterValues")
    await box.outbox.flushed()
    assert box.times("MeterValues")[7:] == [30, 30, 40, 60]


@pytest.mark.parametrize("action", ["StartTransaction", "StopTransaction"])
@virtual
async def test_a_start_and_a_stop_keep_their_attempts_whatever_the_refusal(action: str) -> None:
    box = Box()
    box.failing = lambda action: CallRefused("NotImplemented", "")
    box.keep(action)
    box.connect()
    await box.outbox.flushed()
    assert box.times(action) == [0, 10, 30]


@pytest.mark.parametrize(
    "error", [CallRefused("InternalError", ""), TimeoutError("no answer")], ids=["refused", "late"]
)
@virtual
async def test_a_failure_is_retried_after_ever_longer_waits_then_discarded_and_reported(
    error: Exception,
) -> None:
    box = Box(attempts=4)
    box.failing = lambda action: error if action == "StopTransaction" else None
    answers: list[Answer] = []
    box.outbox.post_transaction("StopTransaction", {}, box.transaction, done=answers.append)
    box.keep("MeterValues")
    box.connect()
    await box.outbox.flushed()
    assert [(t, action) for t, action, _, _ in box.sent] == [
        (0, "StopTransaction"),
        (10, "StopTransaction"),
        (30, "StopTransaction"),
        (60, "StopTransaction"),
        (60, "MeterValues"),
    ]
    assert box.notes == [f"StopTransaction given up after 4 attempt(s): {error}"]
    assert answers == [None]
    assert box.queue[-1] == (60, 0, 1)


@virtual
async def test_while_a_retry_is_waited_for_other_messages_go_on() -> None:
    box = Box(attempts=2)
    box.failing = lambda action: TimeoutError("late") if action == "MeterValues" else None
    box.keep("MeterValues")
    box.connect()
    await asyncio.sleep(1)
    assert box.outbox.post("Heartbeat", {})
    box.keep("StopTransaction")
    await asyncio.sleep(1)
    assert box.times("Heartbeat") == [1]
    await box.outbox.flushed()
    assert box.times("MeterValues") == [0, 10]
    assert box.times("StopTransaction") == [10]


@virtual
async def test_a_reconnect_does_not_shorten_the_wait_for_a_retry() -> None:
    box = Box()
    box.failing = lambda action: CallRefused("InternalError", "")
    box.keep("MeterValues")
    box.connect()
    await asyncio.sleep(3)
    await box.disconnect()
    box.connect()
    await asyncio.sleep(3)
    assert box.times("MeterValues") == [0]
    box.failing = lambda action: None
    await box.outbox.flushed()
    assert box.times("MeterValues") == [0, 10]


@virtual
async def test_the_id_of_a_transaction_is_filled_in_when_it_is_known() -> None:
    box = Box()
    for action in ("StartTransaction", "MeterValues", "StopTransaction"):
        box.keep(action, connectorId=1)
    box.connect()
    await box.outbox.flushed()
    assert [payload.get("transactionId") for _, _, payload, _ in box.sent] == [None, 77, 77]
    assert box.transaction.transaction_id == 77


@virtual
async def test_a_start_that_was_given_up_is_followed_up_with_minus_one() -> None:
    box = Box()
    box.failing = lambda a: CallRefused("GenericError", "") if a == "StartTransaction" else None
    for action in ("StartTransaction", "MeterValues", "StopTransaction"):
        box.keep(action, connectorId=1)
    box.connect()
    await box.outbox.flushed()
    followed = [payload["transactionId"] for _, _, payload, _ in box.sent[3:]]
    assert box.actions[:3] == ["StartTransaction"] * 3
    assert followed == [-1, -1]


@virtual
async def test_other_messages_are_tried_once() -> None:
    box = Box()
    box.failing = lambda action: CallRefused("InternalError", "")
    box.connect()
    answers: list[Answer] = []
    box.outbox.post("Heartbeat", {}, done=answers.append)
    await box.outbox.flushed()
    assert len(box.sent) == 1
    assert answers == [None]
    assert box.notes == ["Heartbeat given up after 1 attempt(s): InternalError"]


@virtual
async def test_a_message_of_ours_that_breaks_its_schema_is_not_tried_again() -> None:
    box = Box()
    violation = Violation("TypeConstraintViolation", "meterStop: too much", ("meterStop",))
    box.failing = lambda action: BreaksSchema("whatever", violation)
    told: list[Note] = []
    box.stream.subscribe(lambda event: told.append(event) if isinstance(event, Note) else None)
    box.keep("StopTransaction")
    box.connect()
    await box.outbox.flushed()
    assert len(box.sent) == 1
    assert [note.violation for note in told] == [replace(violation, kind="withheld")]


@virtual
async def test_every_message_goes_out_with_the_cause_it_was_posted_with() -> None:
    box = Box()
    for cause in (7, None, 9):
        with caused_by(cause):
            box.keep("MeterValues", cause=cause)
    with caused_by(3):  # whoever brings the connection up did not cause the messages
        box.connect()
    await box.outbox.flushed()
    assert [(payload["cause"], cause) for _, _, payload, cause in box.sent] == [
        (7, 7),
        (None, None),
        (9, 9),
    ]


@virtual
async def test_a_full_queue_gives_up_the_oldest_meter_values_and_tears_no_transaction() -> None:
    box = Box(capacity=10)
    actions = ["StartTransaction", *["MeterValues"] * 20, "StopTransaction"]
    for number, action in enumerate(actions):
        box.keep(action, number=number)
    box.connect()
    await box.outbox.flushed()
    numbers = [payload["number"] for _, _, payload, _ in box.sent]
    assert numbers == [0, *range(13, 22)]
    assert box.notes == ["queue full with 10 messages: the oldest meter values are given up"]
    assert box.queue[-1][1:] == (0, 12)


@virtual
async def test_a_queue_full_of_starts_and_stops_keeps_them_all() -> None:
    box = Box(capacity=4)
    for _ in range(5):
        box.keep("StartTransaction")
        box.keep("StopTransaction")
    assert len(box.outbox) == 10


@virtual
async def test_the_queue_is_reported_when_it_builds_up_and_ends_and_once_a_second_between() -> None:
    box = Box()
    for _ in range(30):
        box.keep("MeterValues")
        await asyncio.sleep(0.1)
    assert [queued for _, queued, _ in box.queue] == [1, 11, 21]
    box.duration = 0.5
    box.connect()
    await box.outbox.flushed()
    times = [t for t, _, _ in box.queue]
    assert box.queue[-1][1] == 0
    assert all(later - earlier > 0.4 for earlier, later in pairwise(times))
    assert len(box.queue) < 25


@virtual
async def test_messages_that_are_answered_at_once_are_no_news() -> None:
    box = Box()
    box.connect()
    for _ in range(100):
        box.keep("MeterValues")
        await asyncio.sleep(1)
    assert box.queue == []


@virtual
async def test_the_oldest_message_is_told_with_the_queue() -> None:
    box = Box()
    told: list[float | None] = []
    box.stream.subscribe(
        lambda event: told.append(event.oldest) if isinstance(event, QueueState) else None
    )
    await asyncio.sleep(5)
    box.keep("MeterValues")
    box.connect()
    await box.outbox.flushed()
    assert told == [pytest.approx(5, abs=1e-3), None]


@virtual
async def test_a_new_outbox_goes_on_with_what_an_older_one_left() -> None:
    store = StateStore()
    box = Box(store=store)
    box.failing = lambda a: TimeoutError("late") if a == "MeterValues" else None
    for action in ("StartTransaction", "MeterValues", "StopTransaction"):
        box.keep(action)
    box.connect()
    await asyncio.sleep(1)
    await box.disconnect()
    heir = Box(store=StateStore(store.rows))
    heir.failing = box.failing
    heir.connect()
    await heir.outbox.flushed()
    assert heir.actions == ["MeterValues", "MeterValues", "StopTransaction"]  # one try was before
    assert heir.sent[-1][2]["transactionId"] == 77


@virtual
async def test_a_closed_outbox_has_no_timer_left() -> None:
    box = Box()
    box.connect()
    box.failing = lambda action: TimeoutError("late")
    box.keep("MeterValues")
    await asyncio.sleep(0.5)
    await box.disconnect()
    box.keep("MeterValues")
    box.outbox.close()
    await asyncio.sleep(60)
    assert box.queue == [(0.5, 1, 0)]

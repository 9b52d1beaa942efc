"""What a charge point has said of its transactions, to be held against what was kept of it."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import datetime
from itertools import pairwise
from typing import Any, NamedTuple

import msgspec

from evtui.central_system.transactions import Transaction as KeptTransaction
from evtui.events import Event, EventStream, OcppMessage
from evtui.station.connector.transaction import StationTransaction
from evtui.station.state.store import QueuedMessage, StateStore

__all__ = ["Account", "Arrivals", "Books", "check_sound", "kept", "overheard"]


ABOUT_TRANSACTIONS = ("StartTransaction", "MeterValues", "StopTransaction")


class Account(NamedTuple):
    """One transaction, from start to stop.

    Attributes:
        started: timestamp of its StartTransaction.req.
        meter_values: MeterValue elements in their order.
        stop: meterStop in Wh, timestamp and reason; None while it runs.
    """

    started: str
    connector: int | None
    id_tag: str
    meter_start: int | None
    meter_values: list[dict[str, Any]]
    stop: tuple[int, str, str] | None


class Books:
    """Messages of transactions as a charge point has queued them, each entered once.

    Over a crash too: a message is known by its number and the moment it was posted.
    """

    def __init__(self) -> None:
        self._messages: dict[tuple[int, float], QueuedMessage] = {}

    def enter(self, message: QueuedMessage) -> None:
        """Enter a message, or find that it is there already."""
        self._messages.setdefault((message.number, message.posted), message)

    def of(self, action: str) -> list[QueuedMessage]:
        """The messages of one action."""
        return [each for each in self._messages.values() if each.action == action]

    def accounts(self) -> list[Account]:
        """What follows from the messages, by time of start."""
        accounts: dict[int, Account] = {}
        for message in self._messages.values():
            said, key = message.payload, message.transaction
            match message.action:
                case "StartTransaction":
                    accounts[key] = Account(
                        said["timestamp"],
                        said["connectorId"],
                        said["idTag"],
                        said["meterStart"],
                        [],
                        None,
                    )
                case "MeterValues":
                    accounts[key].meter_values.extend(said["meterValue"])
                case "StopTransaction":
                    stop = (said["meterStop"], said["timestamp"], said["reason"])
                    assert accounts[key].stop is None, "a second StopTransaction"
                    accounts[key] = accounts[key]._replace(stop=stop)
        return sorted(accounts.values(), key=_place)


def overheard(
    hear: Callable[[QueuedMessage], None],
) -> Callable[[StateStore, QueuedMessage, StationTransaction], None]:
    """A :meth:`StateStore.add` that tells ``hear`` of each message once it is kept."""
    add = StateStore.add

    def add_and_tell(
        store: StateStore, message: QueuedMessage, transaction: StationTransaction
    ) -> None:
        add(store, message, transaction)
        hear(message)

    return add_and_tell


def kept(transactions: Iterable[KeptTransaction]) -> list[Account]:
    """The same from a central system's side."""
    accounts = [
        Account(
            one.started,
            one.connector,
            one.id_tag,
            one.meter_start,
            one.meter_values,
            None if one.meter_stop is None else (one.meter_stop, one.stopped, one.reason),
        )
        for one in transactions
    ]
    return sorted(accounts, key=_place)


def check_sound(accounts: list[Account]) -> None:
    """Time and register never run backwards, neither in a transaction nor over all of them."""
    registers: dict[int | None, int] = {}
    for account in accounts:
        assert account.stop is not None
        assert account.meter_start is not None
        meter_stop, stopped, _ = account.stop
        measured = [(each["timestamp"], _register(each)) for each in account.meter_values]
        story = [(account.started, account.meter_start), *measured, (stopped, meter_stop)]
        for (before, less), (after, more) in pairwise(story):
            assert datetime.fromisoformat(before) <= datetime.fromisoformat(after), story
            assert less <= more, story
        assert registers.get(account.connector, 0) <= account.meter_start
        registers[account.connector] = meter_stop


class Arrivals:
    """What really came in at a central system, before anything was made of it.

    Attributes:
        received: calls about transactions.
        late: meter values that came for the first time after the stop of their transaction.
    """

    def __init__(self, stream: EventStream) -> None:
        self.received = 0
        self.late = 0
        self._distinct: set[tuple[str, bytes]] = set()
        self._stopped: set[int] = set()
        stream.subscribe(self._on_event, OcppMessage)

    @property
    def repeats(self) -> int:
        """Calls that had come before."""
        return self.received - len(self._distinct)

    def _on_event(self, event: Event) -> None:
        assert isinstance(event, OcppMessage)
        if (event.sender, event.phase, event.kind) != ("charge_point", "delivered", "call"):
            return
        if event.action not in ABOUT_TRANSACTIONS:
            return
        said = event.action, msgspec.json.encode(event.payload)
        if event.action == "StopTransaction":
            self._stopped.add(event.payload["transactionId"])
        elif event.action == "MeterValues" and said not in self._distinct:
            self.late += event.payload["transactionId"] in self._stopped
        self.received += 1
        self._distinct.add(said)


def _place(account: Account) -> tuple[str, int]:
    return account.started, account.connector or 0


def _register(meter_value: dict[str, Any]) -> int:
    (value,) = [
        sampled["value"]
        for sampled in meter_value["sampledValue"]
        if sampled.get("measurand", "Energy.Active.Import.Register")
        == "Energy.Active.Import.Register"
    ]
    return int(value)

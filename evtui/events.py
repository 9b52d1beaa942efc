"""What happens in the lab, as frozen events on one stream with one clock.

Every part publishes; readers only read.  An event carries a sequence number, the seconds
since the lab started, its source and, where there is one, the sequence number of the event
that caused it: the SetChargingProfile that made a charge point send a 0x210 frame is that
frame's cause.

UTC is not stored in the event: for recordings it is ``stream.start_utc + event.t``, and goes on as
it began.  Times in messages are those of the clock, which may be set (:meth:`LoopClock.unix`).
"""

from __future__ import annotations

import json
import re
from collections import deque
from collections.abc import Callable
from contextvars import ContextVar
from typing import Any, Literal, Protocol, TypeVar

import msgspec

from evtui.escaping import for_json
from evtui.repeats import Repeats
from evtui.violations import Violation

__all__ = [
    "BY_HAND",
    "NOTES_AT_ONCE",
    "NULL",
    "Alarm",
    "AnomalyState",
    "BusLoad",
    "CanFrame",
    "CentralSystemLoad",
    "CentralSystemState",
    "ConnectorState",
    "Detection",
    "Event",
    "EventReader",
    "EventStream",
    "LabState",
    "Layer",
    "LeftOut",
    "LinkState",
    "Mark",
    "Note",
    "OcppMessage",
    "Order",
    "PartState",
    "QueueState",
    "RecordingState",
    "Sample",
    "ScenarioState",
    "Subscriber",
    "TransactionState",
    "Verdict",
    "as_json",
    "caused_by",
    "current_cause",
    "json_text",
    "payload_bytes",
    "pretty_json",
]


def json_text(value: Any) -> str:
    """``value`` as JSON on one line, whatever a peer or a program put into it."""
    try:
        return msgspec.json.encode(value).decode()
    except (UnicodeEncodeError, TypeError, ValueError, OverflowError):  # a lone surrogate, a set
        return json.dumps(value, default=_plain, separators=(",", ":"))


def pretty_json(value: Any) -> str:
    """``value`` as JSON for people, on several lines and ending with one."""
    pretty = json.dumps(json.loads(json_text(value)), indent=2, ensure_ascii=False)
    return for_json(pretty) + "\n"


def _plain(value: Any) -> Any:
    if isinstance(value, msgspec.Raw):
        return json.loads(bytes(value))
    if not isinstance(value, msgspec.Struct):
        return str(value)
    config = value.__struct_config__
    tag = {} if config.tag_field is None else {config.tag_field: config.tag}
    fields = (
        (field.encode_name, getattr(value, field.name)) for field in msgspec.structs.fields(value)
    )
    return tag | {name: field for name, field in fields if field is not msgspec.UNSET}


def as_json(value: Any) -> msgspec.Raw:
    """``value`` as the body of an :class:`OcppMessage`."""
    try:
        return msgspec.Raw(msgspec.json.encode(value))
    except (UnicodeEncodeError, TypeError, ValueError, OverflowError):
        return msgspec.Raw(json_text(value))


NULL = as_json(None)
"""Body of a message without a payload."""


class Event(msgspec.Struct, frozen=True, kw_only=True, tag_field="event", tag=True):
    """The header every event has.

    ``seq`` and ``t`` are filled in by the stream when the event is published.

    Attributes:
        seq: place in the stream, from 1, without gaps.
        t: seconds since the lab started.
        source: who says so: ``csms``, a charge point's identity, ``CP1/module``, ``lab``, ...
        cause: ``seq`` of the event that caused this one, or None.
    """

    seq: int = 0
    t: float = 0.0
    source: str = ""
    cause: int | None = None


Role = Literal["central_system", "charge_point"]


class OcppMessage(Event, frozen=True, kw_only=True):
    """One OCPP-J message as one end of the link saw it.

    The same message is *sent* at one end and *delivered* at the other; both ends are ours in
    the plain lab, so there are two events, which share station, sender, kind and uid.  The
    link in between may edit, delay or drop, hence two.  A foreign peer gives only our half.

    Attributes:
        station: identity of the charge point on this link.
        connector: connector the message is about, None where the message names none.
        sender: role that sent it.
        phase: ``sent`` or ``delivered``.
        kind: ``call``, ``result`` (CALLRESULT), ``error`` (CALLERROR) or ``invalid``: a text
            that is no OCPP-J message, or a connection attempt that was refused.
        uid: message id; empty for ``invalid`` ones that have none.
        action: OCPP action; for results and errors that of the call they answer.
        body: payload as JSON on one line, see :attr:`payload`; a message is kept as long as
            somebody may want to see it, and decoded a payload takes up to 30 times as much.
        latency: for results and errors, seconds since this end saw the call.
        error: errorCode of a CALLERROR, or what is wrong with an ``invalid`` message.
        detail: one line for people: errorDescription, or why a message is invalid.
        text: start of the raw text, for ``invalid`` ones and for those that were refused and
            are too long to be kept as a whole; they have no payload.
        link: number of the connection this end counts, from 1; 0 for a connection attempt
            that was refused.
        violation: how it breaks the rules, or for a CALLERROR how the call did that it refuses;
            told once, at the end that found it; not set, and left out of its JSON, where no
            rule is broken.
    """

    station: str
    sender: Role
    phase: Literal["sent", "delivered"]
    kind: Literal["call", "result", "error", "invalid"]
    uid: str
    action: str
    body: msgspec.Raw = msgspec.field(name="payload", default=NULL)
    connector: int | None = None
    latency: float | None = None
    error: str = ""
    detail: str = ""
    text: str = ""
    link: int = 0
    violation: Violation | msgspec.UnsetType = msgspec.UNSET

    @property
    def is_refusal(self) -> bool:
        """True for a connection attempt that was refused; ``station`` is what it said it is."""
        return self.kind == "invalid" and self.link == 0

    @property
    def payload(self) -> Any:
        """The payload, decoded anew each time; for errors the errorDetails."""
        try:
            return msgspec.json.decode(self.body)
        except msgspec.DecodeError:  # a lone surrogate: a program may have put it there
            return json.loads(bytes(self.body))

    def says_otherwise(self, sent: OcppMessage) -> bool:
        """True when this, as delivered, has another payload than it was ``sent`` with."""
        if self.text or self.body == sent.body:  # refused: what is not kept says nothing
            return False
        return bool(self.payload != sent.payload)


class CanFrame(Event, frozen=True, kw_only=True):
    """One frame on a CAN bus; ``source`` is the node that sent it.

    Attributes:
        station: charge point the bus belongs to.
        bus: name of the bus, ``CP1/can``.
        node: node that sent it, ``charge-point``, ``module``, or the name a guest gave.
        arbitration_id: 11 or 29 bits.
        extended: True for a 29-bit id.
        data: 0 to 8 bytes.
        error: True for an error frame.
        remote: True for a remote frame.
        requested: bytes that a remote frame asks for (its data length code); 0 for others.
    """

    station: str
    bus: str
    node: str
    arbitration_id: int
    data: bytes
    extended: bool = False
    error: bool = False
    remote: bool = False
    requested: int = 0

    @property
    def dlc(self) -> int:
        """Data length code."""
        return self.requested if self.remote else len(self.data)


class BusLoad(Event, frozen=True, kw_only=True):
    """Load of a bus over the last second.

    Attributes:
        bitrate: bit/s.
        load_pct: share of the bit rate used, per cent, with worst-case bit stuffing.
        frames_per_s: frames in the last second.
        frames: frames since the start.
        dropped: frames refused since the start, because a node's transmit queue was full.
    """

    station: str
    bus: str
    bitrate: int
    load_pct: float
    frames_per_s: float
    frames: int
    dropped: int = 0


class Sample(Event, frozen=True, kw_only=True):
    """What the power stage really does, every 100 ms for each connector.

    Attributes:
        current: A actually flowing (per phase for AC, output current for DC).
        limit: A the charging profiles allow now.
        target: A the power stage is heading for.
        reported: A in the last MeterValues that the charge point sent, None before the first.
        voltage: V (phase to neutral for AC).
        power: W.
        energy: Wh, register since the charge point started.
        soc: state of charge, per cent, None for AC.
        temperature: degrees Celsius in the power stage.
        contactor: True while closed.
        status: OCPP 1.6 ChargePointStatus of the connector.
        transaction_id: running transaction or None.
        phase: state of the power stage's session: ``idle``, ``cable check``, ``precharge``,
            ``charging``, ``vehicle gave up``, ...
    """

    station: str
    connector: int
    current: float
    limit: float
    target: float
    voltage: float
    power: float
    energy: float
    temperature: float
    contactor: bool
    status: str
    reported: float | None = None
    soc: float | None = None
    transaction_id: int | None = None
    phase: str = ""


class CentralSystemState(Event, frozen=True, kw_only=True):
    """The central system listens, or does not.

    Attributes:
        url: ``ws://127.0.0.1:9000``; for a foreign central system its URL.
        listening: True while it accepts connections.
        ours: False when ``--csms`` points at somebody else's.
        detail: why it does not listen.
    """

    url: str
    listening: bool
    ours: bool = True
    detail: str = ""


class CentralSystemLoad(Event, frozen=True, kw_only=True):
    """What our central system carries and where it drew a line; told when it changed, at most
    once a second.

    Attributes:
        connections: stations connected now.
        connections_max: most that are let in.
        calls_per_s: calls of stations answered in the last second.
        refused: connections not let in since the start, failed handshakes among them.
        invalid: broken messages since the start.
        oversize: messages over the size limit since the start; each cost its connection.
        throttled: messages held back since the start, because a station sent too many.
        evicted: connections closed since the start because their station came again.
        abandoned: transactions closed since the start without a StopTransaction, because their
            connector became Available or started another.
    """

    connections: int
    connections_max: int
    calls_per_s: float = 0.0
    refused: int = 0
    invalid: int = 0
    oversize: int = 0
    throttled: int = 0
    evicted: int = 0
    abandoned: int = 0


class QueueState(Event, frozen=True, kw_only=True):
    """What a charge point still has to tell its central system; told when it changed.

    Attributes:
        queued: messages of transactions that are kept until they are answered.
        capacity: most that are kept.
        lost: messages of transactions given up since the start.
        oldest: lab time in s of the oldest, None when nothing is queued.
    """

    station: str
    queued: int
    capacity: int
    lost: int = 0
    oldest: float | None = None


class LinkState(Event, frozen=True, kw_only=True):
    """A charge point's connection, seen by the end named in ``side``.

    Attributes:
        side: ``charge_point`` or ``central_system``.
        state: ``connecting``, ``connected``, ``booting``, ``pending``, ``rejected``,
            ``accepted`` or ``offline``; seen from the central system ``asking`` means that
            somebody has to say whether the station is let in.
        detail: close code, reason.
        next_try: lab time in s of the next attempt to connect, None where none is due.
    """

    station: str
    side: Role
    state: str
    detail: str = ""
    next_try: float | None = None


class ConnectorState(Event, frozen=True, kw_only=True):
    """Status of a connector as OCPP 1.6 section 4.9 defines it; connector 0 is the station."""

    station: str
    connector: int
    status: str
    error_code: str = "NoError"
    info: str = ""


class TransactionState(Event, frozen=True, kw_only=True):
    """A transaction started or stopped at the charge point.

    Attributes:
        transaction_id: as the central system issued it; None while it has not answered.
        meter: Wh, meterStart or meterStop.
        reason: OCPP 1.6 Reason, when stopped.
    """

    station: str
    connector: int
    state: Literal["started", "stopped"]
    transaction_id: int | None
    meter: int
    id_tag: str
    reason: str = ""


Layer = Literal["ocpp", "link", "can", "physical"]
"""Where an attack acts."""

BY_HAND = "by-hand"
"""Variant of an attack whose steps are somebody's own; see :mod:`evtui.anomalies.by_hand`."""


class AnomalyState(Event, frozen=True, kw_only=True):
    """Ground truth, written by the injector and by nobody else.

    Every event carries the whole state, so a reader that joins late needs only the newest.

    Attributes:
        attack_id: ``fluctuation-1``, ... one for each time it is switched on.
        anomaly: ``repeated-current-fluctuation``, or how somebody calls an attack of their own.
        layer: where it acts.
        change: what happened: ``on``, ``cycle`` (a cycle begins), ``step`` (a step was
            done), ``parameters``, ``off`` (the injector sends nothing more),
            ``safe`` (safe state reached: transaction ended, profiles cleared, current near
            zero; the effect has ended), ``failed``.
        active: True from ``on`` to ``off``.
        variant: one of the anomaly's variants, or :data:`BY_HAND`.
        parameters: name to value; units are in the names (``low_a``, ``high_a``,
            ``wait_1_s`` ... ``wait_4_s``, ``cycles``, ``jitter``).
        cycle: number of the running cycle, from 1; 0 before the first.
        step: index of the step just done, from 0; -1 before the first.
        steps: number of steps in a cycle.
        step_label: what that step did, ``RemoteStop``.
        next_label: what comes next.
        next_at: lab time in seconds when the next step comes, None when none comes.
        period: s, length of a cycle without jitter.
        detail: one line for people.
    """

    station: str
    connector: int
    attack_id: str
    anomaly: str
    change: Literal["on", "cycle", "step", "parameters", "off", "safe", "failed"]
    active: bool
    variant: str
    parameters: dict[str, float]
    cycle: int = 0
    step: int = -1
    steps: int = 0
    step_label: str = ""
    next_label: str = ""
    next_at: float | None = None
    period: float = 0.0
    detail: str = ""
    layer: Layer = "ocpp"

    @property
    def by_hand(self) -> bool:
        """True for an attack whose steps are somebody's own."""
        return self.variant == BY_HAND


class Alarm(Event, frozen=True, kw_only=True):
    """A detector noticed something, or thinks it is over.

    Attributes:
        detector: name, ``current-reversals``.
        view: what it was fed from: ``can`` (0x300 frames) or ``ocpp`` (MeterValues).
        raised: True when raised, False when cleared.
        evidence: one line for people: "4 reversals of 8 A in 60 s".
    """

    station: str
    connector: int
    detector: str
    view: str
    raised: bool
    evidence: str


class Detection(Event, frozen=True, kw_only=True):
    """An alarm joined with the truth, by the scorer.

    An alarm in several attacks is joined with each, first with the one that began last.

    Attributes:
        attack_id: the attack the alarm belongs to; empty for a false alarm.
        time_to_detect: s from the first change of current that the injector caused to the
            alarm, or from the begin of an attack by hand that has changed none; None for a
            false alarm.
        connector: connectorId that the alarm is about.
    """

    station: str
    detector: str
    view: str
    attack_id: str
    time_to_detect: float | None
    connector: int = 1


class PartState(Event, frozen=True, kw_only=True):
    """A supervised part of the lab: ``running``, ``crashed``, ``stopped``."""

    part: str
    state: Literal["running", "crashed", "stopped"]
    detail: str = ""


class LabState(Event, frozen=True, kw_only=True):
    """Settings that can change while the lab runs.

    Attributes:
        connector: connectorId that ``plugged`` is about; the rest is the station's.
        preset: power stage preset: ``seed``, ``dc``, ``ccs`` or ``ac``.
        strict: True when a TxProfile without a transaction is rejected.
        plugged: True while a vehicle is plugged in.
        meter_interval: s between MeterValues.
        detector_views: which feeds the detector reads: ``can``, ``ocpp`` or both.
    """

    station: str
    preset: str
    strict: bool
    plugged: bool
    meter_interval: float
    detector_views: tuple[str, ...]
    connector: int = 1


class Note(Event, frozen=True, kw_only=True):
    """A line for people; ``level`` is ``info``, ``warning`` or ``error``.

    Attributes:
        violation: what is wrong with a message of ours that did not go out, where the line is
            about one; not set, and left out of its JSON, where it is not.
    """

    level: Literal["info", "warning", "error"]
    text: str
    station: str = ""
    violation: Violation | msgspec.UnsetType = msgspec.UNSET


class Mark(Event, frozen=True, kw_only=True):
    """A moment that a person or a scenario points at, with a few words.

    Attributes:
        at: lab time in s that is meant, when it took time to find the words; None for ``t``.
    """

    text: str
    station: str = ""
    at: float | None = None

    @property
    def moment(self) -> float:
        """Lab time in s that is pointed at."""
        return self.t if self.at is None else self.at


class Order(Event, frozen=True, kw_only=True):
    """The lab was told to do something: by a key, by a scenario, by a program.

    Attributes:
        station: that was named, empty where none was.
        command: name in :mod:`evtui.commands`, or ``anomaly.set``.
        arguments: what came with it.
        outcome: the answer, or why it could not be done.
        done: False when it could not be done.
    """

    station: str
    command: str
    arguments: dict[str, Any]
    outcome: str = ""
    done: bool = True


class ScenarioState(Event, frozen=True, kw_only=True):
    """How far a scenario is; every event carries the whole state.

    Attributes:
        scenario: its id.
        change: ``begin``; ``step``, a step begins; ``waiting``, it waits for something;
            ``failed``, a step could not be done and the rest is skipped; ``cleanup``; ``end``.
        path: place of the step in the file, ``steps[2].do[0]``; empty before the first.
        step: number of the top-level step, from 1; 0 before the first and in the cleanup.
        steps: number of top-level steps.
        label: the step in words, ``wait for status Charging``.
        until: lab time in s when the step ends or gives up, None when it takes no time.
        ends: lab time in s when the whole scenario has ended at the latest, None when unknown.
        detail: one line for people: why it failed, what was found.
    """

    scenario: str
    change: Literal["begin", "step", "waiting", "failed", "cleanup", "end"]
    path: str = ""
    step: int = 0
    steps: int = 0
    label: str = ""
    until: float | None = None
    ends: float | None = None
    detail: str = ""


class Verdict(Event, frozen=True, kw_only=True):
    """Whether an expectation of a scenario was met.

    Attributes:
        expectation: in words, ``alarm current-reversals within 30 s``.
        path: its place in the file, ``expect[0]``; ``steps`` for the steps themselves.
        met: True when it was.
        found: what was seen instead, or what met it, in one line.
    """

    scenario: str
    expectation: str
    path: str
    met: bool
    found: str


class RecordingState(Event, frozen=True, kw_only=True):
    """A recording runs, or has ended.

    Attributes:
        folder: the run folder.
        state: ``on``, ``off`` or ``failed``: a disk that is full, a folder that went away.
        size: bytes written so far.
        events: events recorded so far.
        detail: one line for people.
    """

    folder: str
    state: Literal["on", "off", "failed"]
    size: int = 0
    events: int = 0
    detail: str = ""


class LeftOut(Event, frozen=True, kw_only=True):
    """What a recording does not hold, because peers sent more than is written down.

    It stands in the recording only, under the number of the last message left out.  Notes about
    foreign stations and their :class:`LinkState` count as messages.

    Attributes:
        numbers: of the messages left out before that one.
        messages: how many are left out, by station.
        size: bytes of their payloads.
    """

    numbers: list[int]
    messages: dict[str, int]
    size: int


_cause: ContextVar[int | None] = ContextVar("evtui_cause", default=None)


def current_cause() -> int | None:
    """Sequence number of the event being handled in this context, or None."""
    return _cause.get()


class caused_by:  # noqa: N801 - reads as what it does: ``with caused_by(event.seq):``
    """Everything published inside the block, and tasks started in it, get ``seq`` as cause.

    A queue between two tasks breaks the chain: a queued command carries its cause along and
    its consumer opens a block again.
    """

    __slots__ = ("_seq", "_token")

    def __init__(self, seq: int | None) -> None:
        self._seq = seq

    def __enter__(self) -> None:
        self._token = _cause.set(self._seq)

    def __exit__(self, *_: object) -> None:
        _cause.reset(self._token)


class LabTime(Protocol):
    """What the stream needs of a clock."""

    start_utc: float

    def now(self) -> float: ...


E = TypeVar("E", bound=Event)
Subscriber = Callable[[Event], None]
"""Reads the stream, on the engine's thread."""


READER_BYTES = 8 * 1024 * 1024
"""Payloads that wait in one :class:`EventReader`: a peer may send 1 MiB a message."""


class EventReader:
    """A bounded mailbox for one reader on another thread.

    The engine appends, the reader takes; both ends of a deque are atomic in CPython, so no
    lock is held and a reader that stands still never holds up the engine.  What does not fit
    pushes out the oldest and is counted in ``dropped``.

    Args:
        capacity: events that wait at most.
        bytes_max: bytes of their payloads that wait at most.
    """

    def __init__(self, capacity: int, bytes_max: int = READER_BYTES) -> None:
        self._events: deque[tuple[Event, int]] = deque()
        self._capacity = capacity
        self._bytes_max = bytes_max
        self._appended = 0
        self._taken = 0
        self._bytes_in = 0  # written by the engine's thread only, as is what it pushes out
        self._bytes_out = 0  # written by the reader's thread only

    def append(self, event: Event) -> None:
        """Called by the stream, on the engine's thread only."""
        size = payload_bytes(event) if isinstance(event, OcppMessage) else 0
        self._events.append((event, size))
        self._appended += 1
        self._bytes_in += size
        while (
            len(self._events) > self._capacity or self._bytes_in - self._bytes_out > self._bytes_max
        ):
            try:
                self._bytes_in -= self._events.popleft()[1]
            except IndexError:  # the reader was faster
                return

    def take(self, limit: int | None = None) -> list[Event]:
        """Return what has come since the last call, oldest first, at most ``limit``."""
        taken: list[Event] = []
        pop = self._events.popleft
        try:
            while limit is None or len(taken) < limit:
                event, size = pop()
                taken.append(event)
                self._bytes_out += size
        except IndexError:
            pass
        self._taken += len(taken)
        return taken

    @property
    def dropped(self) -> int:
        """Events pushed out before they were taken."""
        return max(0, self._appended - self._taken - len(self._events))


NOTES_AT_ONCE = 10
"""Notes that say the same that are told one by one, before the rest are summed up."""

NOTES_EVERY = 10.0
"""s between two that say the same after that."""

_NUMBERS = re.compile(r"\d+")


def payload_bytes(message: OcppMessage) -> int:
    """What a message holds, nearly, of what a peer may make as long as it likes."""
    return (
        len(message.body)
        + len(message.text)
        + len(message.action)
        + len(message.error)
        + len(message.detail)
    )


class EventStream:
    """Numbers, stamps and hands out events, on the engine's thread.

    A subscriber that publishes while it is being told (a detector that raises an alarm)
    does not overtake: its event is handed out after the one being handed out, so every
    subscriber sees the same order.

    A note that says what :data:`NOTES_AT_ONCE` others just said is held back, and told with
    their number once in :data:`NOTES_EVERY` s, as soon as anything is published then.  Of one
    station notes say the same that differ in numbers only, which a peer counts up as it likes.
    """

    def __init__(self, clock: LabTime) -> None:
        self._clock = clock
        self._seq = 0
        self._subscribers: list[tuple[Subscriber, tuple[type[Event], ...]]] = []
        self._of_kind: dict[type[Event], tuple[Subscriber, ...]] = {}
        self._pending: deque[Event] = deque()
        self._delivering = False
        self._notes: Repeats[Note] = Repeats(NOTES_AT_ONCE, NOTES_EVERY)

    @property
    def start_utc(self) -> float:
        """Unix time in seconds of lab time 0."""
        return self._clock.start_utc

    def now(self) -> float:
        """Lab time in seconds."""
        return self._clock.now()

    @property
    def last_seq(self) -> int:
        """Sequence number of the newest event, 0 before the first."""
        return self._seq

    def subscribe(self, subscriber: Subscriber, *kinds: type[Event]) -> Callable[[], None]:
        """Call ``subscriber`` for each event from now on; returns a function that ends it.

        Args:
            kinds: types of events it wants; none means all.
        """
        entry = (subscriber, kinds or (Event,))
        self._subscribers.append(entry)
        self._of_kind.clear()

        def unsubscribe() -> None:
            if entry in self._subscribers:
                self._subscribers.remove(entry)
                self._of_kind.clear()

        return unsubscribe

    def reader(self, capacity: int = 20_000) -> EventReader:
        """A bounded mailbox that gets every event from now on."""
        reader = EventReader(capacity)
        self.subscribe(reader.append)
        return reader

    def publish(self, event: E, *, t: float | None = None) -> E:
        """Stamp ``event``, hand it to every subscriber and return it.

        Args:
            event: a fresh event; its ``seq`` must still be 0.
            t: lab time in seconds when it is not now (a bus stamps from its bit clock).

        Returns:
            ``event``; its ``seq`` is 0 still when it is a note that is held back.

        Raises:
            ValueError: the event was published before.
        """
        if event.seq:
            raise ValueError(f"event {event.seq} is on the stream already")
        now = self._clock.now()
        if self._notes.due is not None and now >= self._notes.due:
            self._tell_held(now)
        if event.cause is None:
            cause = _cause.get()
            if cause is not None:
                msgspec.structs.force_setattr(event, "cause", cause)
        if isinstance(event, Note):
            text = _NUMBERS.sub("0", event.text) if event.station else event.text
            says = (event.source, event.station, event.level, text)
            if not self._notes.tells(says, event, now):
                return event
        self._hand_out(event, now if t is None else t)
        return event

    def settle(self) -> None:
        """Tell the notes that are held back: whoever publishes has come to an end."""
        self._tell_held(self._clock.now(), all_of_it=True)

    def _tell_held(self, now: float, *, all_of_it: bool = False) -> None:
        for held in self._notes.take(now, all_of_it=all_of_it):
            note = held.newest
            self._hand_out(msgspec.structs.replace(note, text=note.text + held.text), now)

    def _hand_out(self, event: Event, t: float) -> None:
        self._seq += 1
        stamp = msgspec.structs.force_setattr
        stamp(event, "seq", self._seq)
        stamp(event, "t", t)
        self._pending.append(event)
        if not self._delivering:
            self._deliver()

    def _deliver(self) -> None:
        self._delivering = True
        try:
            while self._pending:
                event = self._pending.popleft()
                kind = type(event)
                subscribers = self._of_kind.get(kind)
                if subscribers is None:
                    subscribers = self._of_kind[kind] = tuple(
                        subscriber
                        for subscriber, kinds in self._subscribers
                        if issubclass(kind, kinds)
                    )
                for subscriber in subscribers:
                    try:
                        subscriber(event)
                    except Exception as error:
                        self._drop(subscriber, event, error)
        finally:
            self._delivering = False

    def _drop(self, subscriber: Subscriber, event: Event, error: Exception) -> None:
        """A reader that fails is heard no more: neither the publisher nor the rest pay for it."""
        self._subscribers = [entry for entry in self._subscribers if entry[0] != subscriber]
        self._of_kind.clear()
        name = getattr(subscriber, "__qualname__", repr(subscriber))
        text = f"{name} failed at a {type(event).__name__} and reads no more: {error!r}"
        self.publish(Note(source="stream", level="error", text=text, cause=event.seq))

"""What goes over the link, the bus and the cable: messages, frames, samples."""

from __future__ import annotations

import json
from typing import Annotated, Any, Literal

import msgspec

from evtui.events.base import Event, about
from evtui.events.text import NULL
from evtui.violations import Violation

__all__ = ["BusLoad", "CanFrame", "CanProblem", "NodeState", "OcppMessage", "Role", "Sample"]

CanProblem = Literal["", "bit", "stuff", "CRC", "form", "acknowledgement"]
CanState = Literal["error active", "error passive", "bus off"]

Role = Literal["central_system", "charge_point"]


class OcppMessage(Event, frozen=True, kw_only=True):
    """One OCPP-J message as one end of the link saw it.

    Between a charge point of the lab and the lab's own central system a message is two events,
    *sent* at one end and *delivered* at the other, with the same station, sender, kind and uid; the
    link in between may change, delay or drop it.  Of a link to a foreign peer only our end is seen.
    """

    station: Annotated[str, about("identity of the charge point on this link.")]
    sender: Annotated[Role, about("role that sent it.")]
    phase: Annotated[Literal["sent", "delivered"], about("`sent` or `delivered`.")]
    kind: Annotated[
        Literal["call", "result", "error", "invalid"],
        about(
            "`call`, `result` (CALLRESULT), `error` (CALLERROR) or `invalid`: a text that is "
            "no OCPP-J message, or a connection attempt that was refused."
        ),
    ]
    uid: Annotated[str, about("message id; empty for `invalid` ones that have none.")]
    action: Annotated[
        str, about("OCPP action; for results and errors that of the call they answer.")
    ]
    # As JSON: a message is kept as long as somebody may want to see it, and decoded a payload
    # takes up to 30 times as much.
    body: Annotated[
        msgspec.Raw, about("payload of the message; for a CALLERROR its errorDetails.")
    ] = msgspec.field(name="payload", default_factory=lambda: NULL)
    connector: Annotated[
        int | None, about("connector the message is about, None where the message names none.")
    ] = None
    latency: Annotated[
        float | None, about("for results and errors, seconds since this end saw the call.")
    ] = None
    error: Annotated[
        str, about("errorCode of a CALLERROR, or what is wrong with an `invalid` message.")
    ] = ""
    detail: Annotated[
        str, about("one line for people: errorDescription, or why a message is invalid.")
    ] = ""
    text: Annotated[
        str,
        about(
            "start of the raw text, for `invalid` ones and for those that were refused and are "
            "too long to be kept as a whole; they have no payload."
        ),
    ] = ""
    link: Annotated[
        int,
        about(
            "number of the connection this end counts, from 1; 0 for a connection attempt that "
            "was refused."
        ),
    ] = 0
    violation: Annotated[
        Violation | msgspec.UnsetType,
        about(
            "how it breaks the rules, or for a CALLERROR how the call did that it refuses; "
            "told once, at the end that found it; not set, and left out of its JSON, where no "
            "rule is broken."
        ),
    ] = msgspec.UNSET

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

    An error frame that came of a frame that met an error has the identifier and the node of that
    frame, and no data.
    """

    station: Annotated[str, about("charge point the bus belongs to.")]
    bus: Annotated[str, about("name of the bus, `CP1/can`.")]
    node: Annotated[
        str, about("node that sent it, `charge-point`, `module`, or the name a guest gave.")
    ]
    arbitration_id: Annotated[int, about("11 or 29 bits.")]
    data: Annotated[bytes, about("0 to 8 bytes, up to 64 in CAN FD.")]
    extended: Annotated[bool, about("True for a 29-bit id.")] = False
    error: Annotated[bool, about("True for an error frame.")] = False
    remote: Annotated[bool, about("True for a remote frame.")] = False
    requested: Annotated[
        int, about("bytes that a remote frame asks for (its data length code); 0 for others.")
    ] = 0
    fd: Annotated[bool, about("True for a CAN FD frame.")] = False
    brs: Annotated[bool, about("True for one whose data was sent at the second bit rate.")] = False
    esi: Annotated[bool, about("True for one whose sender said it is error passive.")] = False
    problem: Annotated[
        CanProblem,
        about(
            "of an error frame, which error the node's frame has met: `bit`, `stuff`, `CRC`, "
            "`form` or `acknowledgement`; empty for one that a node sent by itself."
        ),
    ] = ""

    @property
    def dlc(self) -> int:
        """Bytes of data, or asked for; the data length code but for the longer ones of CAN FD."""
        return self.requested if self.remote else len(self.data)


class BusLoad(Event, frozen=True, kw_only=True):
    """Load of a bus over the last second."""

    station: Annotated[str, about("identity of the charge point.")]
    bus: Annotated[str, about("name of the bus, `CP1/can`.")]
    bitrate: Annotated[int, about("bit/s; 0 for an ideal bus, on which nothing takes time.")]
    load_pct: Annotated[
        float,
        about(
            "share of the time in which frames and error frames were on the line, per cent, with "
            "the stuff bits that they had."
        ),
    ]
    frames_per_s: Annotated[float, about("frames in the last second.")]
    frames: Annotated[int, about("frames since the start.")]
    dropped: Annotated[
        int, about("frames refused since the start, because a node's transmit queue was full.")
    ] = 0
    worst_pct: Annotated[
        float,
        about("the same share with as many stuff bits as frames of their lengths may have."),
    ] = 0.0
    errors: Annotated[int, about("error frames since the start.")] = 0
    queued: Annotated[
        dict[str, int],
        about("frames that wait for the line now, by the node in whose transmit queue."),
    ] = msgspec.field(default_factory=dict)


class NodeState(Event, frozen=True, kw_only=True):
    """Error counters of a node on a CAN bus: when its state has changed, and each second in which
    they have; a node that never was in trouble has none."""

    station: Annotated[str, about("charge point the bus belongs to.")]
    bus: Annotated[str, about("name of the bus, `CP1/can`.")]
    node: Annotated[str, about("name of the node.")]
    state: Annotated[CanState, about("`error active`, `error passive` or `bus off`.")]
    tec: Annotated[int, about("transmit error counter.")]
    rec: Annotated[int, about("receive error counter.")]


class Sample(Event, frozen=True, kw_only=True):
    """What the power stage really does, every 100 ms for each connector.

    Beside it stands what its charge point believes: `status`, `limit`, `measured`, `reported`.
    """

    station: Annotated[str, about("identity of the charge point.")]
    connector: Annotated[int, about("connectorId, from 1.")]
    current: Annotated[
        float, about("A actually flowing (per phase for AC, output current for DC).")
    ]
    limit: Annotated[float, about("A the charging profiles allow now.")]
    target: Annotated[float, about("A the power stage is heading for.")]
    voltage: Annotated[float, about("V (phase to neutral for AC).")]
    power: Annotated[float, about("W.")]
    energy: Annotated[float, about("Wh, register since the charge point started.")]
    temperature: Annotated[
        float, about("degrees Celsius of the hottest part: power stage, or hot connector.")
    ]
    contactor: Annotated[bool, about("True while closed.")]
    status: Annotated[str, about("OCPP 1.6 ChargePointStatus of the connector.")]
    reported: Annotated[
        float | None,
        about("A in the last MeterValues that the charge point sent, None before the first."),
    ] = None
    soc: Annotated[float | None, about("state of charge, per cent, None for AC.")] = None
    transaction_id: Annotated[int | None, about("running transaction or None.")] = None
    phase: Annotated[
        str,
        about(
            "state of the power stage's session: `idle`, `cable check`, `precharge`, "
            "`charging`, `vehicle gave up`, ..."
        ),
    ] = ""
    measured: Annotated[
        float | None,
        about(
            "A that the charge point takes for the current: what its charger reported last; "
            "None before that."
        ),
    ] = None

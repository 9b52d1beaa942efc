"""What a version of OCPP brings to OCPP-J: its sub-protocol, schemas and error codes."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Literal, NamedTuple, Protocol

from evtui.ocppj.framing import OcppFrame
from evtui.violations import Violation

if TYPE_CHECKING:
    from websockets.typing import Subprotocol

__all__ = ["ErrorCodes", "MessageKind", "PayloadReading", "Version"]

MessageKind = Literal["call", "result"]
"""Which of the two messages of an action."""


class ErrorCodes(NamedTuple):
    """errorCodes of the CALLERRORs that a link sends by itself, in the version's spelling.

    Attributes:
        malformed: the text is no message of OCPP-J.
        unknown_action: the version has no such action.
        unsupported_action: this end does not handle the action.
        failed: our own answer breaks its schema.
        id_used_twice: a call comes under the message id of another one.
    """

    malformed: str
    unknown_action: str
    unsupported_action: str
    failed: str
    id_used_twice: str


class PayloadReading(NamedTuple):
    """What is made of a payload.

    Attributes:
        payload: to be acted on; None when it is not to be.
        violation: what is wrong with what came; None when nothing is.
    """

    payload: Any
    violation: Violation | None = None


class Version(Protocol):
    """One version of OCPP, as a link needs it."""

    @property
    def name(self) -> str:
        """For people, ``OCPP 1.6``."""

    @property
    def subprotocol(self) -> Subprotocol:
        """As the opening handshake names it."""

    @property
    def codes(self) -> ErrorCodes:
        """What a link says in a CALLERROR."""

    def is_known_action(self, action: str, /) -> bool:
        """True for an action of this version."""

    def check(self, action: str, kind: MessageKind, payload: Any, /) -> Violation | None:
        """Hold a payload against its schema: None when it conforms, else the first violation.

        Args:
            action: of the call, or of the call that is answered.
            kind: which of its two schemas.
            payload: decoded JSON.
        """

    def read_call(
        self, frame: OcppFrame, /, *, tolerant: bool, owes: Callable[[str, Any], bool]
    ) -> PayloadReading:
        """Read a CALL of a known action.

        Args:
            tolerant: its sender's violations are tolerated.
            owes: True for action and payload of a call that must be acted on if that can be
                done at all; asked when something is wrong with it.
        """

    def read_result(self, frame: OcppFrame, action: str, /, *, tolerant: bool) -> PayloadReading:
        """Read the CALLRESULT of a call of ``action``."""

    def can_go_out(self, action: str, kind: MessageKind, payload: Any, /) -> bool:
        """True when a message of ours breaks its schema only in values that a tolerated peer
        gave us: they go back to it as they came."""

    def connector_of(self, payload: Any, /) -> int | None:
        """The connector that a message names, None when it names none.

        Args:
            payload: decoded JSON of any message, also of one that breaks its schema.
        """

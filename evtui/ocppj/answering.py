"""A call of a peer, answered: the same way at both ends, whatever was asked."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from evtui.ocppj.link import IncomingCall, Link

__all__ = ["Refusal", "Then", "answer_call"]

Then = Callable[[Callable[[], object]], None]
"""Takes what is to happen after the answer to a call has gone out."""


class Refusal(Exception):
    """A call is answered with a CALLERROR.

    Attributes:
        code: errorCode of OCPP-J 1.6 section 4.2.3.
    """

    def __init__(self, code: str, description: str) -> None:
        super().__init__(description)
        self.code = code


async def answer_call(
    link: Link,
    call: IncomingCall,
    answer: Callable[[str, dict[str, Any]], dict[str, Any]],
    defect: Callable[[str], None],
) -> bool:
    """Answer ``call`` with what ``answer`` makes of its action and payload.

    Args:
        answer: payload in, payload out, with names as on the wire; it raises :class:`Refusal` for
            a CALLERROR.  It must not wait for a call of its own: nobody would read the answer.
        defect: told in one line when it raises anything else, which becomes an InternalError: a
            defect in one answer must not end the connection.

    Returns:
        True when a CALLRESULT went out.

    Raises:
        LinkClosed: the connection is gone.
    """
    try:
        payload = answer(call.action, call.payload)
    except Refusal as refusal:
        await link.refuse(call, refusal.code, str(refusal))
        return False
    except Exception as error:
        defect(f"{call.action} could not be answered: {error!r}")
        await link.refuse(call, "InternalError", type(error).__name__)
        return False
    return await link.answer(call, payload)

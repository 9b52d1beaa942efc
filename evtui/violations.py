"""How a message breaks the framing of OCPP-J or its schema, as data.  Pure."""

from __future__ import annotations

from typing import Annotated, Literal

import msgspec
from msgspec import Meta

__all__ = ["BLAMING", "BreaksSchema", "Violation", "told_by"]


class Violation(msgspec.Struct, frozen=True, omit_defaults=True):
    """How a message breaks the rules, written where that is found."""

    code: Annotated[
        str,
        Meta(
            description="errorCode of OCPP-J 1.6 table 7, in the standard's spelling; of a text "
            "that is no OCPP-J message, what is wrong with it in a word or two."
        ),
    ]
    detail: Annotated[
        str, Meta(description="one line for people that names the place and the value.")
    ]
    path: Annotated[
        tuple[str, ...],
        Meta(
            description="names, and indexes from 0, that lead to the place in the payload; left "
            "out for the payload as a whole, and where it is not the payload that breaks a rule."
        ),
    ] = ()
    kind: Annotated[
        Literal["refused", "tolerated", "withheld"],
        Meta(
            description="what came of the message: `refused` (not acted on; left out), `tolerated` "
            "(acted on all the same) or `withheld` (one of ours, which did not go out)."
        ),
    ] = "refused"


class BreaksSchema(ValueError):
    """A message of ours did not go out.

    Attributes:
        violation: what is wrong with it.
    """

    def __init__(self, text: str, violation: Violation) -> None:
        super().__init__(text)
        self.violation = msgspec.structs.replace(violation, kind="withheld")


BLAMING = frozenset(
    {
        "FormationViolation",
        "FormatViolation",
        "PropertyConstraintViolation",
        "OccurenceConstraintViolation",
        "OccurrenceConstraintViolation",
        "TypeConstraintViolation",
        "ProtocolError",
    }
)
"""CALLERROR codes that blame the message (OCPP-J 1.6 table 7, in the spellings of the field)."""


def told_by(
    kind: Literal["call", "result", "error", "invalid"],
    error: str,
    detail: str,
    path: tuple[str, ...] = (),
) -> Violation | msgspec.UnsetType:
    """The violation that ``kind``, ``error`` and ``detail`` of a message tell of, if any.

    That of a text which is no OCPP-J message, of a result that is not used, and of the call that
    a CALLERROR refuses.  Files leave it out, which say the same beside it.
    """
    blames = kind == "invalid" or (error in BLAMING if kind == "error" else bool(error))
    return Violation(error, detail, path) if blames else msgspec.UNSET

"""What all events have."""

from __future__ import annotations

from typing import Annotated

import msgspec
from msgspec import Meta

__all__ = ["Event", "about"]


def about(text: str) -> Meta:
    """What a field means, for the documentation and the JSON Schema."""
    return Meta(description=text)


class Event(msgspec.Struct, frozen=True, kw_only=True, tag_field="event", tag=True):
    """The header every event has.

    ``seq`` and ``t`` are filled in by the stream when the event is published.
    """

    seq: Annotated[int, about("place in the stream, from 1, without gaps.")] = 0
    t: Annotated[float, about("seconds since the lab started.")] = 0.0
    source: Annotated[
        str, about("who says so: `csms`, a charge point's identity, `CP1/module`, `lab`, ...")
    ] = ""
    cause: Annotated[int | None, about("`seq` of the event that caused this one, or None.")] = None

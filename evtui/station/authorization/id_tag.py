"""What is known of an id tag: status, expiry, group (OCPP 1.6 sections 3.10, 7.2, 7.27).  Pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgspec
from msgspec.structs import replace

from evtui.moments import unix_time

__all__ = ["IdTagInfo", "fold", "same_group"]

VALID = frozenset({"Accepted", "ConcurrentTx"})
"""A tag with one of these is valid, whatever may be done with it now (section 3.5.2)."""


class IdTagInfo(msgspec.Struct, frozen=True):
    """IdTagInfo (section 7.27).

    Attributes:
        status: AuthorizationStatus (section 7.2).
        expires: Unix s from which a valid tag is expired; None for never.
        parent: parentIdTag, the tag's group.
    """

    status: str
    expires: float | None = None
    parent: str | None = None

    @classmethod
    def from_payload(cls, payload: Mapping[str, Any]) -> IdTagInfo:
        """Read an idTagInfo as it comes over the wire.

        Raises:
            ValueError: expiryDate is no date and time.
        """
        expiry = payload.get("expiryDate")
        return cls(
            payload["status"],
            None if expiry is None else unix_time(expiry),
            payload.get("parentIdTag"),
        )

    @property
    def accepted(self) -> bool:
        """True when the tag may charge."""
        return self.status == "Accepted"

    @property
    def valid(self) -> bool:
        """True for a tag in good standing, which may be busy elsewhere (section 3.5.2)."""
        return self.status in VALID

    def at(self, now: float) -> IdTagInfo:
        """What it has become at Unix s ``now``: valid until it expires (section 3.5.1)."""
        if self.valid and self.expires is not None and self.expires <= now:
            return replace(self, status="Expired")
        return self


def fold(id_tag: str) -> str:
    """The form in which id tags are compared: upper and lower case are the same (section 7.28)."""
    return id_tag.casefold()


def same_group(id_tag: str, parent: str | None, other: str, other_parent: str | None) -> bool:
    """True for one tag or two of a group (section 3.10).

    Parents are compared with parents only: a parent need not be a tag (section 3.10).
    """
    if fold(id_tag) == fold(other):
        return True
    return parent is not None and other_parent is not None and fold(parent) == fold(other_parent)

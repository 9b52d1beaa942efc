"""The local authorization list (OCPP 1.6 sections 3.5.2, 5.10 and 5.15).  Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Protocol

import msgspec

from evtui.station.authorization.id_tag import IdTagInfo, fold
from evtui.station.listeners import Listeners

__all__ = ["ListKeys", "LocalList"]

UNSUPPORTED = -1
EMPTY = 0
"""What GetLocalListVersion answers instead of a version (section 5.10)."""


class ListKeys(Protocol):
    """The configuration keys of section 9.2, read."""

    def flag(self, key: str) -> bool: ...

    def number(self, key: str) -> float: ...


class _Stored(msgspec.Struct):
    version: int
    entries: dict[str, IdTagInfo]


class LocalList:
    """The list as the central system sent it, changed by nothing else (section 3.5.2).

    While LocalAuthListEnabled is false the list is kept, but the station behaves as one
    without: it looks nothing up, takes no update and says so.

    Args:
        configuration: asked for LocalAuthListEnabled, LocalAuthListMaxLength and
            SendLocalListMaxLength.

    Attributes:
        changed: told after an update was taken.
    """

    def __init__(self, configuration: ListKeys) -> None:
        self.changed: Listeners[[]] = Listeners()
        self._configuration = configuration
        self._version = EMPTY
        self._entries: dict[str, IdTagInfo] = {}

    def __len__(self) -> int:
        return len(self._entries)

    @property
    def version(self) -> int:
        """listVersion for GetLocalListVersion.conf: 0 is an empty list, -1 none (section 5.10)."""
        if not self._enabled:
            return UNSUPPORTED
        return self._version if self._entries else EMPTY

    def get(self, id_tag: str, now: float) -> IdTagInfo | None:
        """The entry of a tag at Unix s ``now``; None when it is not on an enabled list."""
        info = self._entries.get(fold(id_tag)) if self._enabled else None
        return None if info is None else info.at(now)

    def update(
        self, version: int, update_type: str, entries: Sequence[Mapping[str, Any]] = ()
    ) -> str:
        """Answer a SendLocalList.req (sections 5.15 and 6.41); what fails changes nothing.

        Args:
            version: listVersion; 0 and below have other meanings (errata 3.52).
            update_type: ``Full`` replaces the list, ``Differential`` changes it.
            entries: localAuthorizationList, each an AuthorizationData (section 7.1) as it
                comes over the wire: without idTagInfo it is removed from the list.

        Returns:
            UpdateStatus (section 7.47).
        """
        if not self._enabled:
            return "NotSupported"
        full = update_type == "Full"
        if version <= EMPTY or not (full or update_type == "Differential"):
            return "Failed"
        if not full and version <= self.version:
            return "VersionMismatch"
        if len(entries) > self._configuration.number("SendLocalListMaxLength"):
            return "Failed"
        try:
            changes = _read(entries)
        except ValueError:
            return "Failed"
        if len(changes) < len(entries):  # duplicates (section 6.41)
            return "Failed"
        if full and None in changes.values():  # idTagInfo is required then (section 7.1)
            return "Failed"
        merged = changes if full else {**self._entries, **changes}
        kept = {id_tag: info for id_tag, info in merged.items() if info is not None}
        if len(kept) > self._configuration.number("LocalAuthListMaxLength"):
            return "Failed"
        self._version, self._entries = version, kept
        self.changed()
        return "Accepted"

    def export(self) -> dict[str, Any]:
        """Version and entries as plain JSON."""
        exported: dict[str, Any] = msgspec.to_builtins(_Stored(self._version, self._entries))
        return exported

    def restore(self, exported: dict[str, Any]) -> None:
        """Take over what :meth:`export` gave.

        Raises:
            ValueError: it is not of that form; the text names the place.
        """
        stored = msgspec.convert(exported, _Stored)
        self._version, self._entries = stored.version, stored.entries

    @property
    def _enabled(self) -> bool:
        return self._configuration.flag("LocalAuthListEnabled")


def _read(entries: Sequence[Mapping[str, Any]]) -> dict[str, IdTagInfo | None]:
    changes: dict[str, IdTagInfo | None] = {}
    for entry in entries:
        info = entry.get("idTagInfo")
        changes[fold(entry["idTag"])] = None if info is None else IdTagInfo.from_payload(info)
    return changes

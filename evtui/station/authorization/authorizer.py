"""Who may charge: local list, cache and central system (OCPP 1.6 sections 3.5 and 4.1)."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Literal, Protocol

import msgspec

from evtui.runtime import LoopClock
from evtui.station.authorization.id_tag import IdTagInfo, fold, same_group
from evtui.station.authorization.id_tag_cache import IdTagCache
from evtui.station.authorization.local_list import LocalList

__all__ = ["Authorizer", "Decision"]

Source = Literal["local list", "cache", "central system", "offline, unknown"]


class AuthorizationFlags(Protocol):
    """The switches among the configuration keys."""

    def flag(self, key: str) -> bool: ...


class AuthorizeMessages(Protocol):
    """What is used of the outbox."""

    @property
    def open(self) -> bool: ...

    def post(
        self,
        action: str,
        payload: dict[str, Any],
        *,
        done: Callable[[dict[str, Any] | None], None] | None = None,
    ) -> bool: ...


class Decision(msgspec.Struct, frozen=True):
    """What was decided about an id tag.

    Attributes:
        info: what is known of it; its status is the answer.
        source: who decided.  ``offline, unknown`` is AllowOfflineTxForUnknownId, either way.
    """

    info: IdTagInfo
    source: Source

    @property
    def status(self) -> str:
        """AuthorizationStatus (section 7.2)."""
        return self.info.status

    @property
    def accepted(self) -> bool:
        """True when the tag may charge."""
        return self.info.accepted


class Authorizer:
    """Decides about id tags, and remembers what the central system says of them.

    Args:
        configuration: asked for LocalPreAuthorize, LocalAuthorizeOffline,
            AllowOfflineTxForUnknownId and AuthorizationCacheEnabled, each time anew.
        clock: decides what has expired.
        outbox: where Authorize.req goes; a station that is not accepted is offline.
        local_list: goes before the cache (section 3.5.3).
        cache: holds no tag that is on the list (section 3.5.3).
        conflict: told a tag when the central system thinks otherwise of it than the list; a
            StatusNotification for connector 0 with LocalListConflict is due (section 3.5.2).
    """

    def __init__(
        self,
        configuration: AuthorizationFlags,
        clock: LoopClock,
        outbox: AuthorizeMessages,
        local_list: LocalList,
        cache: IdTagCache,
        conflict: Callable[[str], None] = lambda id_tag: None,
    ) -> None:
        self._configuration = configuration
        self._clock = clock
        self._outbox = outbox
        self._local_list = local_list
        self._cache = cache
        self._conflict = conflict

    def authorize(self, id_tag: str, decided: Callable[[Decision], None]) -> None:
        """Find out whether a tag may charge.

        Online, a tag that is Accepted locally is not asked about when LocalPreAuthorize says
        so (section 9.1.13), and any other is (section 3.5.1).  When the central system is
        away or does not answer, section 3.5.4 decides.

        Args:
            decided: called once, now or when the answer is there.
        """
        known = self._known(id_tag)
        preauthorize = self._outbox.open and self._configuration.flag("LocalPreAuthorize")
        if preauthorize and known is not None and known.accepted:
            decided(known)
            return

        def answered(answer: dict[str, Any] | None) -> None:
            if answer is None:
                decided(self._offline(id_tag))
            else:
                info = self.learned(id_tag, answer["idTagInfo"])
                decided(Decision(info, "central system"))

        if not self._outbox.post("Authorize", {"idTag": id_tag}, done=answered):
            decided(self._offline(id_tag))

    def presented_while_running(
        self, id_tag: str, parent: str | None, presented: str, decided: Callable[[bool], None]
    ) -> None:
        """Find out whether a tag may end a transaction (sections 3.10 and 4.1).

        The tag that started it may at once, and no Authorize.req is sent; any other must be
        authorized and of the same group.

        Args:
            id_tag: who started the transaction.
            parent: its group, None when the central system has told none.
            presented: who wants to end it.
            decided: called once, now or when the answer is there.
        """
        if fold(presented) == fold(id_tag):
            decided(True)
            return

        def authorized(decision: Decision) -> None:
            group = self.parent(id_tag) if parent is None else parent
            in_group = same_group(id_tag, group, presented, decision.info.parent)
            decided(decision.accepted and in_group)

        self.authorize(presented, authorized)

    def learned(self, id_tag: str, id_tag_info: Mapping[str, Any]) -> IdTagInfo:
        """Remember an idTagInfo of Authorize, StartTransaction or StopTransaction.

        Args:
            id_tag: the tag that was in the request.
            id_tag_info: as it came over the wire.

        Raises:
            ValueError: expiryDate is no date and time.
        """
        info = IdTagInfo.from_payload(id_tag_info)
        listed = self._local_list.get(id_tag, self._now)
        if listed is None:
            if self._configuration.flag("AuthorizationCacheEnabled"):
                self._cache.put(id_tag, info, self._now)
        elif listed.valid != info.valid:
            self._conflict(id_tag)
        return info

    def parent(self, id_tag: str) -> str | None:
        """The group of a tag as far as list or cache know it (section 5.13)."""
        known = self._known(id_tag)
        return None if known is None else known.info.parent

    def clear_cache(self) -> str:
        """Answer a ClearCache.req (section 5.4).

        Returns:
            ``Rejected`` while the cache is off, as from a station without one (errata 3.23).
        """
        if not self._configuration.flag("AuthorizationCacheEnabled"):
            return "Rejected"
        self._cache.clear()
        return "Accepted"

    @property
    def _now(self) -> float:
        return self._clock.unix()

    def _known(self, id_tag: str) -> Decision | None:
        listed = self._local_list.get(id_tag, self._now)
        if listed is not None:
            return Decision(listed, "local list")
        if not self._configuration.flag("AuthorizationCacheEnabled"):
            return None
        cached = self._cache.get(id_tag, self._now)
        return None if cached is None else Decision(cached, "cache")

    def _offline(self, id_tag: str) -> Decision:
        known = self._known(id_tag)
        if known is not None:
            # A tag known to be bad is no unknown one (section 3.5.4).
            if not known.accepted or self._configuration.flag("LocalAuthorizeOffline"):
                return known
        allowed = self._configuration.flag("AllowOfflineTxForUnknownId")
        return Decision(IdTagInfo("Accepted" if allowed else "Invalid"), "offline, unknown")

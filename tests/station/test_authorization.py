"""Who may charge, online and offline, and what is remembered (sections 3.5, 3.10 and 4.1)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from evtui.runtime.clock import LoopClock
from evtui.station.authorization.authorizer import Authorizer, Decision
from evtui.station.authorization.id_tag import IdTagInfo, same_group
from evtui.station.authorization.id_tag_cache import IdTagCache
from evtui.station.authorization.local_list import LocalList
from tests.virtual_loop import VirtualTimeLoop

START_UTC = 1_767_268_800.0
"""2026-01-01T12:00:00Z."""

IN_AN_HOUR = "2026-01-01T13:00:00Z"

Answer = dict[str, Any] | None


class Keys:
    """The configuration keys that matter, with the usual values."""

    def __init__(self) -> None:
        self.flags = {
            "AllowOfflineTxForUnknownId": False,
            "AuthorizationCacheEnabled": True,
            "LocalAuthListEnabled": True,
            "LocalAuthorizeOffline": True,
            "LocalPreAuthorize": False,
        }

    def flag(self, key: str) -> bool:
        return self.flags[key]

    def number(self, key: str) -> float:
        return {"LocalAuthListMaxLength": 100, "SendLocalListMaxLength": 100}[key]


class Outbox:
    """Keeps what is posted until the test answers it."""

    def __init__(self) -> None:
        self.open = True
        self.asked: list[str] = []
        self._waiting: list[Callable[[Answer], None]] = []

    def post(
        self,
        action: str,
        payload: dict[str, Any],
        *,
        done: Callable[[Answer], None] | None = None,
    ) -> bool:
        if not self.open:
            return False
        assert action == "Authorize"
        assert done is not None
        self.asked.append(payload["idTag"])
        self._waiting.append(done)
        return True

    def answer(self, status: str | None, **info: str) -> None:
        """Answer the oldest Authorize.req; no status is no answer."""
        done = self._waiting.pop(0)
        done({"idTagInfo": {"status": status, **info}} if status else None)


class Site:
    """An authorizer with everything around it."""

    def __init__(self) -> None:
        self.loop = VirtualTimeLoop()
        self.loop.close()  # only its time is wanted
        self.keys = Keys()
        self.outbox = Outbox()
        self.local_list = LocalList(self.keys)
        self.cache = IdTagCache()
        self.conflicts: list[str] = []
        self.authorizer = Authorizer(
            self.keys,
            LoopClock(self.loop, START_UTC),
            self.outbox,
            self.local_list,
            self.cache,
            self.conflicts.append,
        )

    def listed(self, id_tag: str, status: str = "Accepted", **info: str) -> None:
        """The tag is on the local list."""
        entry = {"idTag": id_tag, "idTagInfo": {"status": status, **info}}
        version = max(self.local_list.version, 0) + 1
        assert self.local_list.update(version, "Differential", [entry]) == "Accepted"

    def learned(self, id_tag: str, status: str = "Accepted", **info: str) -> None:
        """The central system has said something of the tag."""
        self.authorizer.learned(id_tag, {"status": status, **info})

    def authorize(self, id_tag: str) -> list[Decision]:
        """Ask; the list has the decision as soon as there is one."""
        decisions: list[Decision] = []
        self.authorizer.authorize(id_tag, decisions.append)
        return decisions

    def decide(self, id_tag: str) -> tuple[str, str]:
        """Status and source of a decision that is made at once."""
        (decision,) = self.authorize(id_tag)
        return decision.status, decision.source

    def present(self, presented: str, *, started: str = "TAG", parent: str | None = None) -> Any:
        """Present a tag during a transaction."""
        verdicts: list[bool] = []
        self.authorizer.presented_while_running(started, parent, presented, verdicts.append)
        return verdicts


@pytest.fixture
def site() -> Site:
    return Site()


# Online


def test_an_unknown_tag_is_asked_about(site: Site) -> None:
    decisions = site.authorize("TAG")
    assert (site.outbox.asked, decisions) == (["TAG"], [])

    site.outbox.answer("Accepted", parentIdTag="FAMILY")

    assert decisions == [Decision(IdTagInfo("Accepted", parent="FAMILY"), "central system")]
    assert decisions[0].accepted


@pytest.mark.parametrize("status", ["Blocked", "Expired", "Invalid", "ConcurrentTx"])
def test_only_accepted_is_accepted(site: Site, status: str) -> None:
    decisions = site.authorize("TAG")
    site.outbox.answer(status)

    assert (decisions[0].status, decisions[0].accepted) == (status, False)


@pytest.mark.parametrize("source", ["local list", "cache"])
def test_with_local_pre_authorize_a_tag_known_locally_is_not_asked_about(
    site: Site, source: str
) -> None:
    site.keys.flags["LocalPreAuthorize"] = True
    (site.listed if source == "local list" else site.learned)("TAG")

    assert site.decide("TAG") == ("Accepted", source)
    assert site.outbox.asked == []


@pytest.mark.parametrize("source", ["local list", "cache"])
def test_without_local_pre_authorize_it_is(site: Site, source: str) -> None:
    (site.listed if source == "local list" else site.learned)("TAG")

    assert site.authorize("TAG") == []
    assert site.outbox.asked == ["TAG"]


@pytest.mark.parametrize("source", ["local list", "cache"])
def test_a_tag_that_is_locally_not_valid_is_asked_about_while_online(
    site: Site, source: str
) -> None:
    site.keys.flags["LocalPreAuthorize"] = True
    (site.listed if source == "local list" else site.learned)("TAG", "Blocked")

    decisions = site.authorize("TAG")
    site.outbox.answer("Accepted")

    assert decisions[0].source == "central system"
    assert decisions[0].accepted


def test_the_local_list_goes_before_the_cache(site: Site) -> None:
    site.keys.flags["LocalPreAuthorize"] = True
    site.learned("TAG", parentIdTag="CACHED")
    site.listed("TAG", parentIdTag="LISTED")

    (decision,) = site.authorize("TAG")

    assert (decision.source, decision.info.parent) == ("local list", "LISTED")


def test_a_cached_tag_that_has_expired_meanwhile_is_asked_about(site: Site) -> None:
    site.keys.flags["LocalPreAuthorize"] = True
    site.learned("TAG", expiryDate=IN_AN_HOUR)
    assert site.decide("TAG") == ("Accepted", "cache")

    site.loop.hold_up(3600)

    assert site.authorize("TAG") == []
    assert site.outbox.asked == ["TAG"]


def test_what_the_central_system_accepts_is_accepted_whatever_our_clock_says(site: Site) -> None:
    decisions = site.authorize("TAG")
    site.outbox.answer("Accepted", expiryDate="2025-12-31T00:00:00Z")

    assert decisions[0].accepted


# Offline


OFFLINE = [
    # known as, LocalAuthorizeOffline, AllowOfflineTxForUnknownId, decision
    (None, True, False, ("Invalid", "offline, unknown")),
    (None, True, True, ("Accepted", "offline, unknown")),
    (None, False, True, ("Accepted", "offline, unknown")),
    ("Accepted", True, False, ("Accepted", "local")),
    ("Accepted", True, True, ("Accepted", "local")),
    ("Accepted", False, False, ("Invalid", "offline, unknown")),
    ("Accepted", False, True, ("Accepted", "offline, unknown")),
    ("Blocked", True, True, ("Blocked", "local")),
    ("Blocked", False, True, ("Blocked", "local")),
    ("Invalid", False, False, ("Invalid", "local")),
    ("ConcurrentTx", True, True, ("ConcurrentTx", "local")),
]


@pytest.mark.parametrize("source", ["local list", "cache"])
@pytest.mark.parametrize(("known", "local", "unknown", "expected"), OFFLINE)
def test_offline_the_keys_decide(
    site: Site,
    source: str,
    known: str | None,
    local: bool,
    unknown: bool,
    expected: tuple[str, str],
) -> None:
    site.outbox.open = False
    site.keys.flags |= {"LocalAuthorizeOffline": local, "AllowOfflineTxForUnknownId": unknown}
    if known is not None:
        (site.listed if source == "local list" else site.learned)("TAG", known)

    status, where = expected
    assert site.decide("TAG") == (status, source if where == "local" else where)


@pytest.mark.parametrize("source", ["local list", "cache"])
def test_offline_a_tag_that_has_expired_is_refused_even_if_unknown_ones_are_not(
    site: Site, source: str
) -> None:
    site.outbox.open = False
    site.keys.flags["AllowOfflineTxForUnknownId"] = True
    (site.listed if source == "local list" else site.learned)("TAG", expiryDate=IN_AN_HOUR)
    site.loop.hold_up(3600)

    assert site.decide("TAG") == ("Expired", source)


def test_offline_local_pre_authorize_does_not_stand_in_for_local_authorize_offline(
    site: Site,
) -> None:
    site.outbox.open = False
    site.keys.flags |= {"LocalPreAuthorize": True, "LocalAuthorizeOffline": False}
    site.listed("TAG")

    assert site.decide("TAG") == ("Invalid", "offline, unknown")


def test_no_answer_is_offline(site: Site) -> None:
    site.listed("TAG")
    known, unknown = site.authorize("TAG"), site.authorize("OTHER")

    site.outbox.answer(None)
    site.outbox.answer(None)

    assert (known[0].status, known[0].source) == ("Accepted", "local list")
    assert (unknown[0].status, unknown[0].source) == ("Invalid", "offline, unknown")


def test_a_disabled_list_or_cache_knows_nobody(site: Site) -> None:
    site.outbox.open = False
    site.listed("LISTED")
    site.learned("CACHED")
    site.keys.flags |= {"LocalAuthListEnabled": False, "AuthorizationCacheEnabled": False}

    assert site.decide("LISTED") == site.decide("CACHED") == ("Invalid", "offline, unknown")


# What is remembered


def test_an_answer_to_authorize_is_cached(site: Site) -> None:
    site.authorize("tag")
    site.outbox.answer("Accepted", parentIdTag="FAMILY")

    assert site.authorizer.parent("TAG") == "FAMILY"


def test_the_newest_information_replaces_what_was_cached(site: Site) -> None:
    site.learned("TAG")
    site.learned("TAG", "Blocked")
    site.outbox.open = False

    assert site.decide("TAG") == ("Blocked", "cache")


def test_a_tag_on_the_list_is_not_cached(site: Site) -> None:
    site.listed("TAG")
    site.learned("TAG", "Accepted")

    assert len(site.cache) == 0


def test_a_disabled_cache_remembers_nothing(site: Site) -> None:
    site.keys.flags["AuthorizationCacheEnabled"] = False
    site.learned("TAG")

    assert len(site.cache) == 0


@pytest.mark.parametrize(
    ("listed", "said", "conflicts"),
    [
        ("Accepted", "Blocked", ["TAG"]),
        ("Invalid", "Accepted", ["TAG"]),
        ("Accepted", "Accepted", []),
        ("Accepted", "ConcurrentTx", []),
        ("Blocked", "Expired", []),
    ],
)
def test_a_conflict_with_the_local_list_is_told(
    site: Site, listed: str, said: str, conflicts: list[str]
) -> None:
    site.listed("TAG", listed)
    site.learned("TAG", said)

    assert site.conflicts == conflicts


def test_clear_cache_forgets_every_tag_but_not_the_list(site: Site) -> None:
    site.learned("CACHED", parentIdTag="FAMILY")
    site.listed("LISTED", parentIdTag="FAMILY")

    assert site.authorizer.clear_cache() == "Accepted"
    assert site.authorizer.parent("CACHED") is None
    assert site.authorizer.parent("LISTED") == "FAMILY"


def test_clear_cache_is_rejected_while_the_cache_is_off_and_clears_nothing(site: Site) -> None:
    site.learned("TAG")
    site.keys.flags["AuthorizationCacheEnabled"] = False

    assert site.authorizer.clear_cache() == "Rejected"
    assert len(site.cache) == 1


# Stopping


def test_the_tag_that_started_stops_at_once_online_and_offline(site: Site) -> None:
    assert site.present("tag", started="TAG") == [True]
    site.outbox.open = False
    assert site.present("TAG", started="TAG") == [True]
    assert site.outbox.asked == []


@pytest.mark.parametrize(
    ("status", "parent", "expected"),
    [
        ("Accepted", "family", True),
        ("Accepted", "NEIGHBOURS", False),
        ("Accepted", None, False),
        ("Blocked", "FAMILY", False),
    ],
)
def test_another_tag_stops_if_it_is_authorized_and_of_the_same_group(
    site: Site, status: str, parent: str | None, expected: bool
) -> None:
    verdicts = site.present("OTHER", parent="FAMILY")
    assert (site.outbox.asked, verdicts) == (["OTHER"], [])

    site.outbox.answer(status, **({"parentIdTag": parent} if parent else {}))

    assert verdicts == [expected]


def test_the_group_of_a_transaction_may_be_known_from_the_cache(site: Site) -> None:
    site.learned("TAG", parentIdTag="FAMILY")
    verdicts = site.present("OTHER", parent=None)
    site.outbox.answer("Accepted", parentIdTag="FAMILY")

    assert verdicts == [True]


def test_a_tag_without_a_group_does_not_stop_a_transaction_without_one(site: Site) -> None:
    verdicts = site.present("OTHER", parent=None)
    site.outbox.answer("Accepted")

    assert verdicts == [False]


def test_offline_a_tag_that_is_merely_unknown_does_not_stop_a_transaction(site: Site) -> None:
    site.outbox.open = False
    site.keys.flags["AllowOfflineTxForUnknownId"] = True

    assert site.present("OTHER", parent="FAMILY") == [False]


def test_a_parent_is_not_compared_with_a_tag() -> None:
    assert not same_group("FAMILY", None, "TAG", "FAMILY")


# The cache


def put(cache: IdTagCache, **infos: str) -> None:
    for id_tag, status in infos.items():
        cache.put(id_tag, IdTagInfo(status), START_UTC)


def known(cache: IdTagCache, id_tags: str) -> str:
    return "".join(id_tag for id_tag in id_tags if cache.get(id_tag, START_UTC))


def test_a_full_cache_gives_up_every_tag_that_is_not_valid_first() -> None:
    cache = IdTagCache(capacity=4)
    put(cache, A="Accepted", B="Blocked", C="ConcurrentTx")
    cache.put("D", IdTagInfo("Accepted", expires=START_UTC), START_UTC)

    put(cache, E="Accepted")

    assert known(cache, "ABCDE") == "ACE"


def test_then_it_gives_up_the_valid_tag_heard_of_longest_ago() -> None:
    cache = IdTagCache(capacity=3)
    put(cache, A="Accepted", B="Accepted", C="Accepted")
    put(cache, A="Accepted")

    put(cache, D="Accepted")

    assert known(cache, "ABCD") == "ACD"


def test_a_full_cache_still_updates_what_it_knows() -> None:
    cache = IdTagCache(capacity=2)
    put(cache, A="Accepted", B="Blocked")

    put(cache, A="Blocked")

    assert known(cache, "AB") == "AB"


def test_a_cache_survives_being_written_down() -> None:
    cache, restored = IdTagCache(), IdTagCache(capacity=2)
    put(cache, A="Accepted", B="Blocked")
    cache.put("C", IdTagInfo("Accepted", 4_102_444_800.0, "FAMILY"), START_UTC)

    restored.restore(msgspec.json.decode(msgspec.json.encode(cache.export())))

    assert known(restored, "ABC") == "BC"  # the newest, where there is less room
    assert restored.get("C", START_UTC) == IdTagInfo("Accepted", 4_102_444_800.0, "FAMILY")


def test_a_damaged_cache_is_refused_and_says_where() -> None:
    with pytest.raises(ValueError, match=r"`status`"):
        IdTagCache().restore({"TAG": {}})


letters = st.sampled_from("ABCDEF")
kinds = st.sampled_from(["Accepted", "Blocked", "ConcurrentTx"])


@given(st.lists(st.tuples(letters, kinds)), st.integers(1, 4))
def test_a_cache_is_bounded_and_never_forgets_the_newest(
    told: list[tuple[str, str]], capacity: int
) -> None:
    cache = IdTagCache(capacity)
    for id_tag, status in told:
        cache.put(id_tag, IdTagInfo(status), START_UTC)
        assert len(cache) <= capacity
        assert cache.get(id_tag.lower(), START_UTC) == IdTagInfo(status)

"""The local authorization list: what SendLocalList does to it (sections 3.5.2, 5.10, 5.15)."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from evtui.station.authorization.local_list import LocalList

NOW = 1_767_268_800.0
"""2026-01-01T12:00:00Z."""


class Keys:
    """Configuration keys of section 9.2."""

    def __init__(self, *, enabled: bool = True, longest: int = 5, at_once: int = 4) -> None:
        self.enabled = enabled
        self.numbers = {"LocalAuthListMaxLength": longest, "SendLocalListMaxLength": at_once}

    def flag(self, key: str) -> bool:
        return {"LocalAuthListEnabled": self.enabled}[key]

    def number(self, key: str) -> float:
        return self.numbers[key]


def entry(id_tag: str, status: str | None = "Accepted", **info: str) -> dict[str, Any]:
    """An AuthorizationData; without a status it removes the tag."""
    return {"idTag": id_tag} | ({"idTagInfo": {"status": status, **info}} if status else {})


def filled(*id_tags: str, keys: Keys | None = None) -> LocalList:
    """A list of version 3 with these tags Accepted."""
    local_list = LocalList(keys or Keys())
    assert local_list.update(3, "Full", [entry(id_tag) for id_tag in id_tags]) == "Accepted"
    return local_list


def statuses(local_list: LocalList, *id_tags: str) -> list[str | None]:
    infos = [local_list.get(id_tag, NOW) for id_tag in id_tags]
    return [info.status if info else None for info in infos]


def test_a_list_that_was_never_sent_has_version_0() -> None:
    assert LocalList(Keys()).version == 0


def test_a_full_update_replaces_the_list_and_sets_the_version() -> None:
    local_list = filled("A", "B")

    assert local_list.update(7, "Full", [entry("C", "Blocked")]) == "Accepted"

    assert local_list.version == 7
    assert statuses(local_list, "A", "B", "C") == [None, None, "Blocked"]


def test_a_full_update_may_go_back_to_an_older_version() -> None:
    local_list = filled("A")

    assert local_list.update(1, "Full", [entry("B")]) == "Accepted"
    assert local_list.version == 1


@pytest.mark.parametrize("update_type", ["Full", "Differential"])
def test_a_list_that_has_become_empty_reports_version_0(update_type: str) -> None:
    local_list = filled("A")

    entries = [] if update_type == "Full" else [entry("A", None)]

    assert local_list.update(9, update_type, entries) == "Accepted"
    assert local_list.version == 0
    assert statuses(local_list, "A") == [None]


def test_an_emptied_list_takes_any_differential_update() -> None:
    local_list = filled("A")
    local_list.update(9, "Full")

    assert local_list.update(1, "Differential", [entry("B")]) == "Accepted"
    assert local_list.version == 1


def test_a_differential_update_adds_changes_and_removes() -> None:
    local_list = filled("A", "B", "C")

    changes = [entry("B", "Blocked"), entry("C", None), entry("D")]

    assert local_list.update(4, "Differential", changes) == "Accepted"
    assert local_list.version == 4
    assert statuses(local_list, "A", "B", "C", "D") == ["Accepted", "Blocked", None, "Accepted"]


def test_a_differential_update_without_entries_changes_only_the_version() -> None:
    local_list = filled("A")

    assert local_list.update(4, "Differential") == "Accepted"
    assert (local_list.version, statuses(local_list, "A")) == (4, ["Accepted"])


def test_removing_a_tag_that_is_not_on_the_list_is_no_failure() -> None:
    assert filled("A").update(4, "Differential", [entry("B", None)]) == "Accepted"


@pytest.mark.parametrize("version", [1, 2, 3])
def test_a_differential_update_to_no_newer_version_is_a_mismatch(version: int) -> None:
    local_list = filled("A")

    assert local_list.update(version, "Differential", [entry("B")]) == "VersionMismatch"
    assert (local_list.version, statuses(local_list, "A", "B")) == (3, ["Accepted", None])


BAD = {
    "version 0": (0, "Full", [entry("B")]),
    "version -1": (-1, "Differential", [entry("B")]),
    "the same tag twice": (4, "Full", [entry("B"), entry("C"), entry("B")]),
    "the same tag in another case": (4, "Differential", [entry("tag"), entry("TAG", None)]),
    "a full update with an entry that says nothing": (4, "Full", [entry("B"), entry("C", None)]),
    "more at once than allowed": (4, "Full", [entry(f"T{n}") for n in range(5)]),
    "more in all than allowed": (4, "Differential", [entry(f"T{n}") for n in range(4)]),
    "an expiry that is no moment": (4, "Full", [entry("B", expiryDate="yesterday")]),
}


@pytest.mark.parametrize("update", BAD.values(), ids=BAD.keys())
def test_a_failed_update_leaves_everything_as_it_was(
    update: tuple[int, str, list[dict[str, Any]]],
) -> None:
    local_list = filled("A", "Z")

    assert local_list.update(*update) == "Failed"
    assert local_list.version == 3
    assert len(local_list) == 2
    assert statuses(local_list, "A", "Z") == ["Accepted", "Accepted"]


def test_what_is_removed_makes_room_for_what_is_added() -> None:
    keys = Keys(longest=2)
    local_list = filled("A", "B", keys=keys)

    assert local_list.update(4, "Differential", [entry("C"), entry("A", None)]) == "Accepted"
    assert statuses(local_list, "A", "B", "C") == [None, "Accepted", "Accepted"]


def test_as_many_as_allowed_are_taken_at_once() -> None:
    assert len(filled("A", "B", "C", "D", keys=Keys(at_once=4))) == 4


def test_a_disabled_list_behaves_as_none_and_is_there_again_when_enabled() -> None:
    keys = Keys()
    local_list = filled("A", keys=keys)

    keys.enabled = False
    assert local_list.version == -1
    assert local_list.get("A", NOW) is None
    assert local_list.update(4, "Full", [entry("B")]) == "NotSupported"

    keys.enabled = True
    assert local_list.version == 3
    assert statuses(local_list, "A", "B") == ["Accepted", None]


def test_upper_and_lower_case_are_the_same_tag() -> None:
    assert statuses(filled("AbC"), "aBc") == ["Accepted"]


def test_an_entry_expires_at_its_expiry_date() -> None:
    local_list = LocalList(Keys())
    local_list.update(1, "Full", [entry("A", expiryDate="2026-01-01T13:00:00+01:00")])

    before, after = local_list.get("A", NOW - 1), local_list.get("A", NOW)

    assert before is not None
    assert before.accepted
    assert after is not None
    assert after.status == "Expired"


def test_an_entry_that_is_not_valid_does_not_become_expired() -> None:
    local_list = LocalList(Keys())
    local_list.update(1, "Full", [entry("A", "Blocked", expiryDate="2025-01-01T00:00:00Z")])

    assert statuses(local_list, "A") == ["Blocked"]


@pytest.mark.parametrize(
    ("expiry", "status"),
    [
        ("0001-01-01T00:00:00+01:00", "Expired"),
        ("9999-12-31T23:59:59-01:00", "Accepted"),
        ("2026-01-01t12:00:01z", "Accepted"),
        ("2026-01-01T11:59:59", "Expired"),
    ],
)
def test_every_moment_that_can_be_written_is_understood(expiry: str, status: str) -> None:
    local_list = LocalList(Keys())

    assert local_list.update(1, "Full", [entry("A", expiryDate=expiry)]) == "Accepted"
    assert statuses(local_list, "A") == [status]


def test_a_list_survives_being_written_down() -> None:
    info = {"expiryDate": "2030-01-01T00:00:00Z", "parentIdTag": "FAMILY"}
    local_list, restored = LocalList(Keys()), LocalList(Keys())
    local_list.update(5, "Full", [entry("A", **info), entry("B", "Blocked")])

    restored.restore(msgspec.json.decode(msgspec.json.encode(local_list.export())))

    assert restored.version == 5
    assert [restored.get(tag, NOW) for tag in "AB"] == [local_list.get(tag, NOW) for tag in "AB"]


def test_a_damaged_list_is_refused_and_says_where() -> None:
    with pytest.raises(ValueError, match=r"\$\.version"):
        LocalList(Keys()).restore({"version": "five", "entries": {}})


tags = st.sampled_from(["a", "A", "b", "C", "d"])
infos = st.sampled_from(["Accepted", "Blocked", None])
updates = st.tuples(
    st.integers(-1, 6),
    st.sampled_from(["Full", "Differential"]),
    st.lists(st.builds(entry, tags, infos), max_size=4),
)


@given(st.lists(updates, max_size=8))
def test_whatever_is_sent_only_what_is_accepted_changes_the_list(
    sent: list[tuple[int, str, list[dict[str, Any]]]],
) -> None:
    local_list = LocalList(Keys(longest=3))
    for version, update_type, entries in sent:
        before = local_list.export()
        if local_list.update(version, update_type, entries) == "Accepted":
            assert local_list.version == (version if len(local_list) else 0)
            assert len(local_list) <= 3
        else:
            assert local_list.export() == before

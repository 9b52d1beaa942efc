"""The list of id tags, and what a station is told of one."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import pytest

from evtui.central_system.id_tags import IdTag, IdTagError, IdTags, read_id_tags

NOW = datetime(2026, 1, 1, tzinfo=UTC)


def test_an_unknown_tag_is_accepted_or_invalid_as_the_policy_says() -> None:
    assert IdTags().info("STRANGER", NOW) == {"status": "Accepted"}
    assert IdTags(unknown="reject").info("STRANGER", NOW) == {"status": "Invalid"}


@pytest.mark.parametrize("status", ["Accepted", "Blocked", "Expired", "Invalid"])
def test_a_tag_on_the_list_has_the_status_it_has_there_whatever_the_policy(status: Any) -> None:
    for unknown in ("accept", "reject"):
        tags = IdTags([IdTag("TAG", status)], unknown=unknown)
        assert tags.info("TAG", NOW) == {"status": status}


def test_parent_and_expiry_are_told_with_the_status() -> None:
    east = datetime(2026, 6, 1, 12, tzinfo=timezone(timedelta(hours=2)))
    tags = IdTags([IdTag("A", parent="FLEET", expiry=datetime(2026, 6, 1, tzinfo=UTC))])
    tags.set("B", "Blocked", expiry=east)
    assert tags.info("A", NOW) == {
        "status": "Accepted",
        "parentIdTag": "FLEET",
        "expiryDate": "2026-06-01T00:00:00Z",
    }
    assert tags.info("B", NOW) == {"status": "Blocked", "expiryDate": "2026-06-01T12:00:00+02:00"}


def test_a_tag_expires_at_its_expiry_and_not_before() -> None:
    tags = IdTags([IdTag("TAG", expiry=NOW)])
    assert tags.info("TAG", NOW - timedelta(seconds=1))["status"] == "Accepted"
    assert tags.info("TAG", NOW)["status"] == "Expired"


def test_a_blocked_tag_stays_blocked_when_it_expires() -> None:
    assert IdTags([IdTag("TAG", "Blocked", expiry=NOW)]).info("TAG", NOW)["status"] == "Blocked"


def test_upper_and_lower_case_are_the_same_tag() -> None:
    tags = IdTags([IdTag("Tag", "Blocked")], unknown="reject")
    assert tags.info("TAG", NOW) == {"status": "Blocked"}
    tags.set("tAG", "Accepted")
    assert [tag.id_tag for tag in tags] == ["tAG"]
    assert tags.remove("TAG")
    assert not tags.remove("TAG")
    assert len(tags) == 0


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("x" * 21,), f"id tag '{'x' * 21}': expected 1 to 20 printable characters, got 21"),
        (("",), "id tag '': expected 1 to 20 printable characters, got 0"),
        (("a\x1b[2J",), r"id tag 'a\x1b[2J': expected 1 to 20 printable characters, got 5"),
        (("A", "accepted"), 'status "accepted": expected one of Accepted, Blocked, Expired, Inval'),
        (("A", "ConcurrentTx"), 'status "ConcurrentTx": expected one of Accepted'),
    ],
)
def test_a_tag_that_is_none_is_refused_in_one_line_and_the_list_stays(
    arguments: tuple[Any, ...], message: str
) -> None:
    tags = IdTags([IdTag("A", "Blocked")])
    with pytest.raises(IdTagError) as refused:
        tags.set(*arguments)
    assert str(refused.value).startswith(message)
    assert list(tags) == [IdTag("A", "Blocked")]


def test_an_expiry_without_a_zone_is_refused() -> None:
    with pytest.raises(IdTagError, match="zone"):
        IdTag("A", expiry=datetime(2026, 1, 1))


def test_an_expiry_that_is_a_text_is_refused() -> None:
    written: Any = "2030-01-01"
    with pytest.raises(IdTagError, match="expiry '2030-01-01': expected a datetime"):
        IdTag("A", expiry=written)


def test_a_file_gives_status_parent_and_expiry(tmp_path: Path) -> None:
    file = tmp_path / "tags.csv"
    file.write_text(
        "\ufeffid_tag,status,parent,expiry\n"
        "A,,,\n"
        "\n"
        'B, Blocked ,FLEET,2030-12-31T23:59:59Z\n"C,1",Expired,,2030-01-01\n'
    )
    assert read_id_tags(str(file)) == [
        IdTag("A"),
        IdTag("B", "Blocked", "FLEET", datetime(2030, 12, 31, 23, 59, 59, tzinfo=UTC)),
        IdTag("C,1", "Expired", None, datetime(2030, 1, 1, tzinfo=UTC)),
    ]


def test_a_file_may_have_its_columns_in_any_order_and_leave_some_out(tmp_path: Path) -> None:
    file = tmp_path / "tags.csv"
    file.write_text("parent,id_tag\nFLEET,A\n,B\n")
    assert read_id_tags(str(file)) == [IdTag("A", parent="FLEET"), IdTag("B")]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "1: expected a header of id_tag, status, parent, expiry; id_tag is missing"),
        ("A,Accepted\n", "1: expected a header of"),
        ("id_tag,colour\nA,red\n", '"colour" is none of them'),
        ("id_tag\nA\nB,Blocked\n", "3: more values than the header has columns"),
        ("id_tag,status\nA,Accepted\nB,Maybe\n", '3: status "Maybe": expected one of Accepted'),
        ("id_tag\n" + "x" * 21 + "\n", "2: id tag"),
        ("id_tag,expiry\nA,tomorrow\n", '2: expiry "tomorrow": expected a time such as 2030-'),
        ("id_tag\nA\n\na\n", '4: id tag "a" is on line 2 already'),
        ("id_tag\n\x07\n", r"2: id tag '\x07'"),
        (
            "id_tag,id_tag\nA,B\n",
            "1: expected a header of id_tag, status, parent, expiry; id_tag is th",
        ),
    ],
)
def test_a_file_that_is_not_as_it_must_be_is_refused_in_one_line_with_its_place(
    tmp_path: Path, text: str, message: str
) -> None:
    file = tmp_path / "tags.csv"
    file.write_text(text)
    with pytest.raises(IdTagError) as refused:
        read_id_tags(str(file))
    assert str(refused.value).startswith(f"{file}:")
    assert message in str(refused.value)
    assert "\n" not in str(refused.value)


def test_a_file_that_cannot_be_read_is_refused_in_one_line(tmp_path: Path) -> None:
    with pytest.raises(IdTagError, match=r"nothing\.csv: no such file or directory"):
        read_id_tags(str(tmp_path / "nothing.csv"))
    latin = tmp_path / "latin.csv"
    latin.write_bytes(b"id_tag\n\xe9\n")
    with pytest.raises(IdTagError, match="expected a CSV file in UTF-8"):
        read_id_tags(str(latin))

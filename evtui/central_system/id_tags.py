"""Who may charge: the central system's list of id tags (OCPP 1.6 sections 7.2 and 7.8)."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, datetime
from typing import Any, Literal, get_args

import msgspec

from evtui.central_system.kept import Ledger, LedgerRow

__all__ = ["IdTag", "IdTagError", "IdTagStatus", "IdTags", "read_id_tags"]

IdTagStatus = Literal["Accepted", "Blocked", "Expired", "Invalid"]
"""What a list can say of a tag; ConcurrentTx is no property of one (section 7.2)."""

LONGEST = 20
"""Characters of an IdToken, a CiString20Type (section 7.28)."""

ID_TAG = "id tag"
"""Kind of a row of what was said of a tag; its name is the tag in lower case."""

COLUMNS = ("id_tag", "status", "parent", "expiry")


class IdTagError(ValueError):
    """A tag, or a file of them, is not as it must be; the text is one line for people."""


class IdTag(msgspec.Struct, frozen=True):
    """One entry.

    Attributes:
        id_tag: at most 20 characters; upper and lower case are the same.
        parent: parentIdTag: tags with the same one may stop each other's transactions.
        expiry: when it expires, None for never.

    Raises:
        IdTagError: a value is not as it must be.
    """

    id_tag: str
    status: IdTagStatus = "Accepted"
    parent: str | None = None
    expiry: datetime | None = None

    def __post_init__(self) -> None:
        for name, text in (("id tag", self.id_tag), ("parent", self.parent)):
            if text is not None and not (1 <= len(text) <= LONGEST and text.isprintable()):
                raise IdTagError(
                    f"{name} {text[:60]!r}: expected 1 to {LONGEST} printable characters, "
                    f"got {len(text)}"
                )
        if self.status not in get_args(IdTagStatus):
            expected = ", ".join(get_args(IdTagStatus))
            raise IdTagError(f'status "{self.status[:60]}": expected one of {expected}')
        if self.expiry is not None:
            if not isinstance(self.expiry, datetime):
                raise IdTagError(f"expiry {self.expiry!r}: expected a datetime")
            if self.expiry.tzinfo is None:
                raise IdTagError(f"expiry {self.expiry.isoformat()}: expected a time with its zone")


class _Word(msgspec.Struct, frozen=True):
    """What was said of a tag while the central system ran.

    Attributes:
        entry: None when the tag was removed.
        first: what the list began with, None where it was not on it.
    """

    entry: IdTag | None
    first: IdTag | None


class IdTags:
    """The list, and what is said of tags that are not on it.

    Args:
        tags: the first entries.
        unknown: ``accept`` or ``reject`` tags that are not on the list; rejected ones are
            Invalid (section 7.2: "unknown").
        concurrent: False answers ConcurrentTx to the start of a tag that has a transaction
            elsewhere.  Section 7.2 leaves it to the operator whether that is allowed, and in a
            lab one tag starts all stations.
    """

    def __init__(
        self,
        tags: Iterable[IdTag] = (),
        *,
        unknown: Literal["accept", "reject"] = "accept",
        concurrent: bool = True,
    ) -> None:
        self.unknown = unknown
        self.concurrent = concurrent
        self._tags = {tag.id_tag.casefold(): tag for tag in tags}
        self._first = dict(self._tags)
        self._words: dict[str, _Word] = {}
        self._ledger = Ledger()

    def __iter__(self) -> Iterator[IdTag]:
        return iter(tuple(self._tags.values()))

    def __len__(self) -> int:
        return len(self._tags)

    def get(self, id_tag: str) -> IdTag | None:
        """The entry of a tag, None when it is not on the list."""
        return self._tags.get(id_tag.casefold())

    def set(
        self,
        id_tag: str,
        status: IdTagStatus = "Accepted",
        *,
        parent: str | None = None,
        expiry: datetime | None = None,
    ) -> None:
        """Put a tag on the list, or replace its entry.

        Raises:
            IdTagError: a value is not as it must be; the list stays as it was.
        """
        self._tags[id_tag.casefold()] = IdTag(id_tag, status, parent, expiry)
        self._said(id_tag.casefold())

    def remove(self, id_tag: str) -> bool:
        """Take a tag off the list; False when it was not on it."""
        removed = self._tags.pop(id_tag.casefold(), None) is not None
        if removed:
            self._said(id_tag.casefold())
        return removed

    def info(self, id_tag: str, now: datetime) -> dict[str, Any]:
        """idTagInfo as it goes over the wire (section 7.8); ``now`` decides what has expired."""
        tag = self.get(id_tag)
        if tag is None:
            return {"status": "Accepted" if self.unknown == "accept" else "Invalid"}
        status: str = tag.status
        if status == "Accepted" and tag.expiry is not None and tag.expiry <= now:
            status = "Expired"
        info: dict[str, Any] = {"status": status}
        if tag.expiry is not None:
            info["expiryDate"] = tag.expiry.isoformat(timespec="seconds").replace("+00:00", "Z")
        if tag.parent is not None:
            info["parentIdTag"] = tag.parent
        return info

    # Over the end of the process

    def keep(self, ledger: Ledger) -> None:
        """Take up what was set and removed in earlier runs, and keep what will be.

        The later word counts: that of the earlier run, unless the list begins with something
        else for the tag than it did then.  A list that begins empty says nothing.

        Raises:
            StateError: what was kept cannot be read.
        """
        for name, word in ledger.read(ID_TAG, _Word):
            for tag in filter(None, (word.entry, word.first)):
                if tag.id_tag.casefold() != name:
                    raise ledger.damaged(ID_TAG, name, f"{tag.id_tag} is in it")
            if self._first and self._first.get(name) != word.first:
                ledger.remove(ID_TAG, name)
                continue
            self._words[name] = word
            if word.entry is None:
                self._tags.pop(name, None)
            else:
                self._tags[name] = word.entry
        ledger.commit()
        self._ledger = ledger

    def rows(self) -> Iterator[tuple[LedgerRow, bytes]]:
        """Everything, as it is kept."""
        for name, word in self._words.items():
            yield (ID_TAG, name), msgspec.json.encode(word)

    def _said(self, name: str) -> None:
        word = _Word(self._tags.get(name), self._first.get(name))
        if word.entry == word.first:
            self._words.pop(name, None)
            self._ledger.remove(ID_TAG, name)
        else:
            self._words[name] = word
            self._ledger.put(ID_TAG, name, word)
        self._ledger.commit()


def read_id_tags(path: str) -> list[IdTag]:
    """Entries of a CSV file with the columns id_tag, status, parent, expiry.

    The header says which columns there are, in any order; only id_tag must be there.  An empty
    status is Accepted; an expiry without a zone is UTC.

    Raises:
        IdTagError: it cannot be read, or is not as it must be; one line with file and line.
    """
    try:
        with open(path, encoding="utf-8-sig", newline="") as file:
            return list(_entries(csv.DictReader(file, restkey=""), path))
    except OSError as error:
        raise IdTagError(f"{path}: {(error.strerror or 'cannot be read').lower()}") from None
    except UnicodeDecodeError:
        raise IdTagError(f"{path}: expected a CSV file in UTF-8") from None
    except csv.Error as error:
        raise IdTagError(f"{path}: not valid CSV: {error}") from None


def _entries(rows: csv.DictReader[str], path: str) -> Iterator[IdTag]:
    header = [name.strip() for name in rows.fieldnames or ()]
    rows.fieldnames = header
    expected = f"expected a header of {', '.join(COLUMNS)}"
    if "id_tag" not in header:
        raise IdTagError(f"{path}:1: {expected}; id_tag is missing")
    if unknown := [name for name in header if name not in COLUMNS]:
        raise IdTagError(f'{path}:1: {expected}; "{unknown[0][:60]}" is none of them')
    if twice := [name for name in COLUMNS if header.count(name) > 1]:
        raise IdTagError(f"{path}:1: {expected}; {twice[0]} is there twice")
    seen: dict[str, int] = {}
    for row in rows:
        place = f"{path}:{rows.line_num}"
        if "" in row:
            raise IdTagError(f"{place}: more values than the header has columns")
        try:
            tag = _entry(row)
        except IdTagError as error:
            raise IdTagError(f"{place}: {error}") from None
        name = tag.id_tag.casefold()
        if name in seen:
            raise IdTagError(f'{place}: id tag "{tag.id_tag}" is on line {seen[name]} already')
        seen[name] = rows.line_num
        yield tag


def _entry(row: Mapping[str, str | None]) -> IdTag:
    values = {name: (row.get(name) or "").strip() for name in COLUMNS}
    expiry = None
    if values["expiry"]:
        try:
            expiry = datetime.fromisoformat(values["expiry"])
        except ValueError:
            raise IdTagError(
                f'expiry "{values["expiry"][:60]}": expected a time such as 2030-12-31T23:59:59Z'
            ) from None
        expiry = expiry if expiry.tzinfo is not None else expiry.replace(tzinfo=UTC)
    status: Any = values["status"] or "Accepted"
    return IdTag(values["id_tag"], status, values["parent"] or None, expiry)

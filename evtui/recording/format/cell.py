"""How values stand in the cells of a table: what writes them, reads them and names their type.

Numbers have fixed decimals (mA, mV, mW, mWh, microseconds): a last bit that differs between two
processors changes no file.  Reading is strict, since a folder may come from anybody: what cannot
be is a ``ValueError``.
"""

from __future__ import annotations

import csv
from collections.abc import Callable
from functools import lru_cache
from typing import Any, NamedTuple

from evtui.attacks import ParameterValue
from evtui.recording.format.json_reader import JsonReader
from evtui.recording.format.layout import LATEST_START, LIST_SEPARATOR, LONGEST_RUN

__all__ = [
    "ALARM_STATE",
    "BY_TYPE",
    "DATA",
    "DATA_LENGTH",
    "ERROR_FLAG",
    "FLAG",
    "FRAME_KIND",
    "FRAME_KINDS",
    "GREATEST",
    "IDENTIFIER",
    "INT8",
    "INT32",
    "INT64",
    "JSON_BY_TYPE",
    "JSON_UTC",
    "LAB_TIME",
    "LIST",
    "PARAMETERS",
    "PLAIN",
    "QUANTITY",
    "SECONDS",
    "STAMP",
    "STEADY",
    "TEXT",
    "UNIX_STAMP",
    "UTC",
    "WORD",
    "Cell",
    "check_lab_time",
    "check_whole",
    "csv_text",
    "split_csv",
    "steady",
]

ERROR_FLAG = 0x2000_0000
"""Marks an error frame in candump's ids (CAN_ERR_FLAG of Linux' can/error.h)."""

GREATEST = 1e15
"""No quantity is greater, whatever its unit."""

FRAME_KINDS = ("data", "remote", "error", "fd", "fd brs", "fd esi", "fd brs esi")
"""What a frame may be; ``fd`` is a data frame of CAN FD, behind which stand its flags."""

_LARGEST_ID = 0x1FFF_FFFF
_MOST_DATA = 64
"""Bytes of a CAN FD frame."""


class Cell(NamedTuple):
    """A kind of cell.

    Attributes:
        write: the expression that gives its text, with ``$`` in the place of the value; it may use
            ``csv_text``, ``json_text`` and ``steady``.  What follows a ``:`` formats the value.
            One with braces is a piece of an f-string.
        read: makes the value of a text, or raises ValueError; None where the text is the value.
        arrow: name of the Arrow type; ``json``, ``list`` and ``utc`` stand for what an export
            makes of such values.
        words: the type for people.
    """

    write: str
    read: Callable[[str], Any] | None
    arrow: str
    words: str


@lru_cache(maxsize=1024)
def steady(value: float) -> str:
    """A quantity that is the same in most rows, with its decimals."""
    return f"{value:z.3f}"


@lru_cache(maxsize=1024)
def csv_text(text: str) -> str:
    """``text`` as a CSV field (RFC 4180) on one line."""
    if "\n" in text or "\r" in text:
        text = " ".join(text.split())
    if "," in text or '"' in text:
        return '"' + text.replace('"', '""') + '"'
    return text


def split_csv(line: bytes) -> list[str]:
    """The fields of one CSV line without its line end; bytes that are no UTF-8 are escaped.

    Raises:
        ValueError: a field is longer than 128 KiB, or a carriage return stands in a row.
    """
    text = line.decode("utf-8", "backslashreplace")
    if '"' not in text:
        return text.split(",")
    try:
        return next(csv.reader((text,)), [])
    except csv.Error as error:  # which is no ValueError
        # Python's error has no fields; worded otherwise, its advice on open() would be shown too.
        raise ValueError(str(error).partition(" - ")[0]) from None


def check_lab_time(value: float) -> float:
    """``value`` in s, if it can be a time of a run; else ValueError."""
    if not -LONGEST_RUN < value < LONGEST_RUN:
        raise ValueError(f"no time of a run: {value!r} s")
    return value


def check_whole(value: int, bits: int = 64) -> int:
    """``value``, if it fits into so many bits with its sign; else ValueError."""
    if not -(1 << (bits - 1)) <= value < 1 << (bits - 1):
        raise ValueError(f"no number of {bits} bits: {str(value)[:20]}…")
    return value


def _quantity(text: str) -> float:
    value = float(text)
    if not -GREATEST < value < GREATEST:  # no number either
        raise ValueError(f"no quantity: {text!r}")
    return value


def _lab_time(text: str) -> float:
    return check_lab_time(float(text))


def _unix(text: str) -> float:
    value = float(text)
    if not 0 <= value < LATEST_START:
        raise ValueError(f"no Unix time: {text!r}")
    return value


def _int64(text: str) -> int:
    return check_whole(int(text))


def _int32(text: str) -> int:
    return check_whole(int(text), 32)


def _flag(text: str) -> bool:
    if text not in ("0", "1"):
        raise ValueError(f"a flag must be 0 or 1, not {text!r}")
    return text == "1"


def _list(text: str) -> tuple[str, ...]:
    return tuple(text.split(LIST_SEPARATOR)) if text else ()


def _identifier(text: str) -> int:
    number = int(text, 16) & ~ERROR_FLAG
    if not 0 <= number <= _LARGEST_ID:
        raise ValueError(f"no CAN identifier: {text[:20]!r}")
    return number


def _data(text: str) -> bytes:
    data = bytes.fromhex(text)
    if len(data) > _MOST_DATA:
        raise ValueError(f"no CAN frame has {len(data)} data bytes")
    return data


def _data_length(text: str) -> int:
    length = int(text)
    if not 0 <= length <= _MOST_DATA:
        raise ValueError(f"no CAN frame has {text[:20]} data bytes")
    return length


def _frame_kind(text: str) -> str:
    if text not in FRAME_KINDS:
        raise ValueError(f"a frame is {', '.join(FRAME_KINDS)}, not {text[:20]!r}")
    return text


def _alarm_state(text: str) -> str:
    if text not in ("raised", "cleared"):
        raise ValueError(f"an alarm is raised or cleared, not {text!r}")
    return text


_parameters = JsonReader(dict[str, ParameterValue])

TEXT = Cell("csv_text($)", None, "string", "text")
PLAIN = Cell("$", None, "string", "text")
QUANTITY = Cell("$:z.3f", _quantity, "double", "number")
STEADY = Cell("steady($)", _quantity, "double", "number")
SECONDS = Cell("$:.6f", _quantity, "double", "number")
LAB_TIME = Cell("$:.6f", _lab_time, "double", "number")
FLAG = Cell("'1' if $ else '0'", _flag, "bool", "0 or 1")
INT64 = Cell("$", _int64, "int64", "integer")
INT32 = Cell("$", _int32, "int32", "integer")
INT8 = Cell("$", _int32, "int8", "integer")
PARAMETERS = Cell("csv_text(json_text($))", _parameters, "json", "JSON object")
ALARM_STATE = Cell("'raised' if $ else 'cleared'", _alarm_state, "string", "text")

# The recorder has the texts of these already, made once for all that is written of a moment.
STAMP = Cell("$", _lab_time, "double", "number")
UNIX_STAMP = Cell("$", _unix, "double", "number")
UTC = Cell("$", None, "utc", "ISO 8601")
LIST = Cell("$", _list, "list", "texts joined by ;")
IDENTIFIER = Cell("$", _identifier, "uint32", "hexadecimal")
DATA = Cell("$", _data, "binary", "hexadecimal")
DATA_LENGTH = Cell("$", _data_length, "uint8", "integer")
FRAME_KIND = Cell("$", _frame_kind, "string", "text")

BY_TYPE: dict[Any, Cell] = {
    float: QUANTITY,
    int: INT64,
    bool: FLAG,
    str: TEXT,
    tuple[str, ...]: LIST,
}
"""The cell of a column that names none."""

# Lines of JSON are read by their types.
WORD = Cell('"{$}"', None, "string", "text")
JSON_UTC = Cell('"{$}"', None, "utc", "ISO 8601")

JSON_BY_TYPE: dict[Any, Cell] = {
    int: INT64,
    bool: Cell("'true' if $ else 'false'", None, "bool", "true or false"),
    str: Cell("json_text($) if $ else '\"\"'", None, "string", "text"),
    tuple[str, ...]: Cell("json_text($) if $ else '[]'", None, "list", "array of texts"),
    dict[str, Any]: Cell("$", None, "json", "object"),
    Any: Cell("$", None, "json", "JSON"),
}
"""The same in a line of JSON; of what is nested the recorder has the text already.
What is empty in most lines costs no encoder."""

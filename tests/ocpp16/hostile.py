"""Payloads that hold their schema and are as odd as that allows, for property tests."""

from __future__ import annotations

from typing import Any

from hypothesis import strategies as st

from evtui.ocpp16 import schema_files

__all__ = ["DATES", "payloads"]

DATES = (
    "2026-01-01T12:00:00Z",
    "2026-01-01t13:00:00z",
    "2026-01-02T00:00:00",
    "2026-01-01T24:00:00Z",
    "2016-12-31T23:59:60Z",
    "2017-01-01T05:29:60.999+05:30",
    "2026-01-01T12:00:00.1234567Z",
    "2026-01-01T12:00:00,5-00:00",
    "2026-01-01T12:00+0100",
    "2026-W01-4T12:00:00Z",
    "20260101T120000Z",
    "9999-12-31T23:59:59.9999999Z",
    "9999-12-31T23:59:60Z",
    "9999-12-31T24:00:00-23:59",
    "0001-01-01T00:00:00Z",
    "0001-01-01T00:00:00+14:00",
    "1969-12-31T23:59:59.999999999999999999999Z",
)
"""Dates and times that are taken, and that some reader or other has failed over."""

_INTEGERS = (
    *(0, 1, 2, 3, -1, 7, 100, 101, 86_400, 2**31, -(2**31) - 1, 2**63, 2**64, 10**400, -(10**400)),
    *(1.0, -0.0, 2.0, 1e3, 1e15, 1e300),  # JSON's 1.0 is an integer too
)
_TENTHS = (0, 0.0, -0.0, 0.1, 16, 16.0, 1e3, -0.1, 1e15, 1e308, -1e308, 10**400, 2**63)
_TEXTS = (
    *("", " ", "TAG", "tag", "a\x00b", "\x1b[2J", "\u202ex", "é", "ﬁ", "İ", "ß", "😀", "\uffff"),
    *("__class__", "%s%n", "{id}", "../..", "-1", "1e999", "nan", "x" * 20, "😀" * 20),
    *("HeartbeatInterval", "EvtuiDefaultLimit", "MeterValuesSampledData", "NumberOfConnectors"),
    *("1e999", "inf", "9" * 400, "１２", "1_000", "0x10", "Current.Import"),
)
_URLS = (
    *("http://127.0.0.1:1/x", "ftp://127.0.0.1/", "file:///etc/passwd", "urn:x", "a:b"),
    *("http://[::1]/", "http://u:p@h/%25", "http://h:99999/", "ftp://h/a;type=i", "http://h/?q#f"),
)

_texts = st.sampled_from(_TEXTS) | st.text(st.characters(codec="utf-8"), max_size=30)


def payloads(schema: str, **fixed: Any) -> st.SearchStrategy[dict[str, Any]]:
    """Payloads of a message: the action for a call, ``<action>Response`` for a result.

    Args:
        fixed: values that fields have mostly, so that a payload is often taken, too.
    """
    return _objects(schema_files.read(schema), fixed)


def _objects(rules: dict[str, Any], fixed: dict[str, Any]) -> st.SearchStrategy[dict[str, Any]]:
    fields = {name: _values(part, fixed) for name, part in rules.get("properties", {}).items()}
    for name in fixed.keys() & fields.keys():
        fields[name] = _mostly(fixed[name], fields[name])
    required = set(rules.get("required", ()))
    return st.fixed_dictionaries(
        {name: part for name, part in fields.items() if name in required},
        optional={name: part for name, part in fields.items() if name not in required},
    )


def _mostly(value: Any, otherwise: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    return st.integers(0, 9).flatmap(lambda die: otherwise if die == 9 else st.just(value))


def _values(rules: dict[str, Any], fixed: dict[str, Any]) -> st.SearchStrategy[Any]:
    if "enum" in rules:
        return st.sampled_from(rules["enum"])
    match rules["type"], rules.get("format"):
        case "object", _:
            return _objects(rules, fixed)
        case "array", _:
            return st.lists(
                _values(rules["items"], fixed), min_size=rules.get("minItems", 0), max_size=4
            )
        case "integer", _:
            return st.sampled_from(_INTEGERS) | st.integers()
        case "number", _:
            return st.sampled_from(_TENTHS)
        case "boolean", _:
            return st.booleans()
        case "string", "date-time":
            return st.sampled_from(DATES)
        case "string", "uri":
            return st.sampled_from(_URLS)
    longest = rules.get("maxLength", 1_000)
    return _texts.map(lambda text: text[:longest])

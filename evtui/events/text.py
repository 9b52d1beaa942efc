"""Values as JSON text, whatever a peer or a program put into them."""

from __future__ import annotations

import json
from typing import Any

import msgspec

from evtui.escaping import for_json

__all__ = ["NULL", "as_json", "json_text", "pretty_json"]


def json_text(value: Any) -> str:
    """``value`` as JSON on one line, whatever a peer or a program put into it."""
    try:
        return msgspec.json.encode(value).decode()
    except (UnicodeEncodeError, TypeError, ValueError, OverflowError):  # a lone surrogate, a set
        return json.dumps(value, default=_plain, separators=(",", ":"))


def pretty_json(value: Any) -> str:
    """``value`` as JSON for people, on several lines and ending with one."""
    pretty = json.dumps(json.loads(json_text(value)), indent=2, ensure_ascii=False)
    return for_json(pretty) + "\n"


def _plain(value: Any) -> Any:
    if isinstance(value, msgspec.Raw):
        return json.loads(bytes(value))
    if not isinstance(value, msgspec.Struct):
        return str(value)
    config = value.__struct_config__
    tag = {} if config.tag_field is None else {config.tag_field: config.tag}
    fields = (
        (field.encode_name, getattr(value, field.name)) for field in msgspec.structs.fields(value)
    )
    return tag | {name: field for name, field in fields if field is not msgspec.UNSET}


def as_json(value: Any) -> msgspec.Raw:
    """``value`` as the body of an :class:`OcppMessage`."""
    try:
        return msgspec.Raw(msgspec.json.encode(value))
    except (UnicodeEncodeError, TypeError, ValueError, OverflowError):
        return msgspec.Raw(json_text(value))


NULL = as_json(None)
"""Body of a message without a payload."""

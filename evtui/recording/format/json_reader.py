"""JSON of a line or a cell, read into a type."""

from __future__ import annotations

import json
from typing import Any

import msgspec

__all__ = ["JsonReader"]


class JsonReader:
    """Decodes texts of one type, those too that only the standard library reads.

    Peers send lone surrogates, which JSON may escape but UTF-8 cannot say.  What cannot be read is
    a ``ValueError``.
    """

    def __init__(self, kind: Any) -> None:
        self._kind = kind
        self._decoder: msgspec.json.Decoder[Any] = msgspec.json.Decoder(kind)

    def __call__(self, text: bytes | str) -> Any:
        try:
            return self._decoder.decode(text)
        except msgspec.ValidationError:
            raise
        except (msgspec.DecodeError, UnicodeError):
            try:
                return msgspec.convert(json.loads(text), self._kind)
            except RecursionError as error:
                raise ValueError("nested too deeply") from error
        except RecursionError as error:
            raise ValueError("nested too deeply") from error

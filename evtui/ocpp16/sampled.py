"""The number in a SampledValue of a peer (OCPP 1.6 section 7.43).  Pure."""

from __future__ import annotations

import re
from math import isfinite
from typing import Any

__all__ = ["number_in"]

_DECIMAL = re.compile(r"\s*[+-]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]{1,4})?\s*", re.ASCII)


def number_in(sample: Any) -> float | None:
    """What a SampledValue says, in its unit; None where that is no decimal number.

    To a schema any string is a value, and Python reads ``1e999``, ``nan``, ``1_000`` and digits
    of any script as numbers; ``SignedData`` is hexadecimal, whatever it looks like.

    Args:
        sample: any JSON; messages are published before they are held against their schema.
    """
    if not isinstance(sample, dict) or sample.get("format") == "SignedData":
        return None
    text = sample.get("value")
    if not isinstance(text, str) or len(text) > 100 or not _DECIMAL.fullmatch(text):
        return None
    number = float(text)
    return number + 0.0 if isfinite(number) else None  # no -0.0

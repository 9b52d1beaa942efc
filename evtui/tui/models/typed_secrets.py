"""Secrets in a text of JSON that is edited: shown as ``***``, and there all the same."""

from __future__ import annotations

import json
from typing import Any

from evtui.recording.write import Redactor

__all__ = ["Secrets"]


class Secrets:
    """Keeps what a text of JSON hides, and puts it back where the stars still stand."""

    def __init__(self) -> None:
        self._whole: Any = None
        self._shown: Any = None

    def hide(self, text: str) -> str:
        """``text`` as it may be shown; as it is where it holds no secret or is no JSON."""
        whole = _decoded(text)
        try:
            shown = Redactor().value(whole)
        except RecursionError:
            return text
        if shown == whole:
            return text
        self._whole, self._shown = whole, shown
        return json.dumps(shown, indent=2, ensure_ascii=False)

    def restore(self, text: str) -> str:
        """What ``text`` means: with each secret in the place where it is still shown as hidden."""
        value = _decoded(text)
        whole = _restored(value, self._shown, self._whole)
        return text if whole == value else json.dumps(whole, indent=2, ensure_ascii=False)


def _decoded(text: str) -> Any:
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return None


def _restored(value: Any, shown: Any, whole: Any) -> Any:
    if isinstance(value, dict) and isinstance(shown, dict):
        return {
            name: _restored(each, shown[name], whole[name]) if name in shown else each
            for name, each in value.items()
        }
    if isinstance(value, list) and isinstance(shown, list):
        rest = value[len(shown) :]
        return [_restored(*each) for each in zip(value, shown, whole, strict=False)] + rest
    return whole if type(value) is type(shown) and value == shown else value

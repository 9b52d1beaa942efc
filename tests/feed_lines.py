"""Lines of a feed (``--events``) without the first one, which says what they conform to."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

__all__ = ["feed_lines"]


def feed_lines(feed: Path | str) -> list[dict[str, Any]]:
    """What a feed's file, or a text of one, says; the last line may be torn."""
    text = feed.read_bytes().decode() if isinstance(feed, Path) else feed
    first, *lines = text.split("\n")[:-1]
    assert json.loads(first) == {"event": "Feed", "schema": "evtui.events/1"}
    return [json.loads(line) for line in lines]

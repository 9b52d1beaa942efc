"""What the pieces that tell a status use of the outbox."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Protocol

__all__ = ["StatusMessages"]


class StatusMessages(Protocol):
    """Queues a call behind what the charge point has to say already."""

    def post(
        self,
        action: str,
        payload: dict[str, Any],
        *,
        done: Callable[[dict[str, Any] | None], None] | None = None,
        triggered: bool = False,
    ) -> bool: ...

"""The central system's operations in the command palette."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

from textual.command import DiscoveryHit, Hit, Hits, Provider

from evtui.ocpp16.forms import OPERATIONS

__all__ = ["OperationCommands"]


class OperationCommands(Provider):
    """``Send Reset…`` and the others; each opens its form."""

    async def discover(self) -> Hits:
        """All of them, before anything is typed."""
        for action, told in OPERATIONS.items():
            yield DiscoveryHit(f"Send {action}…", self._open(action), help=told)

    async def search(self, query: str) -> Hits:
        """Those whose title or help matches."""
        matcher = self.matcher(query)
        for action, told in OPERATIONS.items():
            title = f"Send {action}…"
            score = max(matcher.match(title), matcher.match(told) * 0.8)
            if score > 0:
                yield Hit(score, matcher.highlight(title), self._open(action), help=told)

    def _open(self, action: str) -> Callable[[], Any]:
        return partial(self.app.run_action, f"send_operation({action!r})", self.screen)

"""What the lab answers, brought from its thread to a screen."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import CancelledError, Future
from typing import Any

from evtui.commands import Outcome
from evtui.tui.models.notices import NoticeLevel

__all__ = ["when_answered"]


def when_answered(
    answer: Future[Outcome[Any]], tell: Callable[[Outcome[Any], NoticeLevel], object]
) -> None:
    """Call ``tell`` with what came of an order, on whatever thread the answer comes.

    What could not be done has its reason as text, and no data.

    An answer that was cancelled, since the lab has gone, is not told.
    """

    def done(future: Future[Outcome[Any]]) -> None:
        try:
            outcome, level = _told(future)
        except CancelledError:
            return
        tell(outcome, level)

    answer.add_done_callback(done)


def _told(future: Future[Outcome[Any]]) -> tuple[Outcome[Any], NoticeLevel]:
    try:
        return future.result(), "info"
    except CancelledError:
        raise
    except Exception as error:
        return Outcome(str(error) or type(error).__name__, None), "error"

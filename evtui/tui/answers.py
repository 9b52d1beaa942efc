"""What the lab answers, brought from its thread to a screen."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import CancelledError, Future

from evtui.tui.models.notices import Level

__all__ = ["when_answered"]


def when_answered(answer: Future[str], tell: Callable[[str, Level], object]) -> None:
    """Call ``tell`` with one line for people, on whatever thread the answer comes.

    An answer that was cancelled, since the lab has gone, is not told.
    """

    def done(future: Future[str]) -> None:
        try:
            text, level = _told(future)
        except CancelledError:
            return
        tell(text, level)

    answer.add_done_callback(done)


def _told(future: Future[str]) -> tuple[str, Level]:
    try:
        return future.result(), "info"
    except CancelledError:
        raise
    except Exception as error:
        return str(error) or type(error).__name__, "error"

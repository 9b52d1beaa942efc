"""What a charge point tells of a job in the background: firmware and diagnostics.

FirmwareStatusNotification and DiagnosticsStatusNotification have one field, ``status``, and
the same rules (OCPP 1.6 sections 4.4, 4.5, 5.9 and 5.19).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import msgspec

from evtui.station.messages import StatusMessages

__all__ = ["IDLE", "Progress"]

IDLE = "Idle"
"""Sent only in answer to a TriggerMessage (sections 4.4 and 4.5)."""


class Progress:
    """The status of one job, told when it changes.

    A status that the central system did not acknowledge, because the station was offline or
    rebooting, is told when the station is accepted again: only the newest one, since these
    messages report a state and keep no history.  A job that the end of the process cuts off
    has failed, and that is told by the next one.

    Args:
        action: ``FirmwareStatusNotification`` or ``DiagnosticsStatusNotification``.
        cut_off: by each status of a running job, what a job that is cut off in it has come to;
            any other status ends a job, and from then on the station is idle.
        outbox: where the messages go.
        changed: called after what :meth:`export` gives may have changed.
    """

    def __init__(
        self,
        action: str,
        cut_off: Mapping[str, str],
        outbox: StatusMessages,
        changed: Callable[[], None] = lambda: None,
    ) -> None:
        self._action = action
        self._cut_off = cut_off
        self._outbox = outbox
        self._changed = changed
        self._newest = IDLE
        self._unheard = False
        self._when_accepted: str | None = None

    @property
    def status(self) -> str:
        """What a TriggerMessage gets: the status of the running job, or Idle."""
        return self._newest if self._newest in self._cut_off else IDLE

    def tell(self, status: str) -> None:
        """The job has reached ``status``."""
        self._newest = status
        self._unheard = True
        self._when_accepted = None
        self._changed()
        self._send(status)

    def tell_when_accepted(self, status: str) -> None:
        """The job will have reached ``status`` when the station is accepted next."""
        self._when_accepted = status
        self._changed()

    def abandon(self) -> None:
        """Another job takes its place, whose statuses follow: nothing is told of this one."""
        self._newest = IDLE
        self._unheard = False
        self._when_accepted = None
        self._changed()

    def notify(self, *, triggered: bool) -> None:
        """Tell the central system where the job is.

        Args:
            triggered: asked for by a TriggerMessage (section 5.17); otherwise the station was
                accepted, and only what was not heard before is told.
        """
        if triggered:
            self._send(self.status, triggered=True)
        elif self._when_accepted is not None:
            self.tell(self._when_accepted)
        elif self._unheard:
            self._send(self._newest)

    def export(self) -> str | None:
        """What would still have to be told if the process ended now; None for nothing."""
        if self._when_accepted is not None:
            return self._when_accepted
        if self._newest in self._cut_off:
            return self._cut_off[self._newest]
        return self._newest if self._unheard else None

    def restore(self, exported: object) -> None:
        """Tell what :meth:`export` gave once the station is accepted.

        Raises:
            ValueError: it is not of that form.
        """
        self._when_accepted = msgspec.convert(exported, str | None)

    def _send(self, status: str, *, triggered: bool = False) -> None:
        def heard(answer: dict[str, Any] | None) -> None:
            if answer is not None and status == self._newest:
                self._unheard = False
                self._changed()

        self._outbox.post(self._action, {"status": status}, done=heard, triggered=triggered)

"""Diagnostics files: made, uploaded, reported (OCPP 1.6 sections 4.4, 5.9, 6.17 and 6.25)."""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

from evtui.redaction import hide
from evtui.runtime import LoopClock
from evtui.station.files.journal import Journal, JournalLine
from evtui.station.files.progress import Progress
from evtui.station.files.requests import Retries, file_url, moment
from evtui.station.files.transfers import FileTransfers, TransferFailed
from evtui.station.identity import Nameplate
from evtui.station.listeners import Listeners
from evtui.station.messages import StatusMessages
from evtui.station.publisher import Publisher

__all__ = ["Diagnostics"]

LONGEST_NAME = 255
"""Characters of fileName, a CiString255 (section 6.26)."""


class Diagnostics:
    """Answers GetDiagnostics and uploads the file.

    The file is plain JSON lines: the first one says whose it is, how much it holds and how
    many older lines were lost; each other one has ``time``, ``kind`` and ``text``.  There are
    no id tags of transactions and no credentials of URLs in it.

    One upload at a time: a further GetDiagnostics takes the place of the one before, whose end
    could not be told from its own, since the notifications carry no number.

    Args:
        nameplate: what the file says of the charge point.
        journal: remembers what happened to the station, from now on.

    Attributes:
        changed: told after what :meth:`export` gives may have changed.
    """

    def __init__(
        self,
        nameplate: Nameplate,
        publisher: Publisher,
        clock: LoopClock,
        outbox: StatusMessages,
        transfers: FileTransfers,
        journal: Journal,
    ) -> None:
        self.changed: Listeners[[]] = Listeners()
        self._nameplate = nameplate
        self._publisher = publisher
        self._clock = clock
        self._transfers = transfers
        self._journal = journal
        self._kept = journal.of(publisher.name)
        self._task: asyncio.Task[None] | None = None
        self._progress = Progress(
            "DiagnosticsStatusNotification",
            {"Uploading": "UploadFailed"},
            outbox,
            self.changed,
        )

    @property
    def status(self) -> str:
        """``Uploading`` or ``Idle`` (section 7.24)."""
        return self._progress.status

    def request(self, payload: Mapping[str, Any]) -> dict[str, Any]:
        """Begin to upload what GetDiagnostics.req asks for.

        Args:
            payload: GetDiagnostics.req, valid, as it came over the wire.

        Returns:
            GetDiagnostics.conf: the name of the file, or nothing when there are no lines
            between startTime and stopTime; then an upload that runs goes on.

        Raises:
            Refusal: startTime or stopTime is no date and time.
        """
        lines = self._between(moment(payload, "startTime"), moment(payload, "stopTime"))
        if not lines:
            return {}
        name = self._own_name()
        url = file_url(payload["location"], name)
        data = self._file(lines)
        self._cancel()
        self._progress.abandon()
        self._task = asyncio.create_task(
            self._upload(url, data, Retries.of(payload)),
            name=f"{self._publisher.name} diagnostics",
        )
        return {"fileName": _name_in(url) or name}

    def notify(self, *, triggered: bool) -> None:
        """Tell the central system the status.

        Args:
            triggered: for a TriggerMessage; False after the station was accepted, when only
                what the central system has not heard yet is told.
        """
        self._progress.notify(triggered=triggered)

    def export(self) -> str | None:
        """The end of an upload that the central system has yet to be told, None without one."""
        return self._progress.export()

    def restore(self, exported: object) -> None:
        """Take over what :meth:`export` gave.

        Raises:
            ValueError: it is not of that form.
        """
        self._progress.restore(exported)

    def close(self) -> None:
        """Upload nothing more and remember nothing more."""
        self._cancel()
        self._journal.forget(self._publisher.name)

    def _cancel(self) -> None:
        if self._task is not None:
            self._task.cancel()

    def _between(self, start: float | None, stop: float | None) -> list[JournalLine]:
        unix = self._clock.unix
        return [
            line
            for line in self._kept.lines
            if (start is None or unix(line.t) >= start) and (stop is None or unix(line.t) <= stop)
        ]

    def _own_name(self) -> str:
        identity = re.sub(r"[^A-Za-z0-9._-]", "_", self._publisher.name)
        return f"{identity}-{self._clock.utc():%Y%m%dT%H%M%SZ}.jsonl"

    def _file(self, lines: list[JournalLine]) -> bytes:
        identity, iso = self._nameplate.identity, self._clock.iso
        head = {
            "station": identity.name,
            "vendor": identity.vendor,
            "model": identity.model,
            "firmware": identity.firmware,
            "made": iso(),
            "lines": len(lines),
            "lost": self._kept.pushed_out,
        }
        rows = ({"time": iso(line.t), "kind": line.kind, "text": hide(line.text)} for line in lines)
        return "".join(json.dumps(row) + "\n" for row in (head, *rows)).encode()

    async def _upload(self, url: str, data: bytes, retries: Retries) -> None:
        note = self._publisher.note
        self._progress.tell("Uploading")
        try:
            await retries.run(
                lambda: self._transfers.upload(url, data),
                lambda text: note(f"diagnostics: {text}", "warning"),
            )
        except TransferFailed as error:
            note(f"diagnostics not uploaded: {error}", "warning")
            self._progress.tell("UploadFailed")
        else:
            note(f"diagnostics uploaded to {hide(url)}, {len(data)} bytes")
            self._progress.tell("Uploaded")


def _name_in(url: str) -> str:
    try:
        return urlsplit(url).path.rpartition("/")[2][:LONGEST_NAME]
    except ValueError:
        return ""

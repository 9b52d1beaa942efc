"""Firmware updates: fetched, installed, reported (OCPP 1.6 sections 4.5, 5.19, 6.19, 6.55)."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Callable, Mapping
from contextlib import suppress
from typing import Any

import msgspec

from evtui.ocppj import Refusal
from evtui.redaction import hide
from evtui.runtime import LoopClock
from evtui.station.files.progress import Progress
from evtui.station.files.requests import Retries, moment
from evtui.station.files.transfers import FileTransfers, TransferFailed
from evtui.station.listeners import Listeners
from evtui.station.messages import StatusMessages
from evtui.station.publisher import Publisher

__all__ = ["FirmwareManagement", "firmware_version"]

LARGEST_IMAGE = 16 << 20
"""Bytes."""

INSTALLATION = 5.0
"""s that an installation takes."""

RESOLUTION = 0.001
"""s before a moment at which it counts as come: Unix time in a float is coarser than a loop's."""

LOOK_EVERY = 1.0
"""s between two looks whether charging has ended."""

_FIRST_LINE = re.compile(rb"evtui-firmware ([!-~](?:[ -~]{0,48}[!-~])?)\r?(?:\n|\Z)")


def firmware_version(image: bytes) -> str | None:
    """The version that an image carries, None when it is no image of ours.

    An image begins with the line ``evtui-firmware <version>``; the version is firmwareVersion
    of the next BootNotification, 1 to 50 printable ASCII characters (section 6.3).  What
    follows that line means nothing.

    >>> firmware_version(b"evtui-firmware 2.0\\n...")
    '2.0'
    """
    match = _FIRST_LINE.match(image)
    return match[1].decode() if match else None


class _Update(msgspec.Struct, frozen=True):
    """What UpdateFirmware.req asked for (section 6.55), ``due`` in Unix s."""

    location: str
    due: float
    retries: Retries


class _Kept(msgspec.Struct):
    waiting: _Update | None = None
    end: str | None = None


class FirmwareManagement:
    """Does what UpdateFirmware says.

    After retrieveDate the image is downloaded.  Connectors then become Unavailable: at once
    where nothing runs, the others when their transaction has ended (errata 3.49; section 4.9
    allows the status for a firmware update).  When nothing runs any more the image is
    installed and the station reboots; ``Installed`` is told by the firmware that came up
    (section 5.19 calls that good practice), once it is accepted.

    A further UpdateFirmware takes the place of one that is not being installed yet, as the
    security whitepaper has it for signed updates (AcceptedCanceled).  During an installation
    it is refused with a CALLERROR, since UpdateFirmware.conf has no field to say no with.

    When the process ends, an update that waits for its retrieveDate goes on waiting in the
    next one; any other has failed, and that is told then.

    Args:
        busy: True while a transaction runs.
        installing: told True when connectors shall become Unavailable as soon as nothing runs
            on them, False when they need not be any more.
        reboot: told the new firmware version; ends the connection and boots with it.

    Attributes:
        changed: told after what :meth:`export` gives may have changed.
    """

    def __init__(
        self,
        publisher: Publisher,
        clock: LoopClock,
        outbox: StatusMessages,
        transfers: FileTransfers,
        *,
        busy: Callable[[], bool],
        installing: Callable[[bool], None],
        reboot: Callable[[str], None],
    ) -> None:
        self.changed: Listeners[[]] = Listeners()
        self._publisher = publisher
        self._clock = clock
        self._transfers = transfers
        self._busy = busy
        self._installing = installing
        self._reboot = reboot
        self._task: asyncio.Task[None] | None = None
        self._waiting: _Update | None = None  # until it is due
        self._clock_was_set = asyncio.Event()
        self._progress = Progress(
            "FirmwareStatusNotification",
            {
                "Downloading": "DownloadFailed",
                "Downloaded": "InstallationFailed",
                "Installing": "InstallationFailed",
            },
            outbox,
            self.changed,
        )

    @property
    def status(self) -> str:
        """``Downloading``, ``Downloaded``, ``Installing`` or ``Idle`` (section 7.25).

        An update that waits for its retrieveDate is Idle still.
        """
        return self._progress.status

    def update(self, payload: Mapping[str, Any]) -> None:
        """Begin what UpdateFirmware.req asks for.

        Args:
            payload: UpdateFirmware.req, valid, as it came over the wire.

        Raises:
            Refusal: firmware is being installed, or retrieveDate is no date and time.
        """
        if self.status == "Installing":
            raise Refusal(
                "GenericError", "firmware is being installed; ask again when it is Installed"
            )
        due = moment(payload, "retrieveDate") or 0.0
        self.close()
        self._begin(_Update(payload["location"], due, Retries.of(payload)))
        self._progress.abandon()  # which has the new one kept too

    def notify(self, *, triggered: bool) -> None:
        """Tell the central system the status.

        Args:
            triggered: for a TriggerMessage; False after the station was accepted, when only
                what the central system has not heard yet is told, such as Installed.
        """
        self._progress.notify(triggered=triggered)

    def export(self) -> dict[str, Any] | None:
        """What must not be forgotten: the update that waits, the end that was not heard."""
        kept = _Kept(self._waiting, self._progress.export())
        return None if kept == _Kept() else msgspec.to_builtins(kept)

    def restore(self, exported: object) -> None:
        """Take over what :meth:`export` gave.

        Raises:
            ValueError: it is not of that form; the text names the place.
        """
        kept = msgspec.convert(exported, _Kept)
        if kept.waiting is not None:
            self._begin(kept.waiting)
        self._progress.restore(kept.end)

    def clock_set(self) -> None:
        """UTC jumped: retrieveDate is nearer, or farther."""
        self._clock_was_set.set()

    def close(self) -> None:
        """Give up the update; one that was downloaded is not installed any more."""
        if self._task is not None:
            self._task.cancel()

    def _begin(self, update: _Update) -> None:
        self._waiting = update
        name = f"{self._publisher.name} firmware"
        self._task = asyncio.create_task(self._run(update), name=name)

    async def _run(self, update: _Update) -> None:
        location = update.location
        await self._until(update.due)
        self._waiting = None
        image = await self._download(location, update.retries)
        if image is None:
            return
        version = firmware_version(image)
        if version is None:
            self._publisher.note(
                f"firmware not installed: {hide(location)} does not begin with "
                "'evtui-firmware <version>'",
                "warning",
            )
            self._progress.tell("InstallationFailed")
            return
        self._installing(True)
        try:
            while self._busy():  # noqa: ASYNC110 - what is waited for has no event
                await asyncio.sleep(LOOK_EVERY)
            self._progress.tell("Installing")
            await asyncio.sleep(INSTALLATION)
            self._progress.tell_when_accepted("Installed")
            self._publisher.note(f"firmware {version} installed; rebooting")
            self._reboot(version)
        finally:
            self._installing(False)

    async def _until(self, due: float) -> None:
        """Wait for a moment (Unix s); before a clock that is set it comes sooner or later."""
        while (left := due - self._clock.unix()) > RESOLUTION:
            self._clock_was_set.clear()
            with suppress(TimeoutError):
                async with asyncio.timeout(left):
                    await self._clock_was_set.wait()

    async def _download(self, location: str, retries: Retries) -> bytes | None:
        note = self._publisher.note
        self._progress.tell("Downloading")
        try:
            image = await retries.run(
                lambda: self._transfers.download(location, limit_bytes=LARGEST_IMAGE),
                lambda text: note(f"firmware: {text}", "warning"),
            )
        except TransferFailed as error:
            note(f"firmware not downloaded: {error}", "warning")
            self._progress.tell("DownloadFailed")
            return None
        note(f"firmware downloaded from {hide(location)}, {len(image)} bytes")
        self._progress.tell("Downloaded")
        return image

"""Reading a run folder, also a damaged one and one that is still being written."""

from typing import TYPE_CHECKING

from evtui.lazy import lazy_names

if TYPE_CHECKING:
    from evtui.recording.read.candump import (
        FD_LENGTHS,
    )
    from evtui.recording.read.parsing import (
        event,
        message_row,
    )
    from evtui.recording.read.reader import (
        FolderError,
        MomentKind,
        RunFolder,
    )
    from evtui.recording.read.states import (
        follow,
    )
    from evtui.recording.read.timefile import (
        LONGEST_LINE,
    )

__all__ = [
    "FD_LENGTHS",
    "LONGEST_LINE",
    "FolderError",
    "MomentKind",
    "RunFolder",
    "event",
    "follow",
    "message_row",
]

__getattr__ = lazy_names(
    __name__,
    {
        "evtui.recording.read.candump": "FD_LENGTHS",
        "evtui.recording.read.parsing": "event message_row",
        "evtui.recording.read.reader": "FolderError MomentKind RunFolder",
        "evtui.recording.read.states": "follow",
        "evtui.recording.read.timefile": "LONGEST_LINE",
    },
)

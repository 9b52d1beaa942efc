"""Writing a run folder while the lab runs."""

from typing import TYPE_CHECKING

from evtui.lazy import lazy_names

if TYPE_CHECKING:
    from evtui.recording.write.allowance import (
        RecordingAllowance,
    )
    from evtui.recording.write.describing import (
        new_manifest,
    )
    from evtui.recording.write.destination import (
        new_folder,
        prepare_folder,
    )
    from evtui.recording.write.folder import (
        RecordingError,
    )
    from evtui.recording.write.lines import (
        event_line,
    )
    from evtui.recording.write.recorder import (
        Recorder,
    )
    from evtui.recording.write.redaction import (
        HIDDEN,
        ID_TAGS,
        Redactor,
        secret_inputs,
    )

__all__ = [
    "HIDDEN",
    "ID_TAGS",
    "Recorder",
    "RecordingAllowance",
    "RecordingError",
    "Redactor",
    "event_line",
    "new_folder",
    "new_manifest",
    "prepare_folder",
    "secret_inputs",
]

__getattr__ = lazy_names(
    __name__,
    {
        "evtui.recording.write.allowance": "RecordingAllowance",
        "evtui.recording.write.describing": "new_manifest",
        "evtui.recording.write.destination": "new_folder prepare_folder",
        "evtui.recording.write.folder": "RecordingError",
        "evtui.recording.write.lines": "event_line",
        "evtui.recording.write.recorder": "Recorder",
        "evtui.recording.write.redaction": "HIDDEN ID_TAGS Redactor secret_inputs",
    },
)

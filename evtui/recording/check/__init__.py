"""Whether a run folder can be trusted, and repair of what can be repaired."""

from evtui.recording.check.checking import Report, check_folder
from evtui.recording.check.repairing import repair

__all__ = ["Report", "check_folder", "repair"]

"""A run folder's data in the formats of other tools."""

from evtui.export.formats import (
    FORMATS,
    TABLES,
    Exported,
    ExportError,
    Format,
    export,
    exportable,
)
from evtui.export.target import TargetError, new_file

__all__ = [
    "FORMATS",
    "TABLES",
    "ExportError",
    "Exported",
    "Format",
    "TargetError",
    "export",
    "exportable",
    "new_file",
]

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

__all__ = ["FORMATS", "TABLES", "ExportError", "Exported", "Format", "export", "exportable"]

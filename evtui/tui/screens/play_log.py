"""A form for a CAN log that is to be played on the bus."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from evtui.canbus import id_filter
from evtui.commands.can import PlayLog
from evtui.regular import open_regular, reason
from evtui.tui.models.selection import ChosenPlace
from evtui.tui.models.text import clean
from evtui.tui.screens.field_form import Field, FieldForm, FieldValues, check_each

__all__ = ["PlayScreen"]

FIELDS = tuple(Field(each) for each in PlayLog.declared_arguments if each.label)


class PlayScreen(FieldForm):
    """Ends with the arguments of the command that plays it, or None when cancelled.

    Args:
        place: on whose bus, for the title.
        typed: what was typed last, by field; what is typed now is noted there.
    """

    DEFAULT_CSS = """
    PlayScreen {
        & > Vertical { width: 104; }
        .field .unit { text-wrap: nowrap; text-overflow: ellipsis; }
        .field Input { width: 30; }
    }
    """

    def __init__(self, place: ChosenPlace | None, typed: dict[str, str]) -> None:
        where = "" if place is None else f" on the bus of {clean(place.station)}"
        super().__init__(f"Play a CAN log{where}", "play", FIELDS, typed, typed=typed)

    def check(self, texts: Mapping[str, str]) -> FieldValues:
        """Each field, whether the identifiers are some, and whether there is such a file."""
        values, errors = check_each(FIELDS, texts)
        if errors:
            return values, errors
        try:
            id_filter(values["ids"])
        except ValueError as error:
            errors["ids"] = f"ids: {error}"
        try:
            open_regular(Path(values["file"]), follow=True).close()
        except OSError as error:
            errors["file"] = f"file: {reason(error)}"
        return values, errors

"""A form for a raw CAN frame."""

from __future__ import annotations

from collections.abc import Mapping

from textual import on
from textual.widgets import Input

from evtui.canbus import Frame
from evtui.commands.station import RawFrame
from evtui.tui.models.selection import ChosenPlace
from evtui.tui.models.text import clean
from evtui.tui.screens.field_form import Field, FieldForm, FieldValues, check_each

__all__ = ["FrameScreen"]


class _FrameField(Field):
    """One that may hold a whole frame for a moment, as candump writes it."""

    @property
    def letters(self) -> str | None:
        letters = super().letters
        return f"{letters}#?[0-9a-fA-F]*" if self.name == "identifier" else letters


FIELDS = tuple(_FrameField(each) for each in RawFrame.declared_arguments)


class FrameScreen(FieldForm):
    """Ends with the arguments of the command that sends it, or None when cancelled.

    Args:
        place: on whose bus, for the title.
        typed: what was typed last, by field; what is typed now is noted there.
    """

    DEFAULT_CSS = """
    FrameScreen {
        .field { height: auto; }
        .field Input { width: 25; }
    }
    """

    def __init__(self, place: ChosenPlace | None, typed: dict[str, str]) -> None:
        where = "" if place is None else f" on the bus of {clean(place.station)}"
        super().__init__(f"CAN frame{where}", "send", FIELDS, typed, typed=typed)

    @on(Input.Changed, "#identifier")
    def _take_apart(self, changed: Input.Changed) -> None:
        """``300#6400`` is an identifier and its data."""
        identifier, hash_, data = changed.value.partition("#")
        if hash_:
            changed.input.value = identifier
            self.query_one("#data", Input).value = data

    def check(self, texts: Mapping[str, str]) -> FieldValues:
        """Each field, and whether the identifier fits into its bits."""
        values, errors = check_each(FIELDS, texts)
        if not errors:
            try:
                Frame(values["identifier"], bytes.fromhex(values["data"]), values["extended"])
            except ValueError as error:
                errors["identifier"] = f"identifier: {error}; extended true gives it 29"
        return values, errors

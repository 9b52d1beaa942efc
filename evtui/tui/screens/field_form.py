"""A form of one line for each argument: fields, what may stand in them, what is wrong."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Mapping, Sequence
from math import isfinite
from typing import Any, ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, Vertical
from textual.content import Content
from textual.widgets import Button, Input, Label

from evtui.commands import Argument
from evtui.durations import Seconds, read_duration
from evtui.kinds import CanIdentifier, Integer, Number, Switch, Unfit
from evtui.tui.dialog import Dialog
from evtui.tui.entry import Entry
from evtui.tui.models.text import fold

__all__ = ["Field", "FieldForm", "FieldValues", "check_each"]

FieldValues = tuple[dict[str, Any], dict[str, str]]
"""Values of the fields that are right, and what is wrong with the others."""

PROBLEM_LINES = 2

LABEL = 10
"""Cells for what a field is called, or more where one is longer."""


class Field:
    """One argument as a line of the form."""

    def __init__(self, declared: Argument) -> None:
        self.name = declared.name
        self.label = declared.label
        self.kind = declared.kind
        self.default = declared.default
        self.required = declared.required
        self.about = declared.help

    @property
    def told(self) -> str:
        """The range and what it is: ``0.05 to 3600 s, after the low profile``."""
        base = "hexadecimal" if isinstance(self.kind, CanIdentifier) else ""
        return ", ".join(filter(None, (base, self.kind.limits, self.about)))

    @property
    def letters(self) -> str | None:
        """What may be typed, as a regular expression; the kind's own rules are for `read`."""
        if isinstance(self.kind, Seconds):
            return "[0-9.,:a-z]*"
        if isinstance(self.kind, CanIdentifier):
            return "[0-9a-fA-FxX]*"
        if isinstance(self.kind, Integer):
            return "-?[0-9]*"
        return r"-?[0-9.,]*" if isinstance(self.kind, Number) else None

    def text(self, value: object) -> str:
        """A value as it stands in the form."""
        if value is None:
            return ""
        if isinstance(value, bool):
            return "true" if value else "false"
        if isinstance(self.kind, CanIdentifier) and isinstance(value, int):
            return f"{value:X}"  # as everywhere on the screen
        return f"{value:g}" if isinstance(value, float) else str(value)

    def read(self, text: str) -> Any:
        """The value in ``text``; a decimal comma is taken too, and a duration as in ``1m30s``.

        Raises:
            ValueError: it is none; the text names the value and what is expected.
        """
        text = text.strip()
        if not text and self.default is None and not self.required:
            return None
        kind = self.kind
        try:
            if isinstance(kind, Switch):
                return {"true": True, "false": False}[text]
            if isinstance(kind, CanIdentifier):
                return kind.check(int(text, 16))
            if isinstance(kind, Number) and not isinstance(kind, Seconds):
                return kind.check(float(text.replace(",", ".")))
            return kind.check(kind.read(text))
        except (ValueError, KeyError) as error:
            shown = text or "nothing"
            if isinstance(error, Unfit):
                shown = str(error)
            elif isinstance(kind, Seconds) and _is_duration(text):
                raise ValueError(
                    f"{self.label}: {shown} is {read_duration(text):.10g} s, not {kind.limits}"
                ) from None
            raise ValueError(f"{self.label}: {shown} is not {kind.expected}") from None


def _is_duration(text: str) -> bool:
    try:
        return isfinite(read_duration(text))
    except ValueError:
        return False


def check_each(fields: Sequence[Field], texts: Mapping[str, str]) -> FieldValues:
    """Each field by itself."""
    values: dict[str, Any] = {}
    errors: dict[str, str] = {}
    for field in fields:
        try:
            values[field.name] = field.read(texts.get(field.name, ""))
        except ValueError as error:
            errors[field.name] = str(error)
    return values, errors


class FieldForm(Dialog[Mapping[str, Any] | None]):
    """Ends with the values that were typed, or None when cancelled.

    Args:
        title: on the frame.
        verb: what enter does.
        fields: one a line.
        values: to begin with, by name; a default where there is none.
        typed: takes what is typed, by name, so that the next form can begin with it.
    """

    DEFAULT_CSS = """
    FieldForm {
        align: center middle;
        & > Vertical {
            width: 72;
            max-width: 100%;
            height: auto;
            max-height: 100%;
            padding: 0 2;
            border: round $border;
            background: $surface;
            border-title-color: $foreground;
            border-subtitle-color: $text-muted;
        }
        .field { height: 1; }
        .field Label { color: $text-muted; }
        .field .unit { width: 1fr; padding: 0 0 0 2; }
        .field Input { width: 14; }
        .field Input.-wrong { color: $text-error; text-style: bold reverse; }
        #problem { width: 100%; height: 2; margin: 1 0 0 0; color: $text-error; }
        #buttons { height: 1; align-horizontal: right; }
        #buttons Button { margin: 0 0 0 2; }
        #buttons Button:disabled { border: none !important; }
    }
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "cancel", "cancel", priority=True),
        Binding("up", "app.focus_previous", "previous", show=False),
        Binding("down", "app.focus_next", "next", show=False),
    ]

    def __init__(
        self,
        title: str,
        verb: str,
        fields: Sequence[Field],
        values: Mapping[str, object],
        *,
        typed: dict[str, str] | None = None,
    ) -> None:
        super().__init__()
        self._title = title
        self._verb = verb
        self._fields = fields
        self._values = dict(values)
        self._typed = {} if typed is None else typed

    @abstractmethod
    def check(self, texts: Mapping[str, str]) -> FieldValues:
        """Read what stands in the fields, by their names."""

    def compose(self) -> ComposeResult:
        """A line for each parameter, the problem if there is one, and the buttons."""
        form, wide = Vertical(), max(LABEL, *(len(field.label) + 1 for field in self._fields))
        form.border_title = Content(self._title)
        form.border_subtitle = f"enter {self._verb}   esc cancel"
        with form:
            for field in self._fields:
                with Horizontal(classes="field"):
                    label = Label(field.label)
                    label.styles.width = wide
                    yield label
                    yield Entry(
                        field.text(self._values.get(field.name, field.default)),
                        id=field.name,
                        compact=True,
                        restrict=field.letters,
                    )
                    yield Label(field.told, classes="unit")
            yield Label("", id="problem", markup=False)
            with Horizontal(id="buttons"):
                yield Button(self._verb.capitalize(), id="save", variant="primary", compact=True)
                yield Button("Cancel", id="cancel", compact=True)

    @on(Input.Changed)
    def _note(self, changed: Input.Changed) -> None:
        self._typed[changed.input.id or ""] = changed.value
        self._show_problems()

    def _show_problems(self) -> None:
        _, errors = self._read()
        for field in self._fields:
            self.query_one(f"#{field.name}", Input).set_class(field.name in errors, "-wrong")
        focused = self.focused.id if self.focused is not None else None
        first = errors.get(focused or "") or next(iter(errors.values()), "")
        line = self.query_one("#problem", Label)
        line.update(fold(first, line.size.width, PROBLEM_LINES))
        self.query_one("#save", Button).disabled = bool(errors)

    @on(Entry.Shortened)
    def _say(self, left_out: Entry.Shortened) -> None:
        self.query_one("#problem", Label).update(left_out.told)

    @on(Input.Submitted)
    @on(Button.Pressed, "#save")
    def _save(self) -> None:
        values, errors = self._read()
        if errors:
            self._show_problems()
            self.query_one(f"#{next(iter(errors))}", Input).focus()
        else:
            self.dismiss(values)

    @on(Button.Pressed, "#cancel")
    def action_cancel(self) -> None:
        """Close the form and change nothing."""
        self.dismiss(None)

    def _read(self) -> FieldValues:
        return self.check(
            {field.name: self.query_one(f"#{field.name}", Input).value for field in self._fields}
        )

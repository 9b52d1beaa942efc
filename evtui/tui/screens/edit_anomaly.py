"""A form for every parameter of the anomaly."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from math import isfinite
from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, Vertical
from textual.content import Content
from textual.widgets import Button, Input, Label

from evtui.commands import Argument, arguments_of
from evtui.commands.anomaly import Fluctuation
from evtui.config import limits
from evtui.durations import EXPECTED, read_duration
from evtui.kinds import Integer, Number
from evtui.tui.dialog import Dialog
from evtui.tui.entry import Entry
from evtui.tui.models.selection import ChosenPlace
from evtui.tui.models.text import clean, fold

__all__ = ["FIELDS", "AnomalyField", "EditAnomaly", "check"]


PROBLEM_LINES = 2


@dataclass(frozen=True, slots=True)
class AnomalyField:
    """One parameter: its name in the command, for people, its unit, its range, what it is."""

    name: str
    label: str
    unit: str
    lowest: float
    highest: float
    whole: bool = False
    about: str = ""

    @property
    def range(self) -> str:
        """``0 to 500 A``."""
        return f"{self.lowest:g} to {self.highest:.10g} {self.unit}".rstrip()

    @property
    def told(self) -> str:
        """The range and what it is: ``0.05 to 3600 s, after the low profile``."""
        return f"{self.range}, {self.about}" if self.about else self.range

    @property
    def letters(self) -> str:
        """What may be typed, as a regular expression; the numbers' own rules are for `read`."""
        if self.is_duration:
            return "[0-9.,:a-z]*"
        return "[0-9]*" if self.whole else "[0-9.,]*"

    @property
    def is_duration(self) -> bool:
        """True for one that may be typed with a unit of time."""
        return self.unit == "s"

    def read(self, text: str) -> float:
        """The number in ``text``; a decimal comma is taken too, and a duration as in ``1m30s``.

        Raises:
            ValueError: not a number, not whole where it must be, or out of range; the text
                names the value and the range.
        """
        kind = "a whole number" if self.whole else "a number"
        kind = f"{EXPECTED}," if self.is_duration else kind
        try:
            value = read_duration(text) if self.is_duration else float(text.replace(",", "."))
        except ValueError:
            value = float("nan")
        if not self.lowest <= value <= self.highest or (self.whole and value != int(value)):
            shown = text.strip() or "nothing"
            if self.is_duration and isfinite(value):
                raise ValueError(f"{self.label}: {shown} is {value:.10g} s, not {self.range}")
            raise ValueError(f"{self.label}: {shown} is not {kind} from {self.range}")
        return int(value) if self.whole else value


def _field(argument: Argument) -> AnomalyField:
    kind = argument.kind
    assert isinstance(kind, Number | Integer)
    return AnomalyField(
        argument.name,
        argument.label,
        kind.unit,
        kind.low,
        kind.high,
        whole=isinstance(kind, Integer),
        about=argument.help,
    )


FIELDS = tuple(_field(each) for each in arguments_of(Fluctuation) if each.label)
"""What ``anomaly.set`` takes but the variant, in the order of the form."""

HIGHEST_A = limits("high_a")[1]


def check(texts: Mapping[str, str]) -> tuple[dict[str, float], dict[str, str]]:
    """Numbers of the fields that are right, and what is wrong with the others."""
    values: dict[str, float] = {}
    errors: dict[str, str] = {}
    for field in FIELDS:
        try:
            values[field.name] = field.read(texts.get(field.name, ""))
        except ValueError as error:
            errors[field.name] = str(error)
    low, high = values.get("low_a"), values.get("high_a")
    if low is not None and high is not None and high < low:
        errors["high_a"] = (
            f"high: {high:g} A is below low, {low:g} A; it takes {low:g} to {HIGHEST_A:g} A"
        )
    return values, errors


class EditAnomaly(Dialog[Mapping[str, float] | None]):
    """Edit the parameters; ends with those that were typed, or None when cancelled.

    A change takes effect at the anomaly's next step.

    Args:
        place: whose anomaly it is, for the title.
        parameters: values to begin with, as ``AnomalyState.parameters`` has them.
    """

    DEFAULT_CSS = """
    EditAnomaly {
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
        .field Label { width: 10; color: $text-muted; }
        .field .unit { width: 1fr; padding: 0 0 0 2; }
        .field Input { width: 14; }
        .field Input.-wrong { color: $text-error; text-style: bold reverse; }
        #problem { height: 2; margin: 1 0 0 0; color: $text-error; }
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

    def __init__(self, place: ChosenPlace | None, parameters: Mapping[str, float]) -> None:
        super().__init__()
        self._place = place
        self._parameters = dict(parameters)

    def compose(self) -> ComposeResult:
        """A line for each parameter, the problem if there is one, and the buttons."""
        form = Vertical()
        where = "" if self._place is None else f" at {clean(str(self._place))}"
        form.border_title = Content(f"Edit the anomaly{where}")
        form.border_subtitle = "enter save   esc cancel"
        with form:
            for field in FIELDS:
                with Horizontal(classes="field"):
                    yield Label(field.label)
                    yield Entry(
                        f"{self._parameters.get(field.name, field.lowest):g}",
                        id=field.name,
                        compact=True,
                        restrict=field.letters,
                    )
                    yield Label(field.told, classes="unit")
            yield Label("", id="problem", markup=False)
            with Horizontal(id="buttons"):
                yield Button("Save", id="save", variant="primary", compact=True)
                yield Button("Cancel", id="cancel", compact=True)

    @on(Input.Changed)
    def _show_problems(self) -> None:
        _, errors = self._read()
        for field in FIELDS:
            self.query_one(f"#{field.name}", Input).set_class(field.name in errors, "-wrong")
        focused = self.focused.id if self.focused is not None else None
        first = errors.get(focused or "") or next(iter(errors.values()), "")
        line = self.query_one("#problem", Label)
        line.update(fold(first, line.size.width, PROBLEM_LINES))
        self.query_one("#save", Button).disabled = bool(errors)

    @on(Entry.LeftOut)
    def _say(self, left_out: Entry.LeftOut) -> None:
        self.query_one("#problem", Label).update(left_out.told)

    @on(Input.Submitted)
    @on(Button.Pressed, "#save")
    def _save(self) -> None:
        values, errors = self._read()
        if errors:
            self.query_one(f"#{next(iter(errors))}", Input).focus()
        else:
            self.dismiss(values)

    @on(Button.Pressed, "#cancel")
    def action_cancel(self) -> None:
        """Close the form and change nothing."""
        self.dismiss(None)

    def _read(self) -> tuple[dict[str, float], dict[str, str]]:
        return check(
            {field.name: self.query_one(f"#{field.name}", Input).value for field in FIELDS}
        )

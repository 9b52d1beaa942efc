"""A form that sends one operation of the central system to a charge point."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import CancelledError, Future
from typing import Any, ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, Vertical
from textual.content import Content
from textual.events import DescendantFocus, Resize
from textual.message import Message
from textual.widgets import Button, Input, Label, TextArea

from evtui.commands import Outcome
from evtui.ocpp16.forms import (
    FormError,
    FormReading,
    Path,
    decode,
    defaults,
    fields,
    parse,
    parse_json,
    texts_of,
)
from evtui.redaction import hide, is_secret_name
from evtui.tui.dialog import Dialog
from evtui.tui.entry import Entry
from evtui.tui.handle import LabHandle
from evtui.tui.models.operations import Draft, OperationList
from evtui.tui.models.text import clean, fold
from evtui.tui.models.typed_secrets import Secrets
from evtui.tui.screens.operation_row import ChoiceRow, FieldRow
from evtui.tui.screens.question import Question

__all__ = ["OperationScreen"]

OTHER_LINES = 8
"""Of the dialog, beside the fields: edges, station, what is wrong, the answer, buttons."""

JSON_LINES = 16

LINES = 2
"""For what is wrong, and for the answer."""

TAIL = 16
"""Characters of a long answer's end that are shown."""

LOOK_SECONDS = 0.25
"""How often it is seen whether the station is there."""


class OperationScreen(Dialog[Future[Outcome[Any]] | None]):
    """Fill in an operation and send it, again and again.

    Ends with the answer that is still to come, or with None when there is none.

    Args:
        handle: the lab that sends it.
        operations: who can be called, and what was typed before.
        action: the operation.
    """

    DEFAULT_CSS = """
    OperationScreen {
        align: center middle;
        & > Vertical {
            width: 100;
            max-width: 100%;
            height: auto;
            max-height: 100%;
            padding: 0 2;
            border: round $border;
            background: $surface;
            border-title-color: $foreground;
            border-subtitle-color: $text-muted;
        }
        #target { height: 1; }
        #target Label { width: 29; }
        /* No VerticalScroll: its keys would scroll where they are to go to the next field. */
        #fields { height: auto; overflow-y: auto; }
        #fields, #json { scrollbar-size-vertical: 1; scrollbar-background: $surface; }
        .group { color: $text-accent; }
        #json { display: none; border: none; padding: 0; }
        &.-json #json { display: block; }
        &.-json #fields { display: none; }
        #problem { height: 2; width: 1fr; color: $text-muted; }
        #problem.-wrong { color: $text-error; }
        #answer { height: 2; width: 1fr; text-style: bold; }
        #answer.-wrong { color: $text-error; }
        #buttons { height: 1; align-horizontal: right; }
        #buttons Button { margin: 0 0 0 2; }
        #buttons Button:disabled { border: none !important; }
    }
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "close", "Close", priority=True),
        Binding("ctrl+s", "send", "Send", priority=True),
        Binding("f2", "turn", "JSON or fields", priority=True),
        Binding("enter", "send", "Send"),
        Binding("up", "app.focus_previous", "previous", show=False),
        Binding("down", "app.focus_next", "next", show=False),
    ]

    class OperationAnswered(Message):
        """The lab has sent it and knows the answer, or could not."""

        def __init__(self, text: str, *, wrong: bool) -> None:
            super().__init__()
            self.text = text
            self.wrong = wrong

    def __init__(self, handle: LabHandle, operations: OperationList, action: str) -> None:
        super().__init__()
        self._handle = handle
        self._operations = operations
        self._action = action
        self._waiting: Future[Outcome[Any]] | None = None
        first = operations.station
        self._station = ChoiceRow(lambda: operations.stations, first, nothing="none", id="station")
        self._begun = defaults(action, operations.known(first))
        draft = operations.drafts.get(action, Draft())
        texts = {**self._begun, **draft.texts}
        self._rows = [
            FieldRow(field, texts.get(field.path, ""), self._known_for(field.name))
            for field in fields(action)
        ]
        self._typed = Secrets()
        """What the JSON editor shows as ``***`` because it was typed elsewhere."""
        shown = "" if draft.json is None else self._typed.hide(draft.json)
        self._editor = TextArea(shown, id="json", compact=True, tab_behavior="focus")
        self._editor.cursor_blink = False
        self._unchanged = ""
        """What the JSON editor began with, made of the fields."""
        self._in_json = draft.json is not None

    def _known_for(self, field: str) -> Callable[[], Sequence[str]] | None:
        """What is offered for a field; nothing for most."""
        if (self._action, field) != ("ChangeConfiguration", "key"):
            return None
        return lambda: self._operations.keys(self._station.value)

    # What is shown

    def compose(self) -> ComposeResult:
        """The station, a line for each field, what is wrong, the answer, and the buttons."""
        form = Vertical()
        form.border_title = self._title
        with form:
            with Horizontal(id="target"):
                yield Label("to charge point")
                yield self._station
            with Vertical(id="fields"):
                around: Path = ()
                for row in self._rows:
                    inside = row.field.path[:-1]
                    if inside and inside != around:
                        around = inside
                        indent = "  " * (len(inside) - 1)
                        optional = ": not sent while all of it is empty"
                        told = optional if row.field.group == inside else ""
                        yield Label(f"{indent}{inside[-1]}{told}", classes="group")
                    yield row
                if not self._rows:
                    yield Label("this operation has no fields", classes="group")
            yield self._editor
            yield Label("", id="problem", markup=False)
            yield Label("", id="answer", markup=False)
            with Horizontal(id="buttons"):
                yield Button("Send", id="send", variant="primary", compact=True)
                yield Button("Close", id="close", compact=True)

    def on_mount(self) -> None:
        """Begin at the first field, or at the station where there is none."""
        self._show_mode()
        self._show_problems()
        self.set_interval(LOOK_SECONDS, self._show_problems)

    @property
    def _title(self) -> Content:
        """What is sent to whom; no markup, since a station may be called anything."""
        to = f" to {clean(self._station.value)}" if self._station.value else ""
        return Content(f"Send {self._action}{to}")

    def _show_mode(self) -> None:
        self.set_class(self._in_json, "-json")
        keys = "ctrl+s send   f2 fields" if self._in_json else "enter send   f2 JSON"
        self.tell_keys(self.query_one(Vertical), f"{keys}   esc close")
        if self._in_json:
            self._editor.focus()
        elif self._rows:
            self._rows[0].go_to()
        else:
            self._station.focus()

    @on(Resize)
    def _fit(self, event: Resize) -> None:
        room = max(3, event.size.height - OTHER_LINES)
        self.query_one("#fields").styles.max_height = room
        self._editor.styles.height = min(room, JSON_LINES)

    @on(Input.Changed)
    @on(ChoiceRow.Changed)
    @on(TextArea.Changed)
    @on(DescendantFocus)
    def _show_problems(self) -> None:
        reading = self._read()
        setting = next((row.text for row in self._rows if row.field.name == "key"), "")
        for row in self._rows:
            row.set_class(row.field.path in reading.problems, "-wrong")
            named = is_secret_name(setting if row.field.name == "value" else row.field.name)
            row.mask(named or hide(row.text) != row.text)
        focused = next((row for row in self._rows if row.has_focus_within), None)
        here = None if focused is None else focused.field
        problems = reading.problems
        problem = problems.get(here.path, "") if here is not None else ""
        problem = problem or next(iter(problems.values()), "")
        problem = problem or self._operations.why_away(self._station.value)
        told = here.meaning if here is not None and not self._in_json else ""
        line = self.query_one("#problem", Label)
        told = f"{here.name}: {told}" if here and told else ""
        offered = [] if focused is None or self._in_json else focused.offered
        shown = f"→ takes the first: {' · '.join(offered)}" if offered else problem or told
        line.set_class(bool(problem) and not offered, "-wrong")
        line.update(fold(clean(shown), line.size.width, LINES))
        self.query_one("#send", Button).disabled = bool(problem)

    @on(Entry.Shortened)
    def _say_left_out(self, left_out: Entry.Shortened) -> None:
        self._say(left_out.told, wrong=True)

    def _say(self, text: str, *, wrong: bool = False) -> None:
        line = self.query_one("#answer", Label)
        line.set_class(wrong, "-wrong")
        # How long it took stands at its end.
        line.update(fold(clean(hide(text)), line.size.width, LINES, tail=TAIL))

    # What is typed

    @property
    def _texts(self) -> Mapping[Path, str]:
        return {row.field.path: row.text for row in self._rows}

    def _read(self) -> FormReading:
        if self._in_json:
            return parse_json(self._action, self._typed.restore(self._editor.text))
        return parse(self._action, self._texts, self._handle.unix())

    def _fill(self, texts: Mapping[Path, str]) -> None:
        for row in self._rows:
            row.text = texts.get(row.field.path, "")

    @on(ChoiceRow.Changed, "#station")
    def _begin_anew(self) -> None:
        """Give the fields that nobody touched what they begin with at this station."""
        self.query_one(Vertical).border_title = self._title
        texts, before = self._texts, self._begun
        self._begun = defaults(self._action, self._operations.known(self._station.value))
        self._fill(
            {
                path: self._begun.get(path, "") if text == before.get(path, "") else text
                for path, text in texts.items()
            }
        )

    def action_turn(self) -> None:
        """To the JSON editor, or back to the fields if they can hold what it says."""
        if not self._in_json:
            whole = json.dumps(self._read().payload, indent=2, ensure_ascii=False)
            self._unchanged = self._editor.text = self._typed.hide(whole)
        elif self._editor.text != self._unchanged:
            try:
                whole = self._typed.restore(self._editor.text)
                self._fill(texts_of(self._action, decode(whole)))
            except FormError as error:
                self._say(f"stays JSON: {error}", wrong=True)
                return
        self._in_json = not self._in_json
        self._show_mode()
        self._show_problems()

    def _keep(self) -> None:
        texts = {
            path: text for path, text in self._texts.items() if text != self._begun.get(path, "")
        }
        self._operations.drafts[self._action] = Draft(
            texts, self._typed.restore(self._editor.text) if self._in_json else None
        )

    # What is done

    @on(Input.Submitted)
    @on(Button.Pressed, "#send")
    def action_send(self) -> None:
        """Send it, unless something is wrong or an answer is still to come."""
        reading = self._read()
        station = self._station.value
        away = self._operations.why_away(station)
        if reading.problems:
            wrong = (row for row in self._rows if row.field.path in reading.problems)
            row = None if self._in_json else next(wrong, None)
            if row is not None:
                row.go_to()
        elif away:
            self._say(f"not sent: {away}", wrong=True)
        elif self._waiting is not None:
            self._say("not sent: the answer before is still to come", wrong=True)
        else:
            self._keep()
            self._ask_and_send(station, reading.payload)

    def _ask_and_send(self, station: str, payload: Mapping[str, Any]) -> None:
        """Send it, once somebody has agreed to what it would interrupt."""

        def answered(agreed: bool | None) -> None:
            if agreed:
                self._send(station, payload)

        ended = self._operations.interrupts(station, self._action, payload)
        if ended:
            asked = f"At {station} it interrupts connector {' and '.join(ended)}."
            self.app.push_screen(
                Question(f"{self._action} to {station}?", asked, "send", "do not"), answered
            )
        else:
            self._send(station, payload)

    def _send(self, station: str, payload: Mapping[str, Any]) -> None:
        self._say(f"waiting for {station} …")
        self._waiting = self._handle.submit(
            "csms.call", station=station, action=self._action, payload=payload
        )
        self._waiting.add_done_callback(self._tell)

    def _tell(self, answer: Future[Outcome[Any]]) -> None:
        """Called on the engine's thread."""
        try:
            self.post_message(self.OperationAnswered(answer.result().text, wrong=False))
        except CancelledError:
            return
        except Exception as error:
            self.post_message(
                self.OperationAnswered(str(error) or type(error).__name__, wrong=True)
            )

    @on(OperationAnswered)
    def _show_answer(self, answer: OperationAnswered) -> None:
        self._waiting = None
        self._say(f"{'✗' if answer.wrong else '·'} {answer.text}", wrong=answer.wrong)

    @on(Button.Pressed, "#close")
    def action_close(self) -> None:
        """Close the form; what was typed is there when it is opened again."""
        self._keep()
        self.dismiss(self._waiting)

"""One line of an operation's form: a name, what is typed or chosen, and what is expected."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import ClassVar

from rich.cells import cell_len
from textual import on
from textual.app import ComposeResult, RenderResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal
from textual.content import Content
from textual.events import Click, Key
from textual.message import Message
from textual.suggester import Suggester
from textual.widget import Widget
from textual.widgets import Input, Label

from evtui.ocpp16.forms import FormField
from evtui.tui.entry import Entry
from evtui.tui.models.text import clean, cut

__all__ = ["ChoiceRow", "FieldRow"]

NOT_SENT = "not sent"

LONG_TEXT = 60
"""Characters from which a field takes the whole line."""

LETTERS = {"whole number": r"-?[0-9]*", "number": r"[-+0-9.,eE]*"}
"""What may be typed into a number's field, as a regular expression."""


class ChoiceRow(Widget, can_focus=True):
    """One of a few texts: arrows go round, a letter goes to the next that begins with it.

    Args:
        choices: asked at each key, so they may change; an empty text means that nothing is sent.
        value: the first one; anything, until another is chosen.
    """

    DEFAULT_CSS = """
    ChoiceRow { width: 1fr; height: 1; }
    ChoiceRow:focus { background: $boost; text-style: bold; }
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("left", "turn(-1)", "previous", show=False),
        Binding("right,space", "turn(1)", "next", show=False),
    ]

    class Changed(Message):
        """Another one was chosen."""

        def __init__(self, choice: ChoiceRow) -> None:
            super().__init__()
            self.choice = choice

        @property
        def control(self) -> ChoiceRow:
            """Where."""
            return self.choice

    def __init__(
        self,
        choices: Callable[[], Sequence[str]],
        value: str,
        *,
        nothing: str = NOT_SENT,
        id: str | None = None,  # noqa: A002
    ) -> None:
        super().__init__(id=id)
        self._choices = choices
        self._value = value
        self._nothing = nothing

    @property
    def value(self) -> str:
        """What is chosen."""
        return self._value

    @value.setter
    def value(self, value: str) -> None:
        if value != self._value:
            self._value = value
            self.refresh()
            self.post_message(self.Changed(self))

    def render(self) -> RenderResult:
        """The one that is chosen, and the others as far as they fit."""
        chosen = f"‹ {cut(clean(self._value) or self._nothing, self.size.width - 4)} ›"
        others = [clean(each) or self._nothing for each in self._choices() if each != self._value]
        room = self.size.width - cell_len(chosen) - 2
        return Content.assemble(chosen, "  ", (cut(" · ".join(others), room), "$text-muted"))

    def action_turn(self, by: int) -> None:
        """Choose the one ``by`` places further."""
        choices = list(self._choices())
        if choices:
            at = choices.index(self._value) + by if self._value in choices else 0
            self.value = choices[at % len(choices)]

    @on(Click)
    def _turn_on(self) -> None:
        self.action_turn(1)

    @on(Key)
    def _find(self, event: Key) -> None:
        letter = event.character
        if letter is None or not letter.isalnum():
            return
        choices = list(self._choices())
        after = choices.index(self._value) + 1 if self._value in choices else 0
        for choice in (*choices[after:], *choices[:after]):
            if choice.casefold().startswith(letter.casefold()):
                self.value = choice
                event.stop()
                return


class _Known(Suggester):
    """Completes what is typed to the first known text that begins so."""

    def __init__(self, known: Callable[[], Sequence[str]]) -> None:
        super().__init__(use_cache=False, case_sensitive=True)
        self._known = known

    async def get_suggestion(self, value: str) -> str | None:
        begun = value.casefold()
        return next((each for each in self._known() if each.casefold().startswith(begun)), None)


class FieldRow(Horizontal):
    """A field of an operation.

    Args:
        text: what it begins with.
        known: texts that are offered for it; asked at each key.
    """

    DEFAULT_CSS = """
    FieldRow {
        height: 1;
        & > .name { width: 29; color: $text-muted; }
        & > .name.-required { color: $foreground; }
        & > Input { width: 22; }
        & > Input.-long { width: 1fr; }
        & > .expected { width: 1fr; height: 1; padding: 0 0 0 2; color: $text-muted; }
        & > .name, & > .expected { text-wrap: nowrap; text-overflow: ellipsis; }
        &.-wrong > .name, &.-wrong > Input, &.-wrong > ChoiceRow { text-style: bold; }
        &.-wrong > * { color: $text-error; }
    }
    """

    def __init__(
        self, field: FormField, text: str, known: Callable[[], Sequence[str]] | None = None
    ) -> None:
        super().__init__()
        self.field = field
        self._known = known
        self._needed = field.required and not field.group
        self._editor: Input | ChoiceRow
        if field.kind == "choice":
            choices = field.choices if self._needed else ("", *field.choices)
            self._editor = ChoiceRow(lambda: choices, text)
        else:
            empty = "needed" if self._needed else NOT_SENT
            if self._long:
                empty += f" – {field.expected}"
            self._editor = Entry(
                text,
                compact=True,
                placeholder=empty,
                restrict=LETTERS.get(field.kind),
                suggester=None if known is None else _Known(known),
            )
            self._editor.set_class(self._long, "-long")

    @property
    def _long(self) -> bool:
        field = self.field
        unbounded = field.kind == "text" and (field.longest is None or field.longest > LONG_TEXT)
        return unbounded or field.kind in ("URL", "words", "rows") or self._known is not None

    @property
    def offered(self) -> list[str]:
        """The known texts with what is typed in them, first those that begin so.

        None where it is one of them.
        """
        known = [] if self._known is None else [*self._known()]
        typed = self.text.casefold()
        found = [] if self.text in known else [each for each in known if typed in each.casefold()]
        return sorted(found, key=lambda each: not each.casefold().startswith(typed))

    def compose(self) -> ComposeResult:
        """Name, editor, and what is expected where there is room for it."""
        indent = "  " * (len(self.field.path) - 1)
        name = Label(f"{indent}{self.field.name}", classes="name", markup=False)
        name.set_class(self._needed, "-required")
        yield name
        yield self._editor
        if not self._long and self.field.kind != "choice":
            yield Label(self.field.expected, classes="expected", markup=False)

    def mask(self, secret: bool) -> None:
        """Show dots for what is typed, as for a password, or the text."""
        if isinstance(self._editor, Input) and self._editor.password != secret:
            self._editor.password = secret

    @property
    def text(self) -> str:
        """What is typed or chosen."""
        return self._editor.value

    @text.setter
    def text(self, text: str) -> None:
        self._editor.value = text

    def go_to(self) -> None:
        """Take the focus."""
        self._editor.focus()

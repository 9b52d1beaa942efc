"""A form for a message of a DBC that is sent again and again."""

from __future__ import annotations

from collections.abc import Mapping

from evtui.canbus import MessageForm, SignalForm, signal_value, value_text
from evtui.commands import Argument
from evtui.commands.can import PeriodicMessage
from evtui.kinds import ValueKind, number
from evtui.tui.models.selection import ChosenPlace
from evtui.tui.models.sending import SentMessage
from evtui.tui.models.text import clean, cut
from evtui.tui.screens.field_form import Field, FieldForm, FieldValues, check_each

__all__ = ["MessageScreen"]

OTHERS = tuple(Field(each) for each in PeriodicMessage.declared_arguments if each.label)
"""What is asked beside the signals: period, times, limits."""

LIMITS = "limits"

TOLD = 30
"""Cells for what a signal is."""


class SignalKind(ValueKind[float]):
    """A value of one signal: a number, or a name that the DBC gives to one.

    Args:
        limits: refuse what is outside of the range that the DBC states.
    """

    def __init__(self, signal: SignalForm, *, limits: bool) -> None:
        self._signal, self._limits = signal, limits
        held = f"{number(signal.least)} to {number(signal.most)} {signal.unit}".rstrip()
        self.limits = signal.stated
        if signal.names:
            self.limits = cut(", ".join(signal.names), TOLD)
        self.expected = signal.stated if limits else held
        if signal.names:
            self.expected += f", or one of {', '.join(signal.names)}"
        if limits and held != signal.stated:
            self.expected += "; limits false takes what the bits hold"

    def read(self, text: str) -> object:
        """A number, else the text, which may be a name."""
        try:
            return float(text.replace(",", "."))
        except ValueError:
            return text

    def check(self, value: object) -> float:
        """See :class:`ValueKind`."""
        return signal_value(self._signal, value, limits=self._limits)


def _field(place: int, signal: SignalForm, *, limits: bool) -> Field:
    """A signal may be called as it likes, so the field goes by its place."""
    about = signal.comment
    if signal.selected_by:
        about = f"with {signal.selected_by} {', '.join(map(str, signal.when))}"
    return Field(
        Argument(
            name=f"signal-{place}",
            kind=SignalKind(signal, limits=limits),
            help=cut(clean(about), TOLD),
            required=False,
            label=clean(signal.name),
        )
    )


class MessageScreen(FieldForm):
    """Ends with the arguments of the command that sends it, or None when cancelled.

    Args:
        form: of the message.
        place: on whose bus, for the title.
        sent: the message as it is sent now; None for one that begins.
    """

    DEFAULT_CSS = """
    MessageScreen {
        & > Vertical { overflow-y: auto; }
    }
    """

    def __init__(
        self, form: MessageForm, place: ChosenPlace | None, sent: SentMessage | None
    ) -> None:
        self._form = form
        where = "" if place is None else f" on the bus of {clean(place.station)}"
        said = {} if sent is None else sent.state.values
        values: dict[str, object] = {LIMITS: True}
        for index, signal in enumerate(form.signals):
            # What another one selects is left to the lab, until somebody says it.
            start = None if signal.selected_by else signal.start
            value = said.get(signal.name, start)
            if value is not None:
                named = value_text(signal, value) in signal.names
                values[f"signal-{index}"] = value_text(signal, value) if named else number(value)
        values["period"] = form.period if sent is None else sent.state.period
        super().__init__(
            f"{clean(form.name)} {form.id_text}{where}",
            "send" if sent is None else "change",
            (*self._signals(limits=True), *OTHERS),
            values,
        )

    def _signals(self, *, limits: bool) -> tuple[Field, ...]:
        return tuple(
            _field(index, signal, limits=limits) for index, signal in enumerate(self._form.signals)
        )

    def check(self, texts: Mapping[str, str]) -> FieldValues:
        """Each field; signals as far as the field ``limits`` says."""
        values, errors = check_each(OTHERS, texts)
        limits = values.get(LIMITS, True)
        said, wrong = check_each(self._signals(limits=limits), texts)
        errors = wrong | errors
        if not errors and values["period"] is None and self._form.period is None:
            errors["period"] = f"period: {self._form.name} has no cycle time in the DBC: give one"
        signals = {
            signal.name: value
            for index, signal in enumerate(self._form.signals)
            if (value := said.get(f"signal-{index}")) is not None
        }
        return {"message": self._form.name, "signals": signals, **values}, errors

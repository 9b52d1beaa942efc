"""A form for every parameter of the anomaly."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from evtui.anomalies import Anomaly
from evtui.attacks import ParameterValue
from evtui.tui.models.selection import ChosenPlace
from evtui.tui.models.text import clean
from evtui.tui.screens.field_form import Field, FieldForm, FieldValues, check_each

__all__ = ["EditAnomaly", "check", "fields_of"]


def fields_of(anomaly: type[Anomaly[Any]]) -> tuple[Field, ...]:
    """Every parameter but the variant, which has a key, in the order of the declaration."""
    return tuple(Field(each) for each in anomaly.declared() if each.name != "variant")


def check(anomaly: type[Anomaly[Any]], texts: Mapping[str, str]) -> FieldValues:
    """Values of the fields that are right, and what is wrong with the others."""
    fields = fields_of(anomaly)
    values, errors = check_each(fields, texts)
    if errors:
        return values, errors
    try:
        anomaly.read(values)
    except ValueError as error:  # two of them do not go together
        text, named = str(error), [each for each in fields if each.name in str(error)]
        for field in named:
            text = text.replace(field.name, field.label)
        errors[(named or fields)[-1].name] = text
    return values, errors


class EditAnomaly(FieldForm):
    """Edit the parameters; ends with those that were typed, or None when cancelled.

    A change takes effect at the anomaly's next step.

    Args:
        anomaly: whose parameters they are.
        place: where, for the title.
        parameters: values to begin with, as ``AnomalyState.parameters`` has them.
    """

    def __init__(
        self,
        anomaly: type[Anomaly[Any]],
        place: ChosenPlace | None,
        parameters: Mapping[str, ParameterValue],
    ) -> None:
        where = "" if place is None else f" at {clean(str(place))}"
        super().__init__(f"Edit {anomaly.name}{where}", "save", fields_of(anomaly), parameters)
        self._anomaly = anomaly

    def check(self, texts: Mapping[str, str]) -> FieldValues:
        """Each parameter, and whether they go together."""
        return check(self._anomaly, texts)

"""The settings in force as a program reads them."""

from __future__ import annotations

from typing import Annotated, Any, Literal

import msgspec
from msgspec import Meta

from evtui.config.settings import SETTINGS
from evtui.config.sources import Effective, in_force
from evtui.redaction import hide

__all__ = ["ConfigReport", "ConfigValue", "report_of"]


class ConfigValue(msgspec.Struct, frozen=True, kw_only=True):
    """One setting."""

    value: Annotated[Any, Meta(description="in force; None where it is not set.")]
    unit: Annotated[str, Meta(description="of the value; empty for none.")]
    origin: Annotated[str, Meta(description="`default`, `file PATH` or `flag --port`.")] = (
        msgspec.field(name="from")
    )


class ConfigReport(msgspec.Struct, frozen=True, kw_only=True):
    """The settings in force."""

    schema: Literal["evtui.config/1"] = "evtui.config/1"
    settings: Annotated[
        dict[str, ConfigValue],
        Meta(description="by name; those of a table with its name in front, `anomaly.high_a`."),
    ]
    file: Annotated[str, Meta(description="the platform's settings file.")]
    found: Annotated[bool, Meta(description="whether that file exists.")]
    password: Annotated[
        str,
        Meta(description="where the password for csms came from, in words; empty without one."),
    ]
    warning: Annotated[
        str, Meta(description="what is not as it should be and can be lived with; may be empty.")
    ]


def report_of(effective: Effective, *, ssh: bool) -> ConfigReport:
    """What ``evtui config --json`` prints; no secret is in it."""
    values = {}
    for setting in SETTINGS:
        value, _ = in_force(effective.settings, setting, ssh=ssh)
        values[setting.key] = ConfigValue(
            value=hide(str(value)) if isinstance(value, str) else value,
            unit=setting.kind.unit,
            origin=effective.origins[setting.name],
        )
    return ConfigReport(
        settings=values,
        file=effective.looked_for,
        found=effective.found,
        password=effective.password,
        warning=effective.warning,
    )

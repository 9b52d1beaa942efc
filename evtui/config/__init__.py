"""Settings: what they are, what they may be, and where each effective value came from.

:class:`Settings` is the only place that knows a setting's name, type, default, limits and
help text.  The command line, the TOML files, ``evtui config``, the help and the checks are all
made from :data:`SETTINGS`, which is read off its fields.
"""

from typing import TYPE_CHECKING

from evtui.config.checking import (
    SettingsError,
    checked,
    shown,
)
from evtui.config.choices import (
    FAVOURITES,
    PRESETS,
    PROTOCOLS,
    VARIANTS,
    VEHICLE_NAMES,
    PresetName,
    ProtocolName,
    RecordTrouble,
    Theme,
    UnknownIdTags,
    Variant,
    VehicleName,
)
from evtui.config.settings import (
    KINDS,
    SETTINGS,
    Setting,
    Settings,
    limits,
)
from evtui.config.sources import (
    Effective,
    from_values,
    in_force,
    load,
    no_colours,
    over_ssh,
    platform_file,
)
from evtui.config.writing import (
    to_toml,
    toml_value,
)
from evtui.lazy import lazy_names

if TYPE_CHECKING:
    from evtui.config.report import (
        ConfigReport,
        report_of,
    )

__all__ = [
    "FAVOURITES",
    "KINDS",
    "PRESETS",
    "PROTOCOLS",
    "SETTINGS",
    "VARIANTS",
    "VEHICLE_NAMES",
    "ConfigReport",
    "Effective",
    "PresetName",
    "ProtocolName",
    "RecordTrouble",
    "Setting",
    "Settings",
    "SettingsError",
    "Theme",
    "UnknownIdTags",
    "Variant",
    "VehicleName",
    "checked",
    "from_values",
    "in_force",
    "limits",
    "load",
    "no_colours",
    "over_ssh",
    "platform_file",
    "report_of",
    "shown",
    "to_toml",
    "toml_value",
]

__getattr__ = lazy_names(
    __name__,
    {
        "evtui.config.report": "ConfigReport report_of",
    },
)

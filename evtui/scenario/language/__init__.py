"""The language of scenarios: from YAML to a checked scenario, with its JSON Schema."""

from typing import TYPE_CHECKING

from evtui.lazy import lazy_names

if TYPE_CHECKING:
    from evtui.scenario.language.loader import (
        Listing,
        Plan,
        ScenarioDescription,
        ScenarioError,
        builtin,
        describe,
        load,
    )
    from evtui.scenario.language.model import Input, LabSpec
    from evtui.scenario.language.quantities import DURATION
    from evtui.scenario.language.quick import quick_scenario
    from evtui.scenario.language.reference import keys_below, rows
    from evtui.scenario.language.schema import json_schema
    from evtui.scenario.language.settings import (
        OF_LAB,
        OF_NO_RUN,
        Base,
        base_of,
    )
    from evtui.scenario.language.sources import (
        builtin_names,
        read_builtin,
    )

__all__ = [
    "DURATION",
    "OF_LAB",
    "OF_NO_RUN",
    "Base",
    "Input",
    "LabSpec",
    "Listing",
    "Plan",
    "ScenarioDescription",
    "ScenarioError",
    "base_of",
    "builtin",
    "builtin_names",
    "describe",
    "json_schema",
    "keys_below",
    "load",
    "quick_scenario",
    "read_builtin",
    "rows",
]

__getattr__ = lazy_names(
    __name__,
    {
        "evtui.scenario.language.loader": "Listing Plan ScenarioDescription ScenarioError builtin "
        "describe load",
        "evtui.scenario.language.model": "Input LabSpec",
        "evtui.scenario.language.quantities": "DURATION",
        "evtui.scenario.language.quick": "quick_scenario",
        "evtui.scenario.language.reference": "keys_below rows",
        "evtui.scenario.language.schema": "json_schema",
        "evtui.scenario.language.settings": "Base OF_LAB OF_NO_RUN base_of",
        "evtui.scenario.language.sources": "builtin_names read_builtin",
    },
)

"""The lab: central system, charge points, buses, modules, injector and detectors, assembled."""

from typing import TYPE_CHECKING

from evtui.lazy import lazy_names

if TYPE_CHECKING:
    from evtui.lab.assembly import (
        Lab,
    )
    from evtui.lab.orders import (
        CommandError,
        Here,
    )
    from evtui.lab.recordings import (
        Recordings,
    )
    from evtui.lab.setup import (
        CanSettingError,
        can_addresses,
        identities,
        initial_parameters,
        twins_in,
    )
    from evtui.lab.stand import (
        FIRST_CONNECTOR,
        Outlet,
        Stand,
    )

__all__ = [
    "FIRST_CONNECTOR",
    "CanSettingError",
    "CommandError",
    "Here",
    "Lab",
    "Outlet",
    "Recordings",
    "Stand",
    "can_addresses",
    "identities",
    "initial_parameters",
    "twins_in",
]

__getattr__ = lazy_names(
    __name__,
    {
        "evtui.lab.assembly": "Lab",
        "evtui.lab.orders": "CommandError Here",
        "evtui.lab.recordings": "Recordings",
        "evtui.lab.setup": "CanSettingError can_addresses identities initial_parameters twins_in",
        "evtui.lab.stand": "FIRST_CONNECTOR Outlet Stand",
    },
)

"""Which anomalies there are: built in, and brought by other packages.

An entry point of the group ``evtui.anomalies`` names a class, under the anomaly's name::

    [project.entry-points."evtui.anomalies"]
    set-point-noise = "my_package.noise:SetPointNoise"

or a package, each module of which holds one anomaly: ``can_flood.py`` that of ``can-flood``.
Names are known without importing any of them.
"""

from __future__ import annotations

import pkgutil
from collections.abc import Iterator, Mapping
from functools import cache
from importlib import import_module
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any, NamedTuple

from evtui.anomalies.api import Anomaly, AnomalyError
from evtui.attacks import LAYERS
from evtui.nearest import did_you_mean

if TYPE_CHECKING:
    from importlib.metadata import EntryPoint

__all__ = ["GROUP", "Listed", "anomaly_named", "is_known", "listed", "names"]

GROUP = "evtui.anomalies"
"""Of entry points."""


class Listed(NamedTuple):
    """An anomaly that is known by name.

    Attributes:
        name: ``can-flood``.
        module: that holds it.
        attribute: its class in there; empty for the only anomaly of the module.
        package: distribution that brings it.
    """

    name: str
    module: str
    attribute: str
    package: str


@cache
def listed() -> Mapping[str, Listed]:
    """All by name: built-in ones first, by layer, then those of other packages.

    A name that two packages bring is the first one's.
    """
    from importlib.metadata import entry_points

    found: dict[str, Listed] = {}
    for point in sorted(entry_points(group=GROUP), key=_built_in_first):
        for each in _of(point):
            found.setdefault(each.name, each)
    return found


def names() -> tuple[str, ...]:
    """Names of all, in the order of :func:`listed`."""
    return tuple(listed())


def is_known(name: str) -> bool:
    """True where there is one of that name."""
    return _own(name) is not None or name in listed()


@cache
def anomaly_named(name: str) -> type[Anomaly[Any]]:
    """The anomaly of a name.

    Raises:
        AnomalyError: there is none, or its package is broken; the text is one line.
    """
    known = _own(name) or listed().get(name)
    if known is None:
        raise AnomalyError(f"no anomaly {name!r}{did_you_mean(name, listed())}")
    try:
        return _load(known)
    except Exception as error:  # of somebody else's module: anything
        text = " ".join(f"{type(error).__name__}: {error}".split())
        raise AnomalyError(f"anomaly {name} of {known.package} is broken: {text}") from None


@cache
def _own(name: str) -> Listed | None:
    """One that comes with evtui.

    Ours come first anyway, and to read what all installed packages declare takes longer than the
    rest of what an anomaly needs to start.
    """
    module = name.replace("-", "_")
    if module.startswith("_") or not module.isidentifier():
        return None
    for layer in LAYERS:
        place = f"{__package__}.{layer}.{module}"
        if find_spec(place) is not None:
            return Listed(name, place, "", "evtui")
    return None


def _load(known: Listed) -> type[Anomaly[Any]]:
    module = import_module(known.module)
    if known.attribute:
        found: type[Anomaly[Any]] = getattr(module, known.attribute)
        if not (isinstance(found, type) and issubclass(found, Anomaly)):
            raise TypeError(f"{known.attribute} is no Anomaly")
    else:
        own = [each for each in vars(module).values() if _is_of(each, known.module)]
        if len(own) != 1:
            raise TypeError(f"{known.module} holds {len(own)} anomalies, not one")
        (found,) = own
    if found.name != known.name:
        raise TypeError(f"it calls itself {found.name}")
    found.check_declaration()
    return found


def _is_of(value: object, module: str) -> bool:
    """True for an anomaly that is made in the module."""
    if not (isinstance(value, type) and issubclass(value, Anomaly)):
        return False
    return value.__module__ == module and not value.__name__.startswith("_")


def _built_in_first(point: EntryPoint) -> tuple[bool, int, str]:
    own = point.module.startswith("evtui.")
    return not own, LAYERS.index(point.name) if point.name in LAYERS else len(LAYERS), point.name


def _of(point: EntryPoint) -> Iterator[Listed]:
    package = point.dist.name if point.dist is not None else point.module.partition(".")[0]
    if point.attr:
        yield Listed(point.name, point.module, point.attr, package)
        return
    try:
        spec = find_spec(point.module)
    except (ImportError, ValueError):
        spec = None
    if spec is None or spec.submodule_search_locations is None:
        yield Listed(point.name, point.module, "", package)
        return
    for module in sorted(pkgutil.iter_modules(spec.submodule_search_locations)):
        if not module.name.startswith("_"):
            name = module.name.replace("_", "-")
            yield Listed(name, f"{point.module}.{module.name}", "", package)

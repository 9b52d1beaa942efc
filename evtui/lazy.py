"""Names of a package that are imported when they are asked for.

The face of a package names what others use.  Where that is much, a program that needs one name
must not pay for the rest: ``evtui --help`` would import a web server.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from importlib import import_module

__all__ = ["lazy_names"]


def lazy_names(package: str, places: Mapping[str, str]) -> Callable[[str], object]:
    """The ``__getattr__`` of a package (PEP 562).

    Args:
        package: its ``__name__``.
        places: names, with blanks between them, by the module that they are imported from.

    Returns:
        A function that gives the value of a name and raises AttributeError for any other name.
    """
    found = {name: module for module, names in places.items() for name in names.split()}

    def value(name: str) -> object:
        if name not in found:
            raise AttributeError(f"module {package!r} has no attribute {name!r}")
        return getattr(import_module(found[name]), name)

    return value

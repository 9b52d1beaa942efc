"""An import contract of this project: what is outside a package imports from its face only."""

from __future__ import annotations

from typing import Any

from grimp import ImportGraph
from importlinter import Contract, ContractCheck, fields, output

__all__ = ["FacesContract"]


class FacesContract(Contract):
    """A package's face is its ``__init__``, that of a package in it likewise.

    A module in the package is imported from outside only where it is one of the ``doors``:
    modules that are read with their name in front, such as ``layout.SIGNALS``.
    """

    type_name = "faces"

    doors = fields.SetField(subfield=fields.StringField())

    def check(self, graph: ImportGraph, verbose: bool) -> ContractCheck:
        """Look at every import from one part of the program into another."""
        del verbose
        doors: set[str] = self.doors  # type: ignore[assignment]
        inner = {
            module
            for module in graph.modules
            if module.count(".") > 1 and not graph.find_children(module) and module not in doors
        }
        wrong = sorted(
            f"{importer} imports {module}"
            for module in inner
            for importer in graph.find_modules_that_directly_import(module)
            if _part(importer) != _part(module)
        )
        unused = sorted(
            f"{door} is a door that nobody outside comes through"
            for door in doors
            if door not in graph.modules
            or all(
                _part(importer) == _part(door)
                for importer in graph.find_modules_that_directly_import(door)
            )
        )
        return ContractCheck(kept=not wrong + unused, metadata={"wrong": wrong + unused})

    def render_broken_contract(self, check: ContractCheck) -> None:
        """Say each import that goes past a face."""
        metadata: dict[str, Any] = check.metadata
        for line in metadata["wrong"]:
            output.print_error(line, bold=False)


def _part(module: str) -> str:
    return ".".join(module.split(".")[:2])

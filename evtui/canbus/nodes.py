"""Names of the nodes that a station of ours has on its bus."""

from __future__ import annotations

__all__ = ["CHARGE_POINT", "is_module", "module_of"]

CHARGE_POINT = "charge-point"
"""The node whose frames can.log calls transmitted; what anybody else sends is received."""


def module_of(connector: int) -> str:
    """The charger module of a connector, from 1."""
    return "module" if connector == 1 else f"module-{connector}"


def is_module(node: str) -> bool:
    """True for the name of a charger module of ours."""
    return node == "module" or node.startswith(("module-", "module/"))

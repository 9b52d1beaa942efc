"""``evtui dbc``: the DBC of a protocol on CAN, for other tools."""

from __future__ import annotations

import click

from evtui.cli.errors import BadInput
from evtui.cli.values import Checked
from evtui.config import PROTOCOLS
from evtui.kinds import Choice, Integer

__all__ = ["command"]


@click.command(
    "dbc",
    short_help="Print the DBC of a protocol on CAN, for other tools.",
    epilog="""\
\b
Examples:
  evtui dbc infy > infy.dbc
  cantools decode infy.dbc < runs/a/can.log
  evtui dbc infy --modules 2 --connectors 3 > station.dbc
""",
)
@click.argument("protocol", metavar="PROTOCOL", type=Checked(Choice(*PROTOCOLS)), default="seed")
@click.option(
    "--connectors",
    metavar="N",
    type=Checked(Integer(1, 8)),
    default=1,
    help="Connectors of the charge point, 1 to 8. [1]",
)
@click.option(
    "--modules",
    metavar="N",
    type=Checked(Integer(1, 8)),
    help="Modules of each, where each has messages of its own, as in infy; 1 to 8. [8]",
)
def command(protocol: str, connectors: int, modules: int | None) -> int:
    """Print the DBC of PROTOCOL: seed, infy or advantics.

    With it cantools, SavvyCAN and others decode the can.log of a recording.
    """
    from evtui.canbus.packs.known import pack_named

    pack = pack_named(protocol)
    if modules is not None and pack.modules_max == 1:
        raise BadInput(f"dbc: {protocol} has one module a connector; leave --modules out")
    try:
        text = pack.dbc_for(connectors, 8 if modules is None else modules)
    except ValueError as error:
        raise BadInput(f"dbc: {error}") from None
    click.echo(text, nl=False)
    return 0

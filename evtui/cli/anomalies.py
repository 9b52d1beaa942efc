"""``evtui anomalies``: which there are, and all about one of them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from evtui.cli.errors import BadInput
from evtui.cli.values import AnomalyName
from evtui.escaping import for_terminal

if TYPE_CHECKING:
    from evtui.anomalies import AnomalyDescription, AnomalyListing

__all__ = ["command"]

_WIDTH = 96

_LAYERS = {
    "ocpp": "messages that a central system or a charge point should not send",
    "link": "somebody on the line between the two",
    "can": "somebody on the bus of a charge point",
    "physical": "something is broken, and shows by its physics",
}


@click.command("anomalies", short_help="List the anomalies, or explain one.")
@click.argument("name", metavar="[NAME]", type=AnomalyName(), required=False)
@click.option("--json", "as_json", is_flag=True, help="Print the same as JSON.")
def command(name: str | None, as_json: bool) -> int:
    """List every anomaly with its severity (1 to 5), or explain NAME.

    \b
    Examples:
      evtui anomalies
      evtui anomalies repeated-current-fluctuation
      evtui run --anomaly repeated-current-fluctuation
    """
    from evtui.anomalies import AnomalyError, AnomalyListing, describe, describe_all
    from evtui.events import pretty_json

    if name is None:
        listing = describe_all()
        click.echo(pretty_json(listing) if as_json else _listed(listing), nl=False)
        return 0
    try:
        one = describe(name)
    except AnomalyError as error:
        raise BadInput(f"{error}; evtui anomalies lists them") from None
    if as_json:
        click.echo(pretty_json(AnomalyListing(anomalies=[one], broken=[])), nl=False)
    else:
        click.echo(
            "".join(f"{for_terminal(line)}\n" for line in _explained(one).splitlines()), nl=False
        )
    return 0


def _listed(listing: AnomalyListing) -> str:
    longest = max((len(each.name) for each in listing.anomalies), default=0)
    lines: list[str] = []
    layer = ""
    for each in listing.anomalies:
        if each.layer != layer:
            layer = each.layer
            lines += [""] * bool(lines) + [f"{layer}: {_LAYERS[layer]}"]
        lines.append(f"  {each.severity}  {each.name:{longest}}  {each.title}")
    if listing.broken:
        lines += ["", "broken"]
        lines += [f"     {broken.reason}" for broken in listing.broken]
    lines += [
        "",
        "The number is the severity, 5 the worst. evtui anomalies NAME explains one, "
        "evtui run --anomaly NAME runs it.",
    ]
    return "".join(f"{for_terminal(line)}\n" for line in lines)


def _explained(one: AnomalyDescription) -> str:
    text = click.HelpFormatter(width=_WIDTH)
    text.write(f"{one.name}: {one.title}\n")
    text.write_paragraph()
    text.indent()
    text.write_text(one.about)
    text.dedent()
    facts = [
        ("layer", one.layer),
        ("severity", f"{one.severity} of 5, at stake: {', '.join(one.stakes)}"),
        ("ATT&CK for ICS", ", ".join(one.techniques) or "none"),
        ("acts through", ", ".join(one.needs)),
        *((("wants for itself", ", ".join(one.claims)),) if one.claims else ()),
        ("its effect ends", one.ends),
        ("undone by", one.undone),
    ]
    signature = (
        ("OCPP", one.signature.ocpp),
        ("CAN", one.signature.can),
        ("current", one.signature.current),
    )
    parameters = [
        (f"{each.name} [{_shown(each.default)}]", f"{each.about}; {each.range}")
        for each in one.parameters
    ]
    sections = (
        ("What one sees", [(name, said or "nothing") for name, said in signature]),
        ("Parameters, with their defaults", parameters),
        ("About it", facts),
    )
    for heading, rows in sections:
        if rows:
            with text.section(heading):
                text.write_dl(rows)
    with text.section("References"):
        for each in one.references:
            text.write_text(each)
    with text.section("As a step of a scenario"):
        if one.lab:
            told = ", ".join(f"{name}: {_shown(value)}" for name, value in one.lab.items())
            text.write(f"  lab: {{{told}}}\n  steps:\n")
        text.write("".join(f"  {line}\n" for line in one.example.splitlines()))
    with text.section("Without a file"):
        text.write(f"  evtui run --anomaly {one.name}{_setting(one)}\n")
    return text.getvalue()


def _setting(one: AnomalyDescription) -> str:
    """What gives the parameter of the example on a command line."""
    shown = (each for each in one.parameters if f"{{{each.name}: " in one.example)
    return "".join(f" --set {each.name}={_shown(each.default)}" for each in shown)


def _shown(value: object) -> str:
    from evtui.anomalies import in_yaml

    return "none" if value is None else in_yaml(value)

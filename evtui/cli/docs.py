"""``evtui docs``: the documentation, where the program is installed."""

from __future__ import annotations

import os
import re
import shutil
import sys

import click

from evtui.chapters import TOPICS, text_of
from evtui.cli.errors import BadInput
from evtui.cli.values import OneOf
from evtui.config import no_colours
from evtui.kinds import quoted
from evtui.nearest import nearest

__all__ = ["command"]

WIDEST = 120
"""Columns; longer lines are hard to read."""


@click.command("docs")
@click.argument("topic", metavar="[TOPIC]", type=OneOf(TOPICS), required=False)
def command(topic: str | None) -> int:
    """Show a chapter of the documentation, or list what there is.

    In a terminal a chapter is laid out and paged; into a file or a pipe goes its Markdown.

    \b
    Examples:
      evtui docs                      what there is
      evtui docs scenarios            read a chapter
      evtui docs run-folder | grep soc_pct
    """
    if topic is None:
        formatter = click.HelpFormatter()
        formatter.write_dl([*TOPICS.items()])
        click.echo(formatter.getvalue(), nl=False)
    elif topic not in TOPICS:
        raise BadInput(f"no chapter {quoted(topic)}{nearest(topic, TOPICS)}")
    elif sys.stdout.isatty():
        coloured = not no_colours(os.environ)
        click.echo_via_pager(_laid_out(text_of(topic), coloured=coloured), color=coloured)
    else:
        click.echo(text_of(topic), nl=False)
    return 0


def _laid_out(text: str, *, coloured: bool) -> str:
    """A chapter as wide as the terminal, with tables and headings drawn."""
    import io

    from rich.console import Console
    from rich.markdown import Markdown
    from rich.theme import Theme

    # A link within the documentation is another word on this command line.
    text = re.sub(r"\[([^]]+)\]\(([\w-]+)\.md[^)]*\)", r"\1 (`evtui docs \2`)", text)
    written = io.StringIO()
    console = Console(
        file=written,
        width=min(shutil.get_terminal_size().columns, WIDEST),
        force_terminal=True,
        color_system="standard" if coloured else None,
        # The terminal's own background, which may be light or dark.
        theme=Theme({"markdown.code": "bold"}),
    )
    console.print(Markdown(text, code_theme="ansi_dark", hyperlinks=False))
    return written.getvalue()

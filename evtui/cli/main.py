"""The ``evtui`` command.

Options are made from :data:`evtui.config.SETTINGS`.  Everything heavy is imported only once
the command line, the settings, the terminal and the port are known to be good, so that help,
version and every error come at once.
"""

from __future__ import annotations

import io
import os
import sys
from collections.abc import Sequence
from importlib import import_module
from typing import Any

import click

from evtui import __version__
from evtui.cli.errors import BadInput
from evtui.cli.live import Launch
from evtui.cli.values import FILE, InputValue, OfKind, ScenarioName, written
from evtui.config import (
    KINDS,
    SETTINGS,
    Effective,
    Setting,
    Settings,
    SettingsError,
    in_force,
    load,
    over_ssh,
    to_toml,
    toml_value,
)
from evtui.escaping import for_terminal
from evtui.kinds import Choice, quoted
from evtui.nearest import choice, did_you_mean
from evtui.redaction import hide

__all__ = ["main"]

_COMMANDS = {
    "run": "Run a scenario without a terminal and judge it.",
    "scenarios": "List the built-in scenarios, or print one.",
    "anomalies": "List the anomalies, or explain one.",
    "schema": "Print the JSON Schema of scenario files, or of what evtui prints.",
    "check": "Check a run folder, and repair what can be repaired.",
    "replay": "Open a run folder in the terminal, or run it again and compare.",
    "export": "Write a run folder's data in another format.",
    "dbc": "Print the DBC of a protocol on CAN, for other tools.",
    "report": "Make one HTML page of one or several run folders.",
    "docs": "Read the documentation, chapter by chapter.",
    "completion": "Print what makes a shell complete commands, options, names and paths.",
}
"""Sub-commands in modules of their own, imported when one is used."""

_WITH_SETTINGS = ("config", "replay", "run")
"""Sub-commands that settings before them mean something to, or that refuse them themselves."""

_FAILED = 1
_BAD_INPUT = 2
_INTERRUPTED = 130  # as a shell reports SIGINT

_ABOUT = """\
An EV-charging anomaly lab in a terminal: an OCPP 1.6-J central system, a charge point and a
charger module on a virtual CAN bus, with the charging current on the same clock.
"""
_EPILOGUE = """\
\b
Examples:
  evtui                                run the lab
  evtui --preset dc --variant txprofile --high 200
  evtui --port 0 --waits 1,0.5,1,1.5   a free port, twice as fast
  evtui config --toml > lab.toml       write every setting down
  evtui --config lab.toml              and use them
  evtui --record runs/monday           record everything from the first moment
  evtui --scenario fluctuation-seed    run a scenario and watch it

\b
Keys in the lab: s start, x stop the anomaly, ? help, q quit.
Every option can stand in a TOML file; evtui config shows where it is
looked for and what is in force. evtui docs has all the rest.
"""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line and return the exit code.

    Args:
        arguments: without the program's name; default: those of the process.

    Returns:
        0 when all went well, 1 when the output could not be written, 2 for bad input, 130
        when interrupted; after that whatever the app says.
    """
    if isinstance(sys.stdout, io.TextIOWrapper):
        # A path or an identity that the terminal's encoding lacks must not end in a traceback.
        sys.stdout.reconfigure(errors="backslashreplace")
    if "_EVTUI_COMPLETE" in os.environ:
        from evtui.cli import completion

        completion.register()
    try:
        # What is left to do comes back as a value and runs outside of this try: an error
        # inside the lab is not an error of the command line.
        outcome = _evtui.main(arguments, prog_name="evtui", standalone_mode=False)
    except BadInput as error:
        return _refuse(*error.lines, program=error.program)
    except SettingsError as error:
        return _refuse(*error.mistakes)
    except click.UsageError as error:
        return _refuse(_complaint(error))
    except (click.Abort, KeyboardInterrupt):
        return _INTERRUPTED
    except OSError as error:  # a broken pipe has ended inside click already
        return _refuse(f"cannot write the output ({error.strerror})", status=_FAILED)
    return _launch(outcome) if isinstance(outcome, Launch) else outcome or 0


class _Grouped(click.Command):
    """A command whose help lists options under the headings of the settings."""

    def format_options(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        groups = {setting.name: setting.group for setting in SETTINGS}
        sections: dict[str, list[tuple[str, str]]] = {}
        for param in self.get_params(ctx):
            record = param.get_help_record(ctx)
            if record is not None:
                sections.setdefault(groups.get(param.name or "", "Program"), []).append(record)
        for heading, records in sections.items():
            with formatter.section(heading):
                formatter.write_dl(records)
        if isinstance(self, click.Group):
            self.format_commands(ctx, formatter)


class _GroupedRoot(_Grouped, click.Group):
    """The same for the command that has sub-commands, most of them imported when used."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return [*_COMMANDS, *super().list_commands(ctx)]

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in _COMMANDS:
            return super().get_command(ctx, cmd_name)
        command = import_module(f"evtui.cli.{cmd_name}").command
        assert isinstance(command, click.Command)
        return command

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        if args[0] in self.list_commands(ctx) or ctx.resilient_parsing:
            return super().resolve_command(ctx, args)
        raise click.UsageError(_no_command(args[0], self.list_commands(ctx)), ctx)

    def invoke(self, ctx: click.Context) -> Any:
        try:
            return super().invoke(ctx)
        except click.UsageError as error:
            name = ctx.invoked_subcommand
            if error.ctx is None and name and (command := self.get_command(ctx, name)):
                error.ctx = click.Context(command, parent=ctx, info_name=name)
            raise

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        rows = list(_COMMANDS.items())
        rows += [(name, one.get_short_help_str()) for name, one in self.commands.items()]
        with formatter.section("Commands"):
            formatter.write_dl(rows)


def _options() -> list[click.Parameter]:
    """One option a setting, and ``--config``; values stay text until the settings check them."""
    options: list[click.Parameter] = []
    for setting in SETTINGS:
        switch = "/" in setting.flag
        default = f"default {setting.default_text}"
        limits = "; ".join(part for part in (setting.kind.limits, default) if part)
        options.append(
            click.Option(
                [setting.name, setting.flag],
                is_flag=switch,
                type=bool if switch else OfKind(setting.kind),
                default=None,
                metavar=None if switch else setting.kind.metavar,
                multiple=setting.kind.several,
                help=f"{setting.summary} [{limits}]",
            )
        )
    options.append(
        click.Option(
            ["file", "--config"],
            metavar="FILE",
            type=OfKind(FILE),
            help="Read settings from this TOML file.",
        )
    )
    return options


_SCENARIO = (
    click.Option(
        ["--scenario"],
        metavar="SCENARIO",
        type=ScenarioName(),
        help="Run this scenario in the lab: a file, or a name of evtui scenarios.",
    ),
    click.Option(
        ["given", "--set"],
        metavar="INPUT=VALUE",
        type=InputValue(),
        multiple=True,
        help="An input of the scenario.",
    ),
)


@click.pass_context
def _start(
    context: click.Context, /, scenario: str | None, given: tuple[str, ...], **options: Any
) -> Launch | None:
    context.obj = _given(options)
    if context.invoked_subcommand:
        if scenario is not None or given:
            raise BadInput(f"--scenario and --set are not for {context.invoked_subcommand}")
        if context.obj and context.invoked_subcommand not in _WITH_SETTINGS:
            name, value = next(iter(context.obj.items()))
            flag = flag_of(name, value)
            raise BadInput(f"{flag} has no effect on {context.invoked_subcommand}; leave it out")
        return None
    effective = _load(context.obj)
    if effective.warning:
        click.echo(f"evtui: {for_terminal(effective.warning)}", err=True)
    return Launch(effective.settings, scenario, given, context.obj)


@click.pass_obj
def _config(before: dict[str, Any], /, toml: bool, as_json: bool, **options: Any) -> None:
    """Show every setting and where it came from."""
    if toml and as_json:
        raise BadInput("config: --toml and --json both want standard output; leave one out")
    effective = _load(before | _given(options))
    if as_json:
        from evtui.config import report_of
        from evtui.events import pretty_json

        report = report_of(effective, ssh=over_ssh(os.environ))
        click.echo(pretty_json(report), nl=False)
        return
    click.echo(to_toml(effective.settings) if toml else _table(effective), nl=False)


_evtui = _GroupedRoot(
    "evtui",
    callback=_start,
    params=[*_options(), *_SCENARIO],
    help=_ABOUT,
    epilog=_EPILOGUE,
    invoke_without_command=True,
    subcommand_metavar="[COMMAND]",
    context_settings={"help_option_names": ["-h", "--help"]},
)
click.version_option(__version__, message="evtui %(version)s")(_evtui)
_evtui.add_command(
    _Grouped(
        "config",
        callback=_config,
        params=[
            *_options(),
            click.Option(["--toml"], is_flag=True, help="As a TOML file, to keep and to edit."),
            click.Option(["as_json", "--json"], is_flag=True, help="As JSON, for a program."),
        ],
        help=_config.__doc__,
    )
)


def _load(given: dict[str, Any]) -> Effective:
    flags = dict(given)
    return load(flags, flags.pop("file", None), os.environ)


def flag_of(name: str, value: Any) -> str:
    """The option by which ``value`` was given."""
    return next((each.flag_for(value) for each in SETTINGS if each.name == name), "--config")


def _complaint(error: click.UsageError) -> str:
    """What is wrong with the command line, and whose help tells how it is right."""
    match error:
        case click.NoSuchOption(option_name=name, ctx=click.Context(info_name="run")) if (
            way_out := _for_a_run(name)
        ):
            text = f"no such option {name}; {way_out}."
        case click.NoSuchOption(possibilities=near):
            text = f"no such option {error.option_name}"
            text += f"; did you mean {choice(near)}?" if near else "."
        case click.MissingParameter(param=click.Parameter() as missing):
            kind = missing.type.kind if isinstance(missing.type, OfKind) else None
            expected = f": {kind.expected}" if isinstance(kind, Choice) else ""
            text = f"{written(missing)} is missing{expected}."
        case _:
            text = error.format_message()
            text = f"{text[:1].lower()}{text[1:]}"
            text = text if text.endswith((".", "?")) else f"{text}."
    path = "evtui" if error.ctx is None else error.ctx.command_path
    return f"{text} See {path} --help."


def _for_a_run(option: str) -> str:
    """Where a run takes from what is an option of the app; empty where it takes it nowhere."""
    from evtui.scenario.language import OF_LAB, OF_NO_RUN

    for each in SETTINGS:
        if option not in each.flag.split("/"):
            continue
        value = str(not option.startswith("--no-")).lower() if "/" in each.flag else "..."
        if each.name in OF_LAB:
            place = "{vehicle: {soc: ...}}" if each.name == "soc" else f"{{{each.name}: {value}}}"
            return f"write lab: {place} in the scenario, or {each.key} in a file for --config"
        if each.group not in ("Terminal", "Recording") and each.name not in (*OF_NO_RUN, "port"):
            return f"write {each.key} in a file for --config, or what the scenario is to do in it"
    return ""


def _no_command(name: str, commands: list[str]) -> str:
    if os.path.isdir(name):
        way_out = f"; did you mean evtui replay {name}?"
    elif os.path.isfile(name):
        way_out = f"; did you mean evtui run {name}?"
    else:
        way_out = did_you_mean(name, commands) or f"; there are {', '.join(commands)}."
    return f"no such command {quoted(name)}{way_out}"


def _given(options: dict[str, Any]) -> dict[str, Any]:
    """The options that were used; one that was used several times as one text."""
    return {
        name: KINDS[name].separator.join(value) if isinstance(value, tuple) else value
        for name, value in options.items()
        if value not in (None, ())
    }


def _table(effective: Effective) -> str:
    rows = [("setting", "value", "from")]
    rows += (
        (setting.key, _value(effective.settings, setting), effective.origins[setting.name])
        for setting in SETTINGS
    )
    widths = [max(len(row[column]) for row in rows) for column in (0, 1)]
    lines = [f"{row[0]:{widths[0]}}  {row[1]:{widths[1]}}  {row[2]}" for row in rows]
    found = "" if effective.found else " (not there)"
    lines += ["", f"settings file: {effective.looked_for}{found}"]
    if effective.password:
        lines.append(f"password for csms: from {effective.password}")
    if effective.warning:
        lines.append(f"! {effective.warning}")
    return "\n".join([*lines, ""])


def _value(settings: Settings, setting: Setting) -> str:
    value, why = in_force(settings, setting, ssh=over_ssh(os.environ))
    if value is None:
        return f"none ({setting.unset})"
    shown = f"{toml_value(value)} {setting.kind.unit}".rstrip()
    return f"{shown} ({why})" if why else shown


def _launch(launch: Launch) -> int:
    try:
        return launch.run()
    except BadInput as error:
        return _refuse(*error.lines, program=error.program)
    except KeyboardInterrupt:
        return _INTERRUPTED


def _refuse(*messages: str, program: str = "evtui", status: int = _BAD_INPUT) -> int:
    """Lines on stderr, with nothing in them that a terminal would obey, and no secret."""
    for message in messages:
        click.echo(f"{program}: {for_terminal(hide(message))}", err=True)
    return status

"""The lab in the terminal: what has to be right before the app takes over."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import ExitStack, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from evtui.cli.errors import BadInput
from evtui.cli.plans import base_from, load_plan, read_inputs
from evtui.cli.terminal import prepare_textual, terminal_trouble
from evtui.config import SETTINGS, Settings

if TYPE_CHECKING:
    import socket

    from evtui.canbus import CanDatabase
    from evtui.feed import Feed
    from evtui.scenario.language import Plan
    from evtui.station import StateFile

__all__ = ["Launch", "listener_for", "open_feed_of"]

_OF_REAL_BUS = ("can_side", "can_listen_only", "arm", "armed_for")
"""Options that mean nothing without ``--can``."""


@dataclass(frozen=True, slots=True)
class Launch:
    """The terminal app as asked for on the command line.

    Attributes:
        settings: checked settings.
        scenario: file or name of a scenario that runs in the lab, None for none.
        given: its inputs, as ``INPUT=VALUE``.
        options: those of the command line, by field name; ``file`` is that of ``--config``.
    """

    settings: Settings
    scenario: str | None = None
    given: tuple[str, ...] = ()
    options: Mapping[str, Any] = field(default_factory=dict)

    def run(self) -> int:
        """Check the terminal and everything that was named, take the port, run the app.

        Returns:
            What :func:`evtui.tui.run.run` does.

        Raises:
            BadInput: something is not as it must be; nothing has started.
        """
        trouble = terminal_trouble()
        if trouble:
            raise BadInput(trouble, program="evtui needs a terminal")
        settings, plan = self.settings, self._plan()
        told = "" if plan is None else self._without_effect()
        if told:
            click.echo(f"evtui: {told}", err=True)
        if plan is not None:
            from evtui.live import settings_for

            settings = settings_for(plan, settings)
        with ExitStack() as undo:
            listener = None
            if settings.csms is None:
                listener = listener_for(settings)
                undo.callback(listener.close)
            feed = None
            if settings.events is not None:
                feed = open_feed_of(settings.events, settings, plan)
                undo.callback(feed.close)
            if settings.record is not None:
                _prepare_folder(settings.record)
            if settings.id_tags is not None:
                _check_id_tags(settings.id_tags)
            if settings.can is not None:
                _check_can(settings)
            elif lonely := [name for name in _OF_REAL_BUS if self.options.get(name)]:
                flag = next(each.flag_for(True) for each in SETTINGS if each.name == lonely[0])
                raise BadInput(f"{flag}: there is no --can that it is for")
            state = None
            if settings.state is not None:
                state = _open_state(settings.state, feed)
                undo.callback(state.close)
            database = None if settings.dbc is None else _database(settings.dbc)
            prepare_textual(settings)
            from evtui.tui.run import run

            undo.pop_all()
            return run(
                settings,
                listener,
                plan=plan,
                feed=feed,
                state=state,
                told=told,
                database=database,
            )

    def _plan(self) -> Plan | None:
        inputs = read_inputs(self.given)
        if self.scenario is None:
            if inputs:
                raise BadInput(f"--set {next(iter(inputs))}: there is no --scenario to set it for")
            return None
        if not self.settings.our_central_system:
            how = "--csms" if self.settings.csms is not None else "--upstream"
            raise BadInput(f"--scenario acts through evtui's own central system: not with {how}")
        base = None
        if file := self.options.get("file"):
            _, base = base_from(file)
        plan = load_plan(self.scenario, inputs, seed=self.settings.seed, base=base)
        if plan.axes:
            names = ", ".join(plan.axes)
            raise BadInput(f"--scenario {self.scenario}: a matrix is many runs; --set {names}")
        return plan

    def _without_effect(self) -> str:
        """A line on options of the lab, which a scenario sets up; empty where there is none."""
        ignored = [
            each.flag_for(self.options[each.name])
            for each in SETTINGS
            if each.name in self.options
            and each.name not in ("port", "seed")
            and each.group not in ("Terminal", "Recording")
        ]
        if not ignored:
            return ""
        return (
            f"{', '.join(ignored)}: no effect with --scenario: a scenario says how its lab is set "
            "up, and --set and --config give what it leaves open"
        )


def _database(file: str) -> CanDatabase:
    """What frames are named and decoded by."""
    from evtui.canbus import DatabaseError, load_database

    try:
        return load_database(Path(file))
    except DatabaseError as error:
        raise BadInput(f"--dbc {error}") from None


def open_feed_of(destination: str, settings: Settings, plan: Plan | None) -> Feed:
    """Where every event goes as well.

    Raises:
        BadInput: it cannot be written there.
    """
    from evtui.feed import FeedError, open_feed
    from evtui.lab import twins_in
    from evtui.recording.write import Redactor

    redactor = Redactor(id_tags=settings.redact_id_tags, secrets=settings.secrets)
    if plan is not None:
        redactor.learn(plan.text, plan.inputs)
    try:
        return open_feed(destination, redactor, in_terminal=True, ours=twins_in(settings))
    except FeedError as error:
        raise BadInput(str(error)) from None


def _check_can(settings: Settings) -> None:
    from evtui.canbus import interface_mistake
    from evtui.lab import CanSettingError, can_addresses

    try:
        addresses = can_addresses(settings)
    except CanSettingError as error:
        raise BadInput(f"--can {error}") from None
    for address in addresses.values():
        if mistake := interface_mistake(address):
            raise BadInput(f"--can {address}: {mistake}")


def _check_id_tags(path: str) -> None:
    from evtui.central_system import IdTagError, read_id_tags

    try:
        read_id_tags(path)
    except IdTagError as error:
        raise BadInput(f"--id-tags {error}") from None


def _open_state(path: str, feed: Feed | None) -> StateFile:
    from evtui.central_system import check_state
    from evtui.events import PartState
    from evtui.feed import FeedError
    from evtui.station import StateError, StateFile

    with ExitStack() as undo:
        try:
            state = StateFile(path)
            undo.callback(state.close)
            check_state(state)
            undo.pop_all()
            return state
        except StateError as error:
            trouble = f"--state {error}"
    if feed is not None:  # whoever follows it would wait for the lab
        with suppress(FeedError):
            feed.on_event(PartState(source="lab", part="lab", state="crashed", detail=trouble))
    raise BadInput(trouble)


def _prepare_folder(folder: str) -> None:
    from pathlib import Path

    from evtui.recording.write import RecordingError, prepare_folder

    try:
        prepare_folder(Path(folder))
    except RecordingError as error:
        raise BadInput(str(error)) from None


def listener_for(settings: Settings) -> socket.socket:
    """A listening socket: on loopback, or where the settings say.

    Raises:
        BadInput: the address cannot be had.
    """
    from evtui.runtime import listen, listen_at

    try:
        if settings.listen is None:
            return listen(settings.port)
        return listen_at(*settings.listens_at)
    except OSError as error:
        if settings.listen is not None:
            raise BadInput(f"--listen {settings.listen}: {error.strerror}") from None
        raise BadInput(_port_trouble(settings.port, error)) from None


def _port_trouble(port: int, error: OSError) -> str:
    import errno
    import os

    from evtui.runtime import HOST

    if error.errno == errno.EADDRINUSE:
        problem = f"port {port} is in use"
    elif error.errno == errno.EACCES:
        problem = f"port {port} needs privileges"
    else:
        problem = f"cannot listen on {HOST}:{port} ({os.strerror(error.errno or 0)})"
    return f"{problem}; choose another with --port, or a free one with --port 0"

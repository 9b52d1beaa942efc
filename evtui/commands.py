"""Everything one can tell the lab or its views, in one registry.

Key bindings, footer, help, command palette, user keymap and the tables in the chapter on keys are
made from it.  ``lab`` commands are executed by :class:`evtui.lab.Lab` on the engine's thread and
exist without a terminal; ``view`` commands change only what one person sees.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Generic, Literal, TypeVar

__all__ = [
    "COMMANDS",
    "FIRST_CONTACT",
    "OVER_THE_LINK",
    "REPLAY",
    "STATIONS",
    "Command",
    "Outcome",
    "by_name",
    "is_aimed",
    "lab_commands",
    "replay_commands",
    "view_commands",
]


D_co = TypeVar("D_co", covariant=True)


@dataclass(frozen=True, slots=True)
class Outcome(Generic[D_co]):
    """What came of a command that was carried out.

    Attributes:
        text: one line for people.
        data: the same for programs; None where a command has nothing to hand over.
    """

    text: str
    data: D_co


@dataclass(frozen=True, slots=True)
class Command:
    """One thing a person can do.

    Attributes:
        name: dotted, stable; used in keymaps and scenarios.
        keys: keys as Textual names them, the first is shown.
        label: one or two words for the footer and the palette.
        help: one sentence for the help screen.
        group: heading in the help screen.
        scope: who executes it.
        footer: rank in the footer, 1 first; 0 leaves it out.
        pair: the one word by which the footer calls this command and its counterpart.
        also: other words that people look for it by.
    """

    name: str
    keys: tuple[str, ...]
    label: str
    help: str
    group: str
    scope: Literal["lab", "view"]
    footer: int = 0
    pair: str = ""
    also: str = ""

    @property
    def aimed(self) -> bool:
        """True for one that acts on a connector of ours, or on its charge point."""
        return is_aimed(self.name)


OVER_THE_LINK = frozenset({"anomaly.start", "station.charge", "station.swipe"})
"""Commands that a charge point must be connected for; its very first contact is waited for."""

FIRST_CONTACT = 5.0
"""s of lab time in which an order waits for a charge point that has not been there yet."""


def is_aimed(name: str) -> bool:
    """True for a command that needs a target: which of our charge points, which connector."""
    return name.partition(".")[0] in ("anomaly", "attack", "station")


COMMANDS: tuple[Command, ...] = (
    # Anomaly
    Command(
        "anomaly.start",
        ("s",),
        "start",
        "Start the anomaly.",
        "Anomaly",
        "lab",
        1,
        also="fluctuation attack begin run",
    ),
    Command(
        "anomaly.stop",
        ("x",),
        "stop",
        "Stop it and return to the safe state: transaction ended, profiles cleared, 0 A.",
        "Anomaly",
        "lab",
        2,
    ),
    Command(
        "anomaly.shorter",
        ("left_square_bracket",),
        "shorter",
        "Shorten the period: all four waits times 0.8.",
        "Anomaly",
        "lab",
        3,
        "period",
    ),
    Command(
        "anomaly.longer",
        ("right_square_bracket",),
        "longer",
        "Lengthen the period: all four waits divided by 0.8.",
        "Anomaly",
        "lab",
        4,
        "period",
    ),
    Command(
        "anomaly.weaker",
        ("minus",),
        "weaker",
        "Lower the high limit by 10 A.",
        "Anomaly",
        "lab",
        5,
        "swing",
    ),
    Command(
        "anomaly.stronger",
        ("plus", "equals_sign"),
        "stronger",
        "Raise the high limit by 10 A.",
        "Anomaly",
        "lab",
        6,
        "swing",
    ),
    Command(
        "anomaly.variant",
        ("v",),
        "variant",
        "Next variant: seed, txprofile, txdefault, startstop.",
        "Anomaly",
        "lab",
        7,
    ),
    Command(
        "anomaly.lower_low",
        ("less_than_sign",),
        "low −",
        "Lower the low limit by 2 A.",
        "Anomaly",
        "lab",
    ),
    Command(
        "anomaly.raise_low",
        ("greater_than_sign",),
        "low +",
        "Raise the low limit by 2 A.",
        "Anomaly",
        "lab",
    ),
    Command(
        "anomaly.jitter",
        ("J",),
        "jitter",
        "Next jitter: 0, 10, 25, 50 % of each wait, drawn from the seed.",
        "Anomaly",
        "lab",
    ),
    Command(
        "anomaly.cycles",
        ("n",),
        "cycles",
        "Next number of cycles: endless, 1, 3, 10.",
        "Anomaly",
        "lab",
    ),
    Command(
        "anomaly.edit",
        ("e",),
        "edit",
        "Edit every parameter of the anomaly in a form.",
        "Anomaly",
        "view",
    ),
    Command(
        "anomaly.by_hand",
        ("a",),
        "by hand",
        "Mark what you do from now on as an attack of yours, until pressed again.",
        "Anomaly",
        "view",
        also="attack truth label",
    ),
    Command(
        "lab.all_clear",
        ("0",),
        "all clear",
        "End every anomaly, attack and transaction, clear our profiles, set default parameters.",
        "Anomaly",
        "lab",
        8,
    ),
    # Station
    Command(
        "station.charge",
        ("b",),
        "charge",
        "Begin or end ordinary charging by a remote start or stop.",
        "Station",
        "lab",
    ),
    Command(
        "station.plug",
        ("p",),
        "plug",
        "Plug or unplug the vehicle.",
        "Station",
        "lab",
    ),
    Command(
        "station.swipe",
        ("i",),
        "id tag",
        "Hold the id tag to the reader of the connector: it begins or ends charging.",
        "Station",
        "lab",
    ),
    Command(
        "station.preset",
        ("P",),
        "preset",
        "Next power stage: seed, dc, ccs, ac.",
        "Station",
        "lab",
    ),
    Command(
        "station.strict",
        ("S",),
        "strict",
        "Strict or lenient: reject or take a TxProfile without a transaction.",
        "Station",
        "lab",
    ),
    Command(
        "csms.operation",
        ("o",),
        "operation",
        "Send an OCPP operation of the central system: choose it, fill in its form.",
        "Station",
        "view",
        9,
    ),
    Command(
        "detector.view",
        ("d",),
        "detector",
        "Feed the detector from CAN, from MeterValues, or from both.",
        "Station",
        "lab",
    ),
    Command(
        "lab.restart",
        ("R",),
        "restart",
        "Restart the parts that crashed.",
        "Station",
        "lab",
    ),
    # Recording
    Command(
        "lab.record",
        ("r",),
        "record",
        "Begin or end a recording: a new folder below runs/.",
        "Recording",
        "lab",
        10,
    ),
    Command(
        "view.mark",
        ("m",),
        "mark",
        "Mark this moment with a few words, on the chart and in the recording.",
        "Recording",
        "view",
        11,
    ),
    # View
    Command(
        "view.pause",
        ("space",),
        "pause",
        "Freeze the view; the lab goes on.",
        "View",
        "view",
        12,
    ),
    Command(
        "view.filter",
        ("slash",),
        "filter",
        "Filter the focused list by text, or by /regex/.",
        "View",
        "view",
        14,
    ),
    Command(
        "view.filter_off",
        ("escape",),
        "no filter",
        "Clear the filter of the focused list.",
        "View",
        "view",
    ),
    Command("view.detail", ("enter",), "detail", "Open the full JSON.", "View", "view", 15),
    Command(
        "view.stations",
        ("l",),
        "stations",
        "List every charge point, ours and foreign: choose one, let in one that asks.",
        "View",
        "view",
        13,
    ),
    Command(
        "view.next_connector",
        ("c", "right_curly_bracket"),
        "connector",
        "Show, and act on, the next connector of our charge points.",
        "View",
        "view",
    ),
    Command(
        "view.previous_connector",
        ("C", "left_curly_bracket"),
        "← connector",
        "Show, and act on, the connector before.",
        "View",
        "view",
    ),
    Command("view.ocpp", ("1",), "OCPP", "Focus the OCPP log.", "View", "view"),
    Command("view.can", ("2",), "CAN", "Focus the CAN panel.", "View", "view"),
    Command("view.current", ("3",), "current", "Focus the current chart.", "View", "view"),
    Command("view.anomaly", ("4",), "anomaly", "Focus the anomaly panel.", "View", "view"),
    Command("view.scenario", ("5",), "scenario", "Focus the scenario panel.", "View", "view"),
    Command(
        "view.next",
        ("tab",),
        "next panel",
        "Focus the next panel.",
        "View",
        "view",
    ),
    Command(
        "view.maximise",
        ("f",),
        "full",
        "Give the focused panel the whole screen, or give it back.",
        "View",
        "view",
    ),
    Command(
        "view.can_trace",
        ("t",),
        "trace",
        "CAN by identifier or as a chronological trace.",
        "View",
        "view",
    ),
    Command("view.zoom_in", ("comma",), "zoom in", "Shorter chart window.", "View", "view"),
    Command("view.zoom_out", ("full_stop",), "zoom out", "Longer chart window.", "View", "view"),
    Command(
        "view.follow",
        ("end", "G"),
        "follow",
        "Jump to the newest row and follow.",
        "View",
        "view",
    ),
    Command(
        "view.copy",
        ("y",),
        "copy",
        "Copy the row under the cursor to the clipboard (OSC 52).",
        "View",
        "view",
    ),
    Command(
        "view.messages",
        ("h",),
        "messages",
        "List what was said at the bottom of the screen, with its times.",
        "View",
        "view",
        also="notices history toasts errors past",
    ),
    # Program
    Command(
        "app.theme",
        ("T",),
        "theme",
        "Change the colours; they are kept for the next time.",
        "Program",
        "view",
        also="dark light ansi colors",
    ),
    Command(
        "app.screenshot",
        ("f8",),
        "screenshot",
        "Save the screen as an SVG file.",
        "Program",
        "view",
    ),
    Command(
        "app.palette",
        ("colon", "ctrl+p"),
        "palette",
        "Find any command by name.",
        "Program",
        "view",
    ),
    Command("app.help", ("question_mark", "f1"), "help", "Show this help.", "Program", "view", 16),
    Command(
        "app.docs",
        ("D",),
        "docs",
        "Read the documentation, chapter by chapter.",
        "Program",
        "view",
        also="documentation manual chapters reference glossary changes",
    ),
    Command(
        "app.quit",
        ("q",),
        "quit",
        "Leave in the safe state; asks only while something is running.",
        "Program",
        "view",
        17,
    ),
)

REPLAY: tuple[Command, ...] = (
    Command(
        "replay.play",
        ("space",),
        "play",
        "Play or pause; at the end, play again from the start.",
        "Replay",
        "view",
        1,
    ),
    Command("replay.back", ("left",), "−1 s", "Go back by 1 s.", "Replay", "view", 2, "1 s"),
    Command("replay.forward", ("right",), "+1 s", "Go forward by 1 s.", "Replay", "view", 3, "1 s"),
    Command("replay.far_back", ("shift+left",), "−10 s", "Go back by 10 s.", "Replay", "view"),
    Command(
        "replay.far_forward", ("shift+right",), "+10 s", "Go forward by 10 s.", "Replay", "view"
    ),
    Command("replay.start", ("home",), "start", "Go to the start.", "Replay", "view"),
    Command("replay.end", ("end",), "end", "Go to the end.", "Replay", "view"),
    Command(
        "replay.go_to",
        ("g",),
        "time",
        "Go to a time that you type; a click on the time line or the chart does the same.",
        "Replay",
        "view",
        10,
    ),
    Command(
        "replay.slower",
        ("left_square_bracket", "minus"),
        "slower",
        "Lower the speed, down to 0.25x.",
        "Replay",
        "view",
        4,
        "speed",
    ),
    Command(
        "replay.faster",
        ("right_square_bracket", "plus", "equals_sign"),
        "faster",
        "Raise the speed, up to 64x.",
        "Replay",
        "view",
        5,
        "speed",
    ),
    Command(
        "replay.next_edge",
        ("e",),
        "anomaly",
        "Go to the next start or end of an anomaly.",
        "Replay",
        "view",
        6,
        "anomaly",
    ),
    Command(
        "replay.previous_edge",
        ("E",),
        "← anomaly",
        "Go back to the start or end of an anomaly before.",
        "Replay",
        "view",
        7,
        "anomaly",
    ),
    Command(
        "replay.next_alarm",
        ("a",),
        "alarm",
        "Go to the next alarm, raised or cleared.",
        "Replay",
        "view",
        8,
        "alarm",
    ),
    Command(
        "replay.previous_alarm",
        ("A",),
        "← alarm",
        "Go back to the alarm before.",
        "Replay",
        "view",
        9,
        "alarm",
    ),
    Command(
        "replay.next_message",
        ("m",),
        "message",
        "Go to the next OCPP message.",
        "Replay",
        "view",
        11,
        "message",
    ),
    Command(
        "replay.previous_message",
        ("M",),
        "← message",
        "Go back to the OCPP message before.",
        "Replay",
        "view",
        12,
        "message",
    ),
    Command(
        "replay.next_frame",
        ("c",),
        "frame",
        "Go to the next CAN frame.",
        "Replay",
        "view",
        13,
        "frame",
    ),
    Command(
        "replay.previous_frame",
        ("C",),
        "← frame",
        "Go back to the CAN frame before.",
        "Replay",
        "view",
        14,
        "frame",
    ),
)
"""What there is in a replay alone; the keys are free there, since a recording takes no orders."""

STATIONS: tuple[Command, ...] = (
    Command(
        "stations.choose",
        ("enter",),
        "choose",
        "Show, and act on, the charge point; of a foreign one, list its operations.",
        "In the list of stations",
        "view",
        1,
    ),
    Command(
        "stations.operation",
        ("o",),
        "operation",
        "Send an OCPP operation to the charge point.",
        "In the list of stations",
        "view",
        2,
    ),
    Command(
        "csms.admit",
        ("a",),
        "let in",
        "Let in the charge point that asks, from now on.",
        "In the list of stations",
        "lab",
        3,
    ),
    Command(
        "csms.turn_away",
        ("x",),
        "turn away",
        "Turn away the charge point that asks, from now on.",
        "In the list of stations",
        "lab",
        4,
    ),
    Command(
        "stations.close",
        ("escape", "l", "q"),
        "close",
        "Close the list.",
        "In the list of stations",
        "view",
        5,
    ),
)
"""What there is in the list of stations alone; the main screen is covered then."""

_HELP_IN_REPLAY = {"app.quit": "Leave."}
"""Where nothing runs that would have to be made safe."""

by_name: dict[str, Command] = {command.name: command for command in (*COMMANDS, *REPLAY, *STATIONS)}


def lab_commands() -> tuple[Command, ...]:
    """Commands the lab executes, with or without a terminal."""
    return tuple(command for command in COMMANDS if command.scope == "lab")


def view_commands() -> tuple[Command, ...]:
    """Commands that change only the view."""
    return tuple(command for command in COMMANDS if command.scope == "view")


def replay_commands() -> tuple[Command, ...]:
    """Commands of a replay: its own, and those of the live views whose keys it leaves free."""
    taken = {key for command in REPLAY for key in command.keys}
    commands = list(REPLAY)
    for command in COMMANDS:
        keys = tuple(key for key in command.keys if key not in taken)
        if command.group in ("View", "Program") and keys:
            rank = command.footer and command.footer + len(REPLAY)
            told = _HELP_IN_REPLAY.get(command.name, command.help)
            commands.append(replace(command, keys=keys, footer=rank, help=told))
    return tuple(commands)

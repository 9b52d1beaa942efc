"""What changes only the view, and the program itself."""

from __future__ import annotations

from evtui.commands.model import Command

__all__ = ["VIEW"]

VIEW: tuple[Command, ...] = (
    Command(
        "view.pause",
        ("space",),
        "pause",
        "Freeze the view; the lab goes on.",
        "View",
        13,
    ),
    Command(
        "view.filter",
        ("slash",),
        "filter",
        "Filter the focused list by text, or by /regex/.",
        "View",
        15,
    ),
    Command(
        "view.filter_off",
        ("escape",),
        "no filter",
        "Clear the filter of the focused list.",
        "View",
    ),
    Command("view.detail", ("enter",), "detail", "Open the full JSON.", "View", 16),
    Command(
        "view.stations",
        ("l",),
        "stations",
        "List every charge point, ours and foreign: choose one, let in one that asks.",
        "View",
        14,
    ),
    Command(
        "view.next_connector",
        ("c", "right_curly_bracket"),
        "connector",
        "Show, and act on, the next connector of our charge points.",
        "View",
    ),
    Command(
        "view.previous_connector",
        ("C", "left_curly_bracket"),
        "← connector",
        "Show, and act on, the connector before.",
        "View",
    ),
    Command("view.ocpp", ("1",), "OCPP", "Focus the OCPP log.", "View"),
    Command("view.can", ("2",), "CAN", "Focus the CAN panel.", "View"),
    Command("view.current", ("3",), "current", "Focus the current chart.", "View"),
    Command("view.anomaly", ("4",), "anomaly", "Focus the anomaly panel.", "View"),
    Command("view.scenario", ("5",), "scenario", "Focus the scenario panel.", "View"),
    Command(
        "view.next",
        ("tab",),
        "next panel",
        "Focus the next panel.",
        "View",
    ),
    Command(
        "view.maximise",
        ("f",),
        "full",
        "Give the focused panel the whole screen, or give it back.",
        "View",
    ),
    Command(
        "view.can_trace",
        ("t",),
        "trace",
        "CAN by identifier or as a chronological trace.",
        "View",
    ),
    Command("view.zoom_in", ("comma",), "zoom in", "Shorter chart window.", "View"),
    Command("view.zoom_out", ("full_stop",), "zoom out", "Longer chart window.", "View"),
    Command(
        "view.follow",
        ("end", "G"),
        "follow",
        "Jump to the newest row and follow.",
        "View",
    ),
    Command(
        "view.copy",
        ("y",),
        "copy",
        "Copy the row under the cursor to the clipboard (OSC 52).",
        "View",
    ),
    Command(
        "view.messages",
        ("h",),
        "messages",
        "List what was said at the bottom of the screen, with its times.",
        "View",
        also="notices history toasts errors past",
    ),
    # Program
    Command(
        "app.theme",
        ("T",),
        "theme",
        "Change the colours; they are kept for the next time.",
        "Program",
        also="dark light ansi colors",
    ),
    Command(
        "app.screenshot",
        ("f8",),
        "screenshot",
        "Save the screen as an SVG file.",
        "Program",
    ),
    Command(
        "app.palette",
        ("colon", "ctrl+p"),
        "palette",
        "Find any command by name.",
        "Program",
    ),
    Command("app.help", ("question_mark", "f1"), "help", "Show this help.", "Program", 17),
    Command(
        "app.docs",
        ("D",),
        "docs",
        "Read the documentation, chapter by chapter.",
        "Program",
        also="documentation manual chapters reference glossary changes",
    ),
    Command(
        "app.quit",
        ("q",),
        "quit",
        "Leave in the safe state; asks only while something is running.",
        "Program",
        18,
    ),
)
"""Groups View and Program."""

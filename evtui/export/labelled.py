"""Frames with a label each, as intrusion detection research exchanges them."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Iterable, Iterator
from typing import BinaryIO, Literal

from evtui.export.in_time import in_time
from evtui.export.tally import Tally
from evtui.recording.format import ERROR_FLAG, FrameRow
from evtui.recording.read import RunFolder

__all__ = ["LABELS", "Label", "write_can_train_and_test", "write_hcrl"]

Label = Literal["attack", "effect"]
LABELS: tuple[Label, ...] = ("attack", "effect")
"""What counts as an attack: frames that were injected, or every frame while an attack's effect
lasts, genuine ones too (as SynCAN labels)."""

_MOST_DATA = 8


def write_can_train_and_test(
    folder: RunFolder, stream: BinaryIO, tally: Tally, label: Label
) -> None:
    """CSV as the can-train-and-test data set has it.

    ``timestamp,arbitration_id,data_field,attack``: Unix time in s, the id as 3 hexadecimal
    digits (8 for an extended one, and for an error frame, whose id carries 0x20000000), the data
    without spaces, 0 or 1.
    """
    injected = _LABELLED[label]
    text = io.TextIOWrapper(stream, "utf-8", newline="")
    text.write("timestamp,arbitration_id,data_field,attack\n")
    for frame in in_time(folder.frames(), folder, tally):
        data = "" if frame.kind == "remote" else frame.data_field.hex().upper()
        text.write(f"{frame.timestamp:.6f},{_identifier(frame, 3)},{data},{injected(frame):d}\n")
    text.flush()
    text.detach()


def write_hcrl(folder: RunFolder, stream: BinaryIO, tally: Tally, label: Label) -> None:
    """CSV as HCRL's car hacking data set has it, without a header.

    Twelve columns: Unix time in s, the id as 4 hexadecimal digits (8 for extended and error
    frames), the data length code, eight data bytes (empty past the length), and T for an
    injected or R for a normal frame.  This T has nothing to do with candump's.
    """
    injected = _LABELLED[label]
    text = io.TextIOWrapper(stream, "utf-8", newline="")
    writer = csv.writer(text, lineterminator="\n")
    for frame in in_time(_classic(folder.frames(), tally), folder, tally):
        data = [] if frame.kind == "remote" else [f"{byte:02x}" for byte in frame.data_field]
        writer.writerow(
            (
                f"{frame.timestamp:.6f}",
                _identifier(frame, 4).lower(),
                frame.dlc,
                *data,
                *[""] * (_MOST_DATA - len(data)),
                "T" if injected(frame) else "R",
            )
        )
    text.flush()
    text.detach()


def _classic(frames: Iterable[FrameRow], tally: Tally) -> Iterator[FrameRow]:
    for frame in frames:
        if len(frame.data_field) > _MOST_DATA:
            tally.left_out["frames of more than 8 bytes"] += 1
        else:
            yield frame


_LABELLED: dict[Label, Callable[[FrameRow], bool]] = {
    "attack": lambda frame: frame.attack,
    "effect": lambda frame: frame.effect or frame.attack,
}


def _identifier(frame: FrameRow, digits: int) -> str:
    if frame.kind == "error":
        return f"{frame.arbitration_id | ERROR_FLAG:08X}"
    return f"{frame.arbitration_id:0{8 if frame.extended else digits}X}"

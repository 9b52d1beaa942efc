"""Whether a manifest can be true: numbers that mean something, and that the files agree with."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from evtui.recording.check.walking import Walk
from evtui.recording.format import layout
from evtui.recording.format.layout import LONGEST_RUN
from evtui.recording.format.manifest import Manifest
from evtui.recording.read.findings import Findings
from evtui.recording.read.opening import Sources
from evtui.regular import read_regular

__all__ = ["check_manifest", "check_scenario"]

LARGEST_SCENARIO = 1 << 20
"""Bytes; no larger one is run."""

QUIET = 60.0
"""s in real time without an event after which a run does not go on."""

FASTEST = 1e6
"""Simulated seconds a second that can be asked for."""

ROUNDING = 1e-3
"""s, of what start_utc says."""

LATE = 1.0
"""s after the end for the last deliveries."""


def check_manifest(sources: Sources, walk: Walk, findings: Findings) -> None:
    """Hold a manifest's numbers against what can be, and against what was read."""
    manifest = sources.manifest
    assert manifest is not None
    for text in (*_impossible(manifest), *_disagreeing(manifest, sources.start_utc, walk)):
        findings.add("error", layout.MANIFEST, text)


def check_scenario(path: Path, findings: Findings) -> None:
    """Say when scenario.yaml is none; whether it still can be run, a verification says."""
    import yaml

    from evtui.recording.format.yaml_text import values_in

    try:
        text = read_regular(path / layout.SCENARIO, LARGEST_SCENARIO).decode("utf-8-sig")
        schemas = [each.text for each in values_in(text) if each.names == ("schema",)]
    except OSError:
        return  # which is told where every file is looked at
    except UnicodeDecodeError:
        findings.add("error", layout.SCENARIO, "no text in UTF-8")
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        what = getattr(error, "problem", None) or str(error)
        line = mark.line + 1 if mark is not None else None
        findings.add("error", layout.SCENARIO, f"not valid YAML: {what}", line=line)
    else:
        if not any(schema.startswith("evtui.scenario/") for schema in schemas):
            findings.add("error", layout.SCENARIO, "no scenario: lacks schema: evtui.scenario/1")


def _impossible(manifest: Manifest) -> Iterator[str]:
    clock = manifest.clock
    if clock.speed != "max" and not 0 < clock.speed <= FASTEST:
        yield f"clock.speed {clock.speed:g} cannot be"
    for name in ("t_end_s", "interrupted_at_s", "duration_s", "wall_s"):
        value = getattr(manifest, name)
        if value is not None and not 0 <= value < LONGEST_RUN:
            yield f"{name} {value:g} s cannot be"
    for name in ("seed", "left_out"):
        value = getattr(manifest, name)
        if value < 0:
            yield f"{name} {value} cannot be"
    for channel, bus in manifest.buses.items():
        if bus.bitrate < 0:  # 0 is an ideal bus
            yield f"buses.{channel}.bitrate {bus.bitrate} cannot be"
    for name, info in manifest.files.items():
        if info.rows < 0 or info.bytes < 0:
            yield f"files.{name}: {info.rows} rows and {info.bytes} bytes cannot be"


def _disagreeing(manifest: Manifest, start_utc: float, walk: Walk) -> Iterator[str]:
    told = manifest.start_unix
    if told is not None and abs(told - start_utc) > ROUNDING:
        yield f"clock.start_utc is {told - start_utc:+.3f} s away from what the files say"
    end = manifest.t_end_s
    if end is None or not 0 <= end < LONGEST_RUN or not walk.numbers.count:
        return
    if end < walk.t_end - LATE:
        yield f"t_end_s is {end:.3f} s, but there is an event at {walk.t_end:.3f} s"
    speed = manifest.clock.speed
    quiet = QUIET * (max(1.0, speed) if speed != "max" else 1.0)
    if not manifest.ragged and end > walk.t_end + quiet:
        yield f"t_end_s is {end:.3f} s, but the last event is at {walk.t_end:.3f} s"

"""Where scenarios come from: files, and those that come with evtui."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import msgspec

from evtui.nearest import choice, did_you_mean, nearest
from evtui.regular import Irregular, read_regular
from evtui.scenario.language.mistakes import ScenarioError

__all__ = [
    "LARGEST_CURVE",
    "LARGEST_FILE",
    "ScenarioSource",
    "builtin_names",
    "curve_text",
    "read_builtin",
    "read_source",
]

LARGEST_FILE = 1 << 20
LARGEST_CURVE = 32 << 20

_SUFFIXES = (".yaml", ".yml")


class ScenarioSource(msgspec.Struct, frozen=True):
    """A scenario's text and where it was found.

    Attributes:
        name: by which it is found again: a built-in one's, or an absolute path.
        label: as messages call it.
        text: what it says.
        folder: the file is in, None for a built-in one.
    """

    name: str
    label: str
    text: str
    folder: Path | None


def builtin_names() -> list[str]:
    """Names of the scenarios that come with evtui."""
    return sorted(
        file.name.removesuffix(".yaml")
        for file in _builtin().iterdir()
        if file.name.endswith(".yaml")
    )


def read_source(name_or_path: str | os.PathLike[str]) -> ScenarioSource:
    """Read a scenario.

    Args:
        name_or_path: text without a path separator and without the suffix .yaml or .yml is a
            built-in scenario's name, everything else a file.

    Raises:
        ScenarioError: there is none, or it cannot be read.
    """
    given = os.fspath(name_or_path)
    if isinstance(name_or_path, str) and _is_name(given):
        return read_builtin(given)
    text = _read_file(given, given, LARGEST_FILE, "a scenario", lambda: _near_builtin(given))
    path = Path(os.path.abspath(given))
    return ScenarioSource(str(path), given, text, path.parent)


def read_builtin(name: str) -> ScenarioSource:
    """Read a scenario that comes with evtui.

    Raises:
        ScenarioError: there is none of that name.
    """
    names = builtin_names()
    if name not in names:
        beside = (each for each in (name, *(name + suffix for suffix in _SUFFIXES)))
        file = next((each for each in beside if each and os.path.isfile(each)), "")
        if file:
            way_out = f"; for the file write ./{file}"
        elif os.path.isdir(name):
            folder = os.path.join(name, "scenario.yaml")
            kept = os.path.isfile(folder)
            way_out = f"; for what was run there: ./{folder}" if kept else ", but a folder"
        else:
            way_out = _near_builtin(name)
        raise ScenarioError(f"{name or 'an empty name'}: no built-in scenario{way_out}")
    text = (_builtin() / f"{name}.yaml").read_text("utf-8")
    return ScenarioSource(name, name, text, None)


def curve_text(name: str, folder: Path | None, copy: Path | None = None) -> str:
    """A recorded session: a file beside the scenario, or one that comes with evtui.

    Args:
        name: as the scenario names it.
        folder: of the scenario, None for a built-in one.
        copy: of the session, in a run folder; no other file counts there.

    Raises:
        ScenarioError: there is none, or it cannot be read.
    """
    if copy is not None:
        if os.path.lexists(copy):
            name = str(copy)
            return _read_file(name, name, LARGEST_CURVE, "a recorded session", str, follow=False)
        folder = None  # what a run folder names may be anything outside of it
    ours = {
        file.name: file for file in (_builtin() / "data").iterdir() if file.name.endswith(".csv")
    }
    path = None if folder is None else folder / name
    if name in ours and (path is None or not path.exists()):
        return ours[name].read_text("utf-8")
    if path is None:
        raise ScenarioError(f"{name}: no such recorded session{nearest(name, ours)}")
    with_evtui = f"; those that come with evtui are {choice(ours)}"
    return _read_file(str(path), name, LARGEST_CURVE, "a recorded session", lambda: with_evtui)


def _read_file(
    path: str,
    label: str,
    largest: int,
    what: str,
    missing: Callable[[], str],
    *,
    follow: bool = True,
) -> str:
    """Text of a regular file.

    Args:
        missing: the way out when there is none.
        follow: a symbolic link is followed.
    """
    try:
        raw = read_regular(Path(path), largest, follow=follow)
    except (FileNotFoundError, ValueError):  # ValueError: a zero byte in the path
        raise ScenarioError(f"{label}: no such file{missing()}") from None
    except Irregular as error:
        raise ScenarioError(f"{label}: {error.strerror}, expected {what}") from None
    except OSError as error:
        raise ScenarioError(f"{label}: cannot be read ({error.strerror})") from None
    try:
        return raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = raw.count(b"\n", 0, error.start) + 1
        raise ScenarioError(
            f"{label}:{line}: expected {what}, got something that is not UTF-8 text"
        ) from None


def _near_builtin(path: str) -> str:
    """The built-in scenario somebody may have meant by a file that is not there."""
    stem = os.path.basename(path)
    for suffix in _SUFFIXES:
        stem = stem.removesuffix(suffix)
    found = did_you_mean(stem, builtin_names())
    return found or "; evtui scenarios lists the built-in ones"


def _builtin() -> Path:
    return Path(__file__).parents[1] / "builtin"


def _is_name(given: str) -> bool:
    return not given.endswith(_SUFFIXES) and os.sep not in given

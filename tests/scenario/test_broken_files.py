"""Files that are broken in one way each: one helpful line, before anything starts."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from evtui.scenario.language.loader import ScenarioError, load
from tests.scenario.files import TEXT, WAIT, changed, minimal, mistake_in

BROKEN: dict[str, tuple[bytes | str, str]] = {
    "bad type": (
        changed(WAIT, "  - repeat: often\n    do: [plug]\n"),
        'file.yaml:22: steps[1].repeat: expected a whole number, got "often"',
    ),
    "unknown key": (
        changed("timeout: 10s", "timeot: 10s"),
        "file.yaml:23: steps[2].wait_for.timeot: unknown field; did you mean timeout?",
    ),
    "wrong unit": (
        changed(WAIT, "  - wait: 5 A\n"),
        "file.yaml:22: steps[1].wait: expected a duration such as 90, 500ms, 1m or "
        '1h30m, got "5 A"',
    ),
    "missing input": (
        changed(", default: 2}", "}"),
        "file.yaml:11: inputs.n: has no default; give one with --set n=VALUE",
    ),
    "endless wait for": (
        changed(WAIT, "  - wait_for: {status: Faulted}\n"),
        "file.yaml:22: steps[1].wait_for: timeout is missing",
    ),
    "endless wait": (
        changed(WAIT, "  - wait: .inf\n"),
        "file.yaml:22: steps[1].wait: expected a finite number, got .inf",
    ),
    "endless anomaly": (
        changed(WAIT, "  - anomaly: repeated-current-fluctuation\n"),
        "file.yaml:22: steps[1].anomaly: would never end: give it a duration, or cycles under with",
    ),
    "empty": (
        "",
        "file.yaml:1: the file is empty; evtui scenarios NAME prints an example",
    ),
    "binary": (
        b"\x7fELF\x02\x01\x01\x00\xff\xfe",
        "file.yaml:1: expected a scenario, got something that is not UTF-8 text",
    ),
    "binary that is UTF-8": (
        b"schema: x\n\x00\x01",
        "file.yaml:2: expected a YAML file, got the character U+0000, so hardly text",
    ),
    "UTF-16": (
        TEXT.encode("utf-16"),
        "file.yaml:1: expected a scenario, got something that is not UTF-8 text",
    ),
    "huge": (
        TEXT + "# padding\n" * 110_000,
        "file.yaml: is larger than 1 MiB, expected a scenario",
    ),
    "cyclic anchors": (
        changed("  - unplug", "  - &loop {repeat: 2, do: [*loop]}"),
        "file.yaml:45: steps[12].do[0]: *loop contains itself, so it never ends",
    ),
    "duplicate keys": (
        TEXT + "id: again\n",
        'file.yaml:66: duplicate key "id", first on line 2',
    ),
    "wrong schema version": (
        changed("scenario/1", "scenario/2"),
        'file.yaml:1: schema: expected evtui.scenario/1, got "evtui.scenario/2"',
    ),
    "several documents": (
        minimal() + "---\n" + minimal(),
        "file.yaml:5: a second document begins; a scenario is one",
    ),
    "a Python object": (
        changed("[T0806]", "!!python/object/apply:os.getcwd []"),
        "file.yaml:6: technique: tags such as !!python/object/apply:os.getcwd are not taken; "
        "leave it out",
    ),
    "no mapping": (
        "- wait: 1s\n",
        "file.yaml:1: expected a mapping such as schema: evtui.scenario/1, got a list of 1",
    ),
}


@pytest.mark.parametrize("name", BROKEN)
def test_a_broken_file_gives_one_line_with_file_and_place(name: str, tmp_path: Path) -> None:
    content, expected = BROKEN[name]
    assert mistake_in(content, tmp_path) == expected


def is_a_directory(path: Path) -> None:
    path.mkdir()


def is_a_fifo(path: Path) -> None:
    os.mkfifo(path)


def is_not_there(path: Path) -> None:
    assert not path.exists()


def points_to_itself(path: Path) -> None:
    path.symlink_to(path)


@pytest.mark.timeout(60)
@pytest.mark.parametrize(
    ("make", "expected"),
    [
        (is_a_directory, "is a directory, expected a scenario"),
        (is_a_fifo, "is a FIFO, expected a scenario"),
        (is_not_there, "no such file; evtui scenarios lists the built-in ones"),
        (points_to_itself, "cannot be read (Too many levels of symbolic links)"),
    ],
)
def test_what_is_no_readable_file_gives_one_line(
    make: Callable[[Path], None], expected: str, tmp_path: Path
) -> None:
    path = tmp_path / "file.yaml"
    make(path)
    with pytest.raises(ScenarioError) as caught:
        load(str(path))
    assert str(caught.value) == f"{path}: {expected}"


def test_a_file_without_permission_gives_one_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(
        *_: object, **__: object
    ) -> None:  # root may read everything, so the refusal is played
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr("evtui.regular.check_regular", refuse)
    with pytest.raises(ScenarioError) as caught:
        load(str(tmp_path / "file.yaml"))
    assert str(caught.value) == f"{tmp_path}/file.yaml: cannot be read (Permission denied)"


def test_a_path_that_no_terminal_should_see_is_escaped() -> None:
    with pytest.raises(ScenarioError) as caught:
        load("a\x1b[2J\0\udcff/x.yaml")
    assert str(caught.value).startswith(r"a\x1b[2J\x00\udcff/x.yaml: no such file")


def tried(content: bytes, folder: Path) -> str:
    """The lines that a file gives, none when it loads; anything else that is raised escapes."""
    path = folder / "fuzz.yaml"
    path.write_bytes(content)
    try:
        load(str(path))
    except ScenarioError as error:
        lines = error.mistakes
    else:
        return ""
    assert all(line.startswith(f"{path}:") for line in lines), lines
    return "; ".join(lines)


FUZZ = settings(
    deadline=None,
    max_examples=120,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
WORDS = sorted({*TEXT.replace("{", " ").replace("}", " ").replace(",", " ").split()})
ODD = ["5", "-1", "~", "[]", "{}", "[[1]]", "${low}", "${", ".nan", "*a", "&a x", "!!x 1", "|"]
ODD += ["1e3", "on", "5 A", "${time}s", "'", '"', "? ", "\n", "\n  ", "\x85", "- ", ": ", "%", "\\"]
ROWS = TEXT.split("\n")


@given(st.binary(max_size=200))
@FUZZ
def test_any_bytes_load_or_give_one_line(tmp_path: Path, content: bytes) -> None:
    assert tried(content, tmp_path).isprintable()


@given(st.data())
@FUZZ
def test_a_good_file_with_some_words_changed_loads_or_gives_one_line(
    tmp_path: Path, data: st.DataObject
) -> None:
    text = TEXT
    for _ in range(data.draw(st.integers(1, 3))):
        word = data.draw(st.sampled_from(WORDS))
        other = data.draw(st.sampled_from(WORDS + ODD) | st.text(max_size=10))
        text = text.replace(word, other, data.draw(st.integers(1, 2)))
    assert tried(text.encode("utf-8", "surrogatepass"), tmp_path).isprintable()


@given(st.lists(st.tuples(st.integers(0, len(ROWS) - 1), st.integers(0, len(ROWS))), max_size=5))
@FUZZ
def test_a_good_file_with_lines_moved_loads_or_gives_one_line(
    tmp_path: Path, moves: list[tuple[int, int]]
) -> None:
    rows = list(ROWS)
    for source, target in moves:
        rows.insert(target, rows.pop(source))
    assert tried("\n".join(rows).encode(), tmp_path).isprintable()

"""A secret that a scenario gets as an input stands in nothing that its run says or writes."""

from __future__ import annotations

from pathlib import Path

import pytest

from evtui.cli.main import main
from tests.scenario.files import minimal

SECRET, DEFAULT = 'kX7"yQ secretly', "dF5zDefaulted"
STEPS = """[
  {ocpp: DataTransfer, with: {vendorId: V, data: "${NAME}"}},
  {note: "it is ${NAME}"},
  {mark: "${NAME}"},
  {wait: 1s},
]"""
EXPECT = "[{message: DataTransfer, with: {data: '${NAME}x'}}]"


def scenario(name: str) -> str:
    text = minimal(
        STEPS, f"inputs: {{NAME: {{type: string, default: {DEFAULT}}}}}\nexpect: {EXPECT}\n"
    )
    Path("one.yaml").write_text(text.replace("NAME", name), "utf-8")
    return "./one.yaml"


@pytest.mark.parametrize("name", ["api_key", "password", "station-token"])
@pytest.mark.parametrize("given", [True, False])
@pytest.mark.parametrize("more", [[], ["--json"], ["--quiet"]])
def test_what_a_run_says_and_writes(
    name: str,
    given: bool,
    more: list[str],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(tmp_path)
    options = ["--set", f"{name}={SECRET}"] if given else []
    outputs = ["--events", "feed.jsonl", "--junit", "verdicts.xml", "--out", "run"]
    assert main(["run", scenario(name), *options, *outputs, *more]) == 1
    Path("one.yaml").unlink()
    said = capfd.readouterr()
    written = {path.name: path.read_text("utf-8") for path in tmp_path.rglob("*.*")
               if path.is_file()}  # fmt: skip
    assert "***" in written["ocpp.jsonl"]
    assert "***" in written["feed.jsonl"]
    for place, text in {"stdout": said.out, "stderr": said.err, **written}.items():
        for hidden in ("kX7", "secretly") if given else (DEFAULT,):
            assert hidden not in text, place
    assert main(["check", "run"]) == 0
    assert main(["replay", "run", "--verify"]) == 0


def test_what_a_matrix_of_secrets_is_called(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    more = "inputs: {password: {type: string}}\nmatrix: {password: [first-one, other-one]}\n"
    Path("two.yaml").write_text(minimal("[{note: '${password}'}]", more))
    assert main(["run", "./two.yaml", "--out", "runs"]) == 0
    assert sorted(path.name for path in Path("runs").iterdir() if path.is_dir()) == [
        "password-1",
        "password-2",
    ]
    said = capfd.readouterr()
    assert "password-2" in said.out
    assert "-one" not in said.out + said.err + Path("runs/summary.json").read_text()

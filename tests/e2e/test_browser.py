"""The app on a web page: what textual-serve and the app say to each other, without a browser."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.patience import PATIENCE
from tests.recording.sample_run import record_sample

pytestmark = pytest.mark.e2e

BEGUN = b"__GANGLION__\n"


class Page:
    """A server's end of the two pipes to an app."""

    def __init__(self, process: subprocess.Popen[bytes]) -> None:
        assert process.stdin is not None
        assert process.stdout is not None
        self.process = process
        self._to, self._from = process.stdin, process.stdout

    def wait_until_begun(self) -> None:
        """The app has taken the page over."""
        assert self._from.readline() == BEGUN

    def wait_for(self, text: str) -> None:
        """Read the stream until it has drawn the text; cells may be drawn apart from each other."""
        drawn = ""
        while text not in drawn:
            kind, payload = self._packet()
            assert kind == b"D", payload
            drawn += re.sub(r"\x1b\[[<>?]?[\d;$]*[a-zA-Z]", "", payload.decode())

    def wait_for_the_end(self) -> int:
        """Read the rest of the stream; returns the app's exit code."""
        kinds = {
            (kind, payload) for kind, payload in iter(self._packet, (b"", b"")) if kind == b"M"
        }
        assert kinds == {(b"M", b'{"type": "exit"}')}
        return self.process.wait(PATIENCE)

    def type(self, keys: str) -> None:
        """As somebody at the page."""
        self._send(b"D", keys.encode())

    def tell(self, kind: str, **more: object) -> None:
        """As the server itself."""
        self._send(b"M", json.dumps({"type": kind, **more}).encode())

    def _send(self, kind: bytes, payload: bytes) -> None:
        self._to.write(kind + len(payload).to_bytes(4, "big") + payload)
        self._to.flush()

    def _packet(self) -> tuple[bytes, bytes]:
        kind = self._from.read(1)
        return kind, self._from.read(int.from_bytes(self._from.read(4), "big"))


@contextmanager
def page(home: Path, *arguments: str) -> Iterator[Page]:
    environment = {
        **os.environ,
        "TEXTUAL_DRIVER": "textual.drivers.web_driver:WebDriver",
        "TEXTUAL_COLOR_SYSTEM": "truecolor",
        "COLUMNS": "100",
        "ROWS": "30",
        "HOME": str(home),
        "XDG_CONFIG_HOME": str(home / "config"),
    }
    with subprocess.Popen(
        [sys.executable, "-m", "evtui", *arguments],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        env=environment,
        start_new_session=True,
    ) as process:
        try:
            one = Page(process)
            one.wait_until_begun()
            yield one
        finally:
            process.kill()


def test_the_lab_streams_to_a_page_takes_its_size_and_keys_and_leaves(tmp_path: Path) -> None:
    with page(tmp_path, "--port", "0") as one:
        one.wait_for("CP1 ● Preparing")
        one.tell("resize", width=70, height=20)
        one.tell("resize", width=40, height=10)
        one.wait_for("evtui needs 60x15, this is 40x10")
        one.type("q")
        assert one.wait_for_the_end() == 0


def test_a_page_that_is_closed_ends_the_lab_and_what_it_records(tmp_path: Path) -> None:
    run = tmp_path / "run"
    with page(tmp_path, "--port", "0", "--record", str(run)) as one:
        one.wait_for("CP1 ● Preparing")
        one.tell("quit")
        assert one.wait_for_the_end() == 0
    manifest = json.loads((run / "manifest.json").read_text())
    assert manifest["interrupted"] == "the page was closed"


def test_a_replay_streams_to_a_page(tmp_path: Path) -> None:
    record_sample(tmp_path / "sample")
    with page(tmp_path, "replay", str(tmp_path / "sample")) as one:
        one.wait_for("REPLAY sample")
        one.type("q")
        assert one.wait_for_the_end() == 0

"""Where the foreign peers are.

They are no dependencies of ours: ``EVTUI_PEERS`` names a folder made by

    npm install --prefix FOLDER ocpp-rpc
    python -m venv FOLDER/venv && FOLDER/venv/bin/pip install ocpp-csms

A peer that is missing skips its tests, except under ``EVTUI_FULL=1``, where it fails them.
"""

from __future__ import annotations

import os
import shutil
from pathlib import Path
from typing import NoReturn

import pytest


def _missing(problem: str, remedy: str) -> NoReturn:
    reason = f"{problem}; set EVTUI_PEERS to a folder FOLDER after {remedy}"
    if os.environ.get("EVTUI_FULL") == "1":
        pytest.fail(reason, pytrace=False)
    pytest.skip(reason)


def _peers() -> Path:
    return Path(os.environ.get("EVTUI_PEERS", os.devnull)).absolute()


@pytest.fixture
def ocpp_rpc() -> Path:
    """The ``node_modules`` folder with the npm package ``ocpp-rpc``."""
    modules = _peers() / "node_modules"
    if shutil.which("node") is None:
        _missing("Node.js is not installed", "installing it")
    if not (modules / "ocpp-rpc").is_dir():
        _missing("no npm package ocpp-rpc", "npm install --prefix FOLDER ocpp-rpc")
    return modules


@pytest.fixture
def ocpp_csms() -> Path:
    """The command ``ocpp-csms`` of the PyPI package of that name."""
    command = _peers() / "venv" / "bin" / "ocpp-csms"
    if not command.is_file():
        _missing(
            "no command ocpp-csms",
            "python -m venv FOLDER/venv && FOLDER/venv/bin/pip install ocpp-csms",
        )
    return command

"""Where the foreign peers are.

They are no dependencies of ours: ``EVTUI_PEERS`` names a folder made by

    npm install --prefix FOLDER ocpp-rpc ocpp-ws-cli
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


def _npm_package(name: str) -> Path:
    """The ``node_modules`` folder that has it."""
    modules = _peers() / "node_modules"
    if shutil.which("node") is None:
        _missing("Node.js is not installed", "installing it")
    if not (modules / name).is_dir():
        _missing(f"no npm package {name}", f"npm install --prefix FOLDER {name}")
    return modules


@pytest.fixture
def ocpp_rpc() -> Path:
    """The ``node_modules`` folder with the npm package ``ocpp-rpc``."""
    return _npm_package("ocpp-rpc")


@pytest.fixture
def ocpp_cli() -> Path:
    """The command ``ocpp`` of the npm package ``ocpp-ws-cli``."""
    return _npm_package("ocpp-ws-cli") / ".bin" / "ocpp"


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

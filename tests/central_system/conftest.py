"""What is promised holds over both links."""

from __future__ import annotations

import pytest

from tests.central_system.rig import LinkKind


@pytest.fixture(params=["websocket", "memory"])
def link(request: pytest.FixtureRequest) -> LinkKind:
    """The links, one after the other."""
    kind: LinkKind = request.param
    return kind

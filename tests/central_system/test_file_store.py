"""The small file server that stations fetch firmware from and bring diagnostics to."""

from __future__ import annotations

from collections.abc import Iterator
from http.client import HTTPConnection
from urllib.parse import urlsplit
from urllib.request import urlopen

import pytest

from evtui.central_system.file_store import FileStore, FileStoreError
from tests.patience import PATIENCE


@pytest.fixture
def files() -> Iterator[FileStore]:
    store = FileStore(largest=1000, most=2)
    yield store
    store.close()


def send(files: FileStore, method: str, path: str, body: bytes | None = None) -> tuple[int, bytes]:
    """Status and body of the answer to one request."""
    place = urlsplit(files.url)
    connection = HTTPConnection(place.hostname or "", place.port, timeout=PATIENCE)
    try:
        connection.request(method, path, body)
        answer = connection.getresponse()
        return answer.status, answer.read()
    finally:
        connection.close()


def test_firmware_that_is_offered_can_be_fetched_at_its_url(files: FileStore) -> None:
    url = files.add("fw 1.2.bin", b"\x00\x01firmware")
    assert url == f"{files.url}/firmware/fw%201.2.bin"
    assert url.startswith("http://127.0.0.1:")
    with urlopen(url, timeout=PATIENCE) as answer:
        assert answer.read() == b"\x00\x01firmware"
    assert send(files, "HEAD", "/firmware/fw%201.2.bin") == (200, b"")
    files.add("fw 1.2.bin", b"newer")
    assert send(files, "GET", "/firmware/fw%201.2.bin") == (200, b"newer")


@pytest.mark.parametrize("method", ["PUT", "POST"])
def test_diagnostics_that_are_brought_are_kept_by_name(files: FileStore, method: str) -> None:
    assert send(files, method, "/diagnostics/CP1.log", b"what happened") == (201, b"kept\n")
    assert files.received == {"CP1.log": b"what happened"}
    assert send(files, method, "/diagnostics/CP1.log", b"") == (201, b"kept\n")
    assert files.received == {"CP1.log": b""}


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/firmware/other.bin", 404),
        ("GET", "/firmware/", 404),
        ("GET", "/diagnostics/CP1.log", 404),
        ("GET", "/firmware/..%2F..%2Fetc%2Fpasswd", 404),
        ("PUT", "/firmware/fw.bin", 404),
        ("PUT", "/diagnostics/", 404),
        ("PUT", "/diagnostics/..%2Fx", 404),
        ("PUT", "/diagnostics/..", 404),
        ("PUT", "/diagnostics/a%1Bb", 404),
        ("PUT", "/x", 404),
        ("DELETE", "/diagnostics/CP1.log", 501),
    ],
)
def test_everything_else_is_refused(files: FileStore, method: str, path: str, status: int) -> None:
    assert send(files, method, path, b"x" if method == "PUT" else None)[0] == status
    assert files.received == {}


def test_files_are_bounded_in_size_and_number(files: FileStore) -> None:
    assert send(files, "PUT", "/diagnostics/big", b"x" * 1001)[0] == 413
    for name in ("a", "b"):
        assert send(files, "PUT", f"/diagnostics/{name}", b"x" * 1000)[0] == 201
    assert send(files, "PUT", "/diagnostics/c", b"x") == (507, b"there are 2 files already\n")
    assert send(files, "PUT", "/diagnostics/a", b"again")[0] == 201
    assert sorted(files.received) == ["a", "b"]


def test_files_are_bounded_in_their_sum() -> None:
    files = FileStore(total=1000)
    try:
        assert send(files, "PUT", "/diagnostics/a", b"x" * 600)[0] == 201
        assert send(files, "PUT", "/diagnostics/b", b"x" * 401) == (
            507,
            b"there are 600 bytes already\n",
        )
        assert send(files, "PUT", "/diagnostics/a", b"x" * 1000)[0] == 201  # in place of itself
        files.add("fw0", b"x" * 600)
        with pytest.raises(FileStoreError, match="fw: there are 600 bytes already"):
            files.add("fw", b"x" * 401)
    finally:
        files.close()


@pytest.mark.parametrize("name", ["", "..", "a/b", "a\\b", "a\x1b", "x" * 256])
def test_firmware_needs_a_plain_name(files: FileStore, name: str) -> None:
    with pytest.raises(FileStoreError, match="is no file name"):
        files.add(name, b"")


def test_firmware_is_bounded_too(files: FileStore) -> None:
    with pytest.raises(FileStoreError, match=r"^fw: over 1000 bytes$"):
        files.add("fw", b"x" * 1001)
    files.add("one", b"")
    files.add("two", b"")
    with pytest.raises(FileStoreError, match=r"^fw: there are 2 files already$"):
        files.add("fw", b"")


def test_the_server_comes_with_the_first_need_and_its_files_outlive_it() -> None:
    files = FileStore()
    files.close()  # nothing was there
    first = files.add("fw", b"x")
    files.close()
    with pytest.raises(OSError, match="refused"):
        urlopen(first, timeout=PATIENCE)
    assert urlopen(f"{files.firmware_url}/fw", timeout=PATIENCE).read() == b"x"
    assert files.diagnostics_url == f"{files.url}/diagnostics"
    files.close()

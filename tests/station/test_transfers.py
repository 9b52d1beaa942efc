"""Files over HTTP, FTP and in memory (OCPP 1.6 sections 6.25, 6.55 and 8)."""

from __future__ import annotations

import asyncio
import socket
import threading
from collections.abc import Awaitable, Callable, Iterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from evtui.station.files.memory import MemoryTransfers
from evtui.station.files.network import AT_ONCE, NetworkTransfers
from evtui.station.files.requests import MOST_RETRIES, Retries, file_url
from evtui.station.files.transfers import FileTransfers, TransferFailed
from tests.station.file_servers import HttpServer, ftp_server, http_server
from tests.station.loopback_certificate import CERTIFICATE, KEY
from tests.station.rig import virtual

DATA = bytes(range(256)) * 1_000
LIMIT = 1 << 20


@pytest.fixture(name="web")
def _web() -> Iterator[HttpServer]:
    with http_server() as server:
        yield server


@pytest.fixture(name="ftp")
def _ftp(tmp_path: Path) -> Iterator[str]:
    with ftp_server(tmp_path) as place:
        yield place


async def reason(transfers: FileTransfers, url: str, data: bytes | None = None) -> str:
    """Why a download, or the upload of ``data``, fails."""
    transfer: Awaitable[object] = (
        transfers.download(url, limit_bytes=LIMIT) if data is None else transfers.upload(url, data)
    )
    with pytest.raises(TransferFailed) as failure:
        await transfer
    text = str(failure.value)
    assert "\n" not in text
    assert "hunter2" not in text
    return text


# HTTP


async def test_a_file_is_fetched_over_http(web: HttpServer) -> None:
    web.files["/fw/2.0.bin?sig=a%20b"] = DATA
    url = f"{web.url}/fw/2.0.bin?sig=a%20b"
    assert await NetworkTransfers().download(url, limit_bytes=len(DATA)) == DATA


async def test_a_file_is_put_over_http(web: HttpServer) -> None:
    await NetworkTransfers().upload(f"{web.url}/logs/cp1.jsonl", DATA)
    assert web.files == {"/logs/cp1.jsonl": DATA}
    assert web.requests == [("PUT", "/logs/cp1.jsonl")]


async def test_a_server_that_knows_no_put_gets_a_post(web: HttpServer) -> None:
    web.put = False
    await NetworkTransfers().upload(f"{web.url}/logs/cp1.jsonl", DATA)
    assert web.files == {"/logs/cp1.jsonl": DATA}
    assert web.requests == [("PUT", "/logs/cp1.jsonl"), ("POST", "/logs/cp1.jsonl")]


async def test_user_and_password_of_the_url_are_sent_and_never_said(web: HttpServer) -> None:
    web.password = "hunter2"
    url = web.url.replace("//", "//bob:hunter2@") + "/cp1.log"
    await NetworkTransfers().upload(url, DATA)
    assert await NetworkTransfers().download(url, limit_bytes=LIMIT) == DATA
    web.password = "another"
    shown = web.url.replace("//", "//***@")
    assert await reason(NetworkTransfers(), url) == f"{shown}/cp1.log: HTTP 401 Unauthorized"
    assert await reason(NetworkTransfers(), url, DATA) == f"{shown}/cp1.log: HTTP 401 Unauthorized"


async def test_a_file_that_is_not_there_is_a_failure(web: HttpServer) -> None:
    assert await reason(NetworkTransfers(), f"{web.url}/x") == f"{web.url}/x: HTTP 404 Not Found"


async def test_a_file_over_the_limit_is_a_failure_for_good(web: HttpServer) -> None:
    web.files["/big"] = DATA
    with pytest.raises(TransferFailed, match="larger than 99 bytes") as failure:
        await NetworkTransfers().download(f"{web.url}/big", limit_bytes=99)
    assert failure.value.final


async def test_a_file_that_ends_early_is_a_failure(web: HttpServer) -> None:
    web.files["/cut"] = DATA
    web.short = 100
    wanted = f"{web.url}/cut: ended after {len(DATA) - 100} of {len(DATA)} bytes"
    assert await reason(NetworkTransfers(), f"{web.url}/cut") == wanted


async def test_a_server_that_drips_is_given_up_and_its_thread_ends(web: HttpServer) -> None:
    web.files["/slow"] = DATA
    web.drip = True
    text = await reason(NetworkTransfers(timeout=0.2), f"{web.url}/slow")
    assert text == f"{web.url}/slow: not done after 0.2 s"
    assert await asyncio.to_thread(web.hung_up.wait, 30)
    await no_transfers()


async def test_a_cancelled_transfer_ends_its_thread(web: HttpServer) -> None:
    web.files["/slow"] = DATA
    web.drip = True
    transfer = asyncio.create_task(
        NetworkTransfers().download(f"{web.url}/slow", limit_bytes=LIMIT)
    )
    await until(lambda: web.requests)
    transfer.cancel()
    await asyncio.gather(transfer, return_exceptions=True)
    assert transfer.cancelled()
    assert await asyncio.to_thread(web.hung_up.wait, 30)
    await no_transfers()


async def test_transfers_beyond_the_most_at_once_wait_for_their_turn(web: HttpServer) -> None:
    web.files["/slow"] = web.files["/fast"] = DATA
    web.drip = True
    transfers = NetworkTransfers()
    slow = [
        asyncio.create_task(transfers.download(f"{web.url}/slow", limit_bytes=LIMIT))
        for _ in range(AT_ONCE)
    ]
    await until(lambda: len(web.requests) == AT_ONCE)
    web.drip = False
    fast = asyncio.create_task(transfers.download(f"{web.url}/fast", limit_bytes=LIMIT))
    await asyncio.sleep(0)
    assert transfers_running() == AT_ONCE
    for transfer in slow:
        transfer.cancel()
    assert await fast == DATA
    assert web.requests[-1] == ("GET", "/fast")
    await asyncio.gather(*slow, return_exceptions=True)


async def test_https_is_spoken_and_certificates_are_checked(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    certificate, key = tmp_path / "certificate.pem", tmp_path / "key.pem"
    certificate.write_text(CERTIFICATE)
    key.write_text(KEY)
    with http_server((certificate, key)) as web:
        web.files["/fw"] = DATA
        monkeypatch.delenv("SSL_CERT_FILE", raising=False)
        assert "certificate verify failed" in await reason(NetworkTransfers(), f"{web.url}/fw")
        monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
        assert await NetworkTransfers().download(f"{web.url}/fw", limit_bytes=LIMIT) == DATA


async def test_nobody_listening_is_a_failure() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        place = f"127.0.0.1:{taken.getsockname()[1]}"
        for url in (f"http://{place}/x", f"ftp://{place}/x"):
            assert await reason(NetworkTransfers(), url) == f"{url}: Connection refused"
            assert await reason(NetworkTransfers(), url, DATA) == f"{url}: Connection refused"


@pytest.mark.parametrize(
    "answer",
    [b"", b"\x00\xff\xff\n", b"HTTP/1.1 200 OK\r\n" + b"a: b\r\n" * 999, b"220-" + b"x" * 99_999],
    ids=["nothing", "bytes", "headers without end", "a line without end"],
)
async def test_a_server_that_speaks_neither_is_a_failure(answer: bytes) -> None:
    async def speak(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(answer)
        writer.close()

    async with await asyncio.start_server(speak, "127.0.0.1", 0) as server:
        place = f"127.0.0.1:{server.sockets[0].getsockname()[1]}"
        for url in (f"http://{place}/x", f"ftp://{place}/x"):
            assert (await reason(NetworkTransfers(), url)).startswith(f"{url}: ")


# FTP


async def test_a_file_is_fetched_over_ftp(ftp: str, tmp_path: Path) -> None:
    (tmp_path / "fw").mkdir()
    (tmp_path / "fw" / "2 0.bin").write_bytes(DATA)
    url = f"ftp://bob:hunter2@{ftp}/fw/2%200.bin"
    assert await NetworkTransfers().download(url, limit_bytes=len(DATA)) == DATA


async def test_a_file_is_stored_over_ftp(ftp: str, tmp_path: Path) -> None:
    (tmp_path / "logs").mkdir()
    await NetworkTransfers().upload(f"ftp://bob:hunter2@{ftp}/logs/cp1.jsonl", DATA)
    assert (tmp_path / "logs" / "cp1.jsonl").read_bytes() == DATA


async def test_a_wrong_password_is_a_failure_that_does_not_say_it(ftp: str) -> None:
    text = await reason(NetworkTransfers(), f"ftp://bob:hunter22@{ftp}/x")
    assert text == f"ftp://***@{ftp}/x: 530 Authentication failed."


async def test_a_missing_ftp_file_or_directory_is_a_failure(ftp: str) -> None:
    url = f"ftp://bob:hunter2@{ftp}/away/x"
    assert (await reason(NetworkTransfers(), url)).startswith(f"ftp://***@{ftp}/away/x: 550 ")
    assert (await reason(NetworkTransfers(), url, DATA)).startswith(f"ftp://***@{ftp}/away/x: 550 ")


async def test_an_ftp_file_over_the_limit_is_a_failure_for_good(ftp: str, tmp_path: Path) -> None:
    (tmp_path / "big").write_bytes(DATA)
    with pytest.raises(TransferFailed, match="larger than 99 bytes") as failure:
        await NetworkTransfers().download(f"ftp://bob:hunter2@{ftp}/big", limit_bytes=99)
    assert failure.value.final


async def test_a_path_cannot_smuggle_in_ftp_commands(ftp: str, tmp_path: Path) -> None:
    (tmp_path / "x").write_bytes(DATA)
    url = f"ftp://bob:hunter2@{ftp}/x%0D%0ADELE%20x"
    assert "illegal newline" in await reason(NetworkTransfers(), url)
    assert (tmp_path / "x").exists()


# Which places are allowed


@pytest.mark.parametrize(
    "host", ["192.0.2.1", "example.org", "0.0.0.0", "127.1", "2130706433", "localhost.example.org"]
)
async def test_hosts_beyond_loopback_are_refused_for_good(host: str) -> None:
    with pytest.raises(TransferFailed, match="is not this computer") as failure:
        await NetworkTransfers().download(f"ftp://bob:hunter2@{host}/x", limit_bytes=LIMIT)
    assert failure.value.final
    assert "hunter2" not in str(failure.value)


@pytest.mark.parametrize("host", ["127.0.0.1", "127.9.9.9", "[::1]", "localhost", "LOCALHOST"])
async def test_loopback_is_not_refused(host: str) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        url = f"http://{host}:{taken.getsockname()[1]}/x"
        assert "is not this computer" not in await reason(NetworkTransfers(), url)


async def test_a_station_told_so_asks_any_host() -> None:
    text = await reason(NetworkTransfers(anywhere=True, timeout=5), "http://0.0.0.0:1/x")
    assert "is not this computer" not in text


@pytest.mark.parametrize(
    "url",
    [
        "file:///etc/passwd",
        "gopher://127.0.0.1/x",
        "ftps://127.0.0.1/x",
        "/etc/passwd",
        "bob:hunter2@127.0.0.1/x",
        "",
        "http://",
        "http:///x",
        "http://127.0.0.1:port/x",
        "http://bob:hunter2@[::1/x",
        "http://bob:hunter2@\u2100/x",
        "http://bob:hunter2/x@127.0.0.1/x",
    ],
)
async def test_what_is_no_place_for_files_is_refused_for_good(url: str) -> None:
    with pytest.raises(TransferFailed) as failure:
        await NetworkTransfers().upload(url, DATA)
    assert failure.value.final
    assert "hunter2" not in str(failure.value)


# What the requests say


@pytest.mark.parametrize(
    ("location", "url"),
    [
        ("ftp://h/logs", "ftp://h/logs/cp.jsonl"),
        ("ftp://h/logs/", "ftp://h/logs/cp.jsonl"),
        ("ftp://h", "ftp://h/cp.jsonl"),
        ("ftp://h/v1.6/", "ftp://h/v1.6/cp.jsonl"),
        ("http://h/up/station.log", "http://h/up/station.log"),
        ("https://h/bucket/1?signature=x", "https://h/bucket/1?signature=x"),
        ("http://[::1/broken", "http://[::1/broken"),
    ],
)
def test_a_location_is_a_directory_unless_it_looks_like_a_file(location: str, url: str) -> None:
    assert file_url(location, "cp.jsonl") == url


@given(st.integers(), st.integers())
def test_whatever_a_request_says_the_retries_are_finite_and_apart(
    retries: int, interval: int
) -> None:
    asked = Retries.of({"retries": retries, "retryInterval": interval})
    assert asked.count == min(max(0, retries), MOST_RETRIES)
    assert 1.0 <= asked.interval <= 86_400.0


# In memory


@virtual
async def test_files_in_memory_take_their_time_and_fail_as_told() -> None:
    loop = asyncio.get_running_loop()
    memory = MemoryTransfers(duration=3.0)
    await memory.upload("ftp://h/x", DATA)
    assert loop.time() == 3.0
    assert await memory.download("ftp://h/x", limit_bytes=LIMIT) == DATA
    memory.failures.append("the disk is full")
    assert await reason(memory, "ftp://h/x", DATA) == "the disk is full"
    assert await reason(memory, "ftp://a:hunter2@h/y") == "ftp://***@h/y: no such file"


async def until(condition: Callable[[], object]) -> None:
    """Wait for what another thread does."""
    async with asyncio.timeout(30):
        while not condition():  # noqa: ASYNC110 - threads set no asyncio.Event
            await asyncio.sleep(0.005)


async def no_transfers() -> None:
    """Wait until no thread of a transfer is left."""
    await until(lambda: transfers_running() == 0)


def transfers_running() -> int:
    """Threads of transfers."""
    return sum(each.name.startswith("transfer ") for each in threading.enumerate())

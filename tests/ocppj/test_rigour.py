"""Every case of the table in ``rigour.py``, played against both ends over a real WebSocket."""

from __future__ import annotations

import asyncio
import re
from typing import Literal

import pytest

from evtui.ocppj.link import CallRefused
from tests.ocppj.frames import Frame, text
from tests.ocppj.rigour import CASES, NO_PONG, Case, rows
from tests.ocppj.rough import ENDS, OpenEnd, open_end

End = Literal["central system", "charge point"]

PROBE = '[2,"probe","DataTransfer",{"vendorId":"probe"}]'

both_ends = pytest.mark.parametrize("end", ENDS)


def cases(*chosen: Case) -> pytest.MarkDecorator:
    return pytest.mark.parametrize("case", chosen, ids=[case.arrives for case in chosen])


async def lives_on(open_: OpenEnd, logged: int) -> None:
    """The next good call is answered, and nothing else was logged."""
    open_.peer.write(*text(PROBE))
    answer = await open_.peer.hear()
    assert answer[:2] == [3, "probe"]
    assert len(await open_.logged(logged + 2)) == logged + 2


@both_ends
@cases(*(case for case in CASES if not case.closes and not case.outcome))
async def test_what_is_wrong_is_answered_and_logged_as_the_table_says(end: End, case: Case) -> None:
    async with open_end(end) as open_:
        before = 0
        if case.after:
            open_.peer.write(*case.after)
            await open_.peer.hear()
            before = 2
        open_.peer.write(*case.sends)
        logged = before + 1
        if case.answer != "nothing":
            answer = await open_.peer.hear()
            code = [3, case.uid] if case.answer == "CALLRESULT" else [4, case.uid, case.answer]
            assert answer[: len(code)] == code
            logged += 1
        shown = (await open_.logged(logged))[before]
        assert shown.phase == "delivered"
        assert (shown.kind, shown.error) == ("invalid" if case.logged else "call", case.logged)
        await lives_on(open_, logged)


@both_ends
@cases(*(case for case in CASES if case.outcome))
async def test_what_comes_for_a_call_of_ours_ends_it_as_the_table_says(
    end: End, case: Case
) -> None:
    async with open_end(end) as open_:
        call = asyncio.create_task(asyncio.wait_for(open_.call(), 5))
        uid = (await open_.peer.hear())[1]
        if case.outcome == "no answer":
            with pytest.raises(TimeoutError, match="got no answer"):
                await call
        for frame in case.sends:
            open_.peer.write(Frame(frame.opcode, frame.data.replace(b"{uid}", uid.encode())))
        if case.outcome in ("answered", "used"):
            assert await call == {"status": "Accepted"}
        elif case.outcome != "no answer":
            with pytest.raises(CallRefused) as refused:
                await call
            assert refused.value.code == case.outcome
        logged = 1 + len(case.sends)
        last = (await open_.logged(logged))[-1]
        assert (last.phase, last.error) == ("delivered", case.logged)
        told = last.violation and last.violation.kind == "tolerated"
        assert bool(told) is (case.outcome == "used")
        await lives_on(open_, logged)


@both_ends
@cases(*(case for case in CASES if case.closes and case.arrives != NO_PONG))
async def test_what_cannot_be_gone_on_with_closes_the_connection_and_is_one_row(
    end: End, case: Case
) -> None:
    async with open_end(end) as open_:
        open_.peer.write(*case.sends, masked_wrongly=case.masked_wrongly)
        assert await open_.peer.closed() == case.closes
        [row] = await open_.logged(1)
        assert (row.phase, row.kind, row.error) == ("delivered", "invalid", case.logged)


@both_ends
async def test_a_peer_that_gives_no_sign_of_life_is_left_and_no_message_is_blamed(
    end: End,
) -> None:
    async with open_end(end, pings=0.05) as open_:
        open_.peer.connection.transport.pause_reading()
        assert re.search(r"no pong and no message .* closed by us with 1011", await open_.gone())
        assert open_.rows() == []
        open_.peer.connection.transport.abort()


def test_every_case_has_a_section_and_a_row_of_its_own() -> None:
    told = list(rows())
    assert len({row[0] for row in told}) == len(told) == len(CASES)
    assert all(answer and section for _, answer, section, _ in told)

"""The CAN panel as a person uses it."""

from __future__ import annotations

import pytest

from evtui.commands import COMMANDS
from evtui.events import CanFrame
from evtui.tui.line_view import LineView
from evtui.tui.panels.can_heads import ColumnHeads
from evtui.tui.rows import row_text
from tests.tui.driving import Driven, driven, handled
from tests.tui.fake_lab import FakeLab
from tests.tui.waves import anomaly

CAN = [each for each in COMMANDS if each.name.startswith("view.can")]


def lines(one: Driven, selector: str = "#can-ids") -> list[str]:
    return [line.rstrip() for line in one.text(selector).splitlines() if line.strip()]


def heads(one: Driven) -> str:
    widget = one.main.query_one(ColumnHeads)
    return "\n".join(row_text(row) for row in widget.rows) if widget.display else ""


def flood(lab: FakeLab, identifiers: int, *, start: int = 0) -> None:
    for number in range(start, start + identifiers):
        lab.frame(0x10000000 + number, bytes(8), node="guest", extended=True)


async def test_a_row_tells_count_period_data_and_signals_below_their_names() -> None:
    async with driven(10.0) as one:
        assert heads(one).split() == ["id▾", "name", "count", "1/s", "period", "data", "signals"]
        row = lines(one)[-1]
        assert row.split()[:4] == ["300", "Current", "100", "10.0"]
        assert row.split()[4:6] == ["100", "ms"]
        for name in ("count", "period", "data"):
            assert row[heads(one).index(name) + len(name) - 1] != " "


async def test_with_the_whole_screen_there_are_all_columns() -> None:
    async with driven(10.0) as one:
        await one.press("2", "f")
        named = heads(one).split()
        assert named[2:] == [
            *("sender", "count", "1/s", "period", "cycle", "jitter", "data", "signals")
        ]
        assert "100 ms" in lines(one)[-1][heads(one).index("cycle") - 2 :]


async def test_a_low_panel_has_no_row_to_spare_for_names() -> None:
    async with driven(10.0, size=(80, 24)) as one:
        assert heads(one) == ""
        await one.press("2", "f")
        assert "count" in heads(one)


async def test_a_key_sorts_by_the_next_column_and_another_turns_it_round() -> None:
    async with driven(20.0) as one:
        await one.press("z", "z", "z")
        assert "by count" in one.title("#can")
        assert lines(one)[0].split()[0].endswith("300")
        await one.press("Z")
        assert "by count ↑" in one.title("#can")
        assert lines(one)[-1].split()[0].endswith("300")


async def test_a_click_on_a_heading_sorts_and_a_second_one_turns_it_round() -> None:
    async with driven(20.0) as one:
        place = heads(one).index("count")
        for arrow in ("▾", "▴"):
            await one.pilot.click(ColumnHeads, offset=(place, 0))
            await handled(one.pilot)
            assert f"count{arrow}" in heads(one)
        await one.pilot.click(ColumnHeads, offset=(0, 0))
        assert "count▴" in heads(one)


async def test_what_an_anomaly_sends_is_marked_and_what_is_overdue_is_dim() -> None:
    lab = FakeLab()
    async with driven(10.0, lab=lab) as one:
        view = one.main.query_one("#can-ids", LineView)
        said = anomaly(10.0, "step", attack_id="forged-1", anomaly="can-spoof-current")
        lab.frame(0x300, b"\x14\0", cause=lab.publish(said))
        await one.tick()
        assert lines(one)[-1].startswith("▓300")
        lab.clock.t = 14.0
        await one.tick()
        last = view.rows[len(lines(one)) - 1]
        assert not row_text(last).startswith("▓")
        assert {piece.role for piece in last if piece.text.strip()} == {"muted"}


async def test_muted_bits_are_said_and_can_be_marked_again() -> None:
    async with driven(12.0) as one:
        await one.press("asterisk")
        assert "marked no more, in 2 identifiers" in one.main.footer.notice
        await one.press("number_sign")
        assert "marked again" in one.main.footer.notice


async def test_a_list_that_is_cleared_counts_anew_through_the_same_filter_in_the_same_order() -> (
    None
):
    async with driven(10.0) as one:
        await one.press("2", "slash", "3", "0", "0", "enter", "z", "z", "z", "L")
        assert lines(one) == [" no row matches the filter"] or "waiting" in lines(one)[0]
        await one.play(12.0)
        assert "by count · filter 300 · 1/" in one.title("#can")
        assert lines(one)[0].split()[:3] == ["▌300", "Current", "20"]


async def test_thousands_of_identifiers_are_bounded_and_what_is_left_out_is_said() -> None:
    lab = FakeLab(capacity=200_000)
    async with driven(5.0, lab=lab) as one:
        for begin in range(0, 20_000, 4_000):
            flood(lab, 4_000, start=begin)
            lab.frame(0x300, b"\1\0", node="module")
            await one.tick()
        table = one.main.can.ids
        assert table.total <= 4096
        assert f"{table.dropped:,} dropped" in one.title("#can")
        assert table.dropped + table.total >= 20_000
        assert "300" in {table.row(place).id_text for place in range(len(table))}


async def test_a_sorted_list_keeps_its_place_while_rows_change_theirs() -> None:
    lab = FakeLab()
    async with driven(3.0, lab=lab) as one:
        flood(lab, 200)
        await one.play(4.1)
        await one.press("2", "z", "z", "z", *["down"] * 30)
        view = one.main.query_one("#can-ids", LineView)
        top, chosen = view._top, view.source.row(view.cursor).key
        for _ in range(5):
            flood(lab, 100, start=150)
        await one.play(5.3)
        assert view.source.row(view.cursor).key == chosen
        assert view._top <= view.cursor < view._top + view.size.height
        assert abs(view._top - top) <= 200


async def test_hostile_names_of_nodes_are_shown_and_not_obeyed() -> None:
    lab = FakeLab()
    async with driven(1.0, lab=lab) as one:
        lab.frame(0x321, b"\1", node="\x1b[2J\u202eevil")
        await one.press("2", "f")
        await one.play(2.1)
        assert "\\x1b[2J" in one.text("#can-ids")


@pytest.mark.parametrize("size", [(60, 15), (80, 24), (100, 30), (120, 36), (200, 60)])
async def test_any_size_draws_both_lists(size: tuple[int, int]) -> None:
    lab = FakeLab()
    async with driven(3.0, size=size, lab=lab) as one:
        lab.publish(
            CanFrame(station="CP2", bus="CP2/can", node="x", arbitration_id=1, data=bytes(64))
        )
        for keys in (("2",), ("f",), ("t",), ("f",), ("z",)):
            await one.press(*keys)
            await one.tick()
            assert lines(one, f"#{one.main.can.view.id}")


def test_every_command_of_the_panel_has_a_key_and_words() -> None:
    assert {"view.can_trace", "view.can_sort", "view.can_mute"} <= {each.name for each in CAN}

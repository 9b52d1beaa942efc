"""The CAN panel as a person uses it."""

from __future__ import annotations

import pytest

from evtui.events import CanFrame
from evtui.tui.line_view import LineView
from evtui.tui.models.frames import FrameLine
from evtui.tui.panels.can_heads import ColumnHeads
from evtui.tui.rows import row_text
from tests.tui.driving import Driven, driven, handled
from tests.tui.fake_lab import FakeLab
from tests.tui.waves import anomaly


def lines(one: Driven, selector: str = "#can-ids") -> list[str]:
    return [line.rstrip() for line in one.text(selector).splitlines() if line.strip()]


def heads(one: Driven) -> str:
    widget = one.main.query_one(ColumnHeads)
    return "\n".join(row_text(row) for row in widget.rows) if widget.display else ""


def chosen(view: LineView) -> FrameLine:
    """The frame under the cursor."""
    assert isinstance(view.entry, FrameLine)
    return view.entry


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
        top, key = view._top, chosen(view).key
        for _ in range(5):
            flood(lab, 100, start=150)
        await one.play(5.3)
        assert chosen(view).key == key
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


# Trace


async def test_times_in_the_trace_are_of_the_clock_since_zero_or_since_the_row_before() -> None:
    async with driven(9.0, size=(120, 40)) as one:
        await one.press("2", "t")
        assert "12:01:10.000 300" in lines(one, "#can-trace")[-1]
        await one.press("u")
        assert "since 0" in one.title("#can")
        assert lines(one, "#can-trace")[-1].split()[1:3] == ["8.900000", "300"]
        await one.press("u")
        assert "delta" in one.title("#can")
        assert lines(one, "#can-trace")[-1].split()[1:3] == ["+0.100000", "300"]
        await one.press("u")
        assert "12:01:10.000 300" in lines(one, "#can-trace")[-1]


async def test_times_count_from_the_row_that_was_chosen() -> None:
    async with driven(9.0, size=(120, 40)) as one:
        await one.press("2", "t", "up", "up", "U")
        assert "from 12:01:09.800" in one.main.footer.notice
        last = [line for line in lines(one, "#can-trace") if " 300 " in line][-1]
        assert last.split()[0] == "0.200000"


async def test_the_delta_of_a_filtered_trace_is_between_the_rows_that_are_shown() -> None:
    lab = FakeLab()
    async with driven(0.0, lab=lab, size=(120, 40)) as one:
        for tick in range(10):
            lab.clock.t = tick / 10
            lab.frame(0x300 if tick % 2 else 0x210, b"\1\0")
        await one.tick()
        await one.press("2", "t", "u", "u", "slash", *"300", "enter")
        shown = lines(one, "#can-trace")
        assert len(shown) == 5
        assert all("+0.200000" in line for line in shown[1:])


async def test_error_frames_are_told_in_words() -> None:
    lab = FakeLab()
    async with driven(0.5, lab=lab) as one:
        lab.publish(
            CanFrame(
                station="CP1",
                bus="CP1/can",
                node="can0",
                arbitration_id=0x40,
                data=bytes(8),
                error=True,
            )
        )
        await one.press("2", "t", "f")
        await one.play(1.5)
        assert any(
            "ERR error frame" in line and "bus off" in line for line in lines(one, "#can-trace")
        )


# Filters and search


async def test_a_filter_holds_for_both_lists_and_survives_clearing() -> None:
    async with driven(30.0, size=(120, 40)) as one:
        await one.press("2", "slash", *"210:7F0", "enter")
        assert "filter 210:7F0" in one.title("#can")
        assert [line.split()[0][-3:] for line in lines(one)] == ["210"]
        await one.press("t")
        assert all("SetLimit" in line for line in lines(one, "#can-trace"))
        await one.press("L")
        await one.play(40.0)
        assert "filter 210:7F0" in one.title("#can")
        assert all("SetLimit" in line for line in lines(one, "#can-trace"))
        await one.press("escape", "t")
        assert len(lines(one)) > 1


async def test_a_filter_that_is_none_says_so_and_the_old_one_stays() -> None:
    async with driven(9.0, size=(120, 40)) as one:
        await one.press("2", "slash", *"id=210", *",")
        hint = one.main.can.query_one("#hint")
        assert "hexadecimal" in str(hint.render())
        await one.press("backspace", "enter")
        assert "filter id=210" in one.title("#can")


async def test_only_what_an_anomaly_sent_can_be_shown_also_after_its_mark_is_gone() -> None:
    lab = FakeLab()
    async with driven(10.0, lab=lab) as one:
        said = anomaly(10.0, "step", attack_id="forged-1", anomaly="can-spoof-current")
        lab.frame(0x300, b"\x14\0", cause=lab.publish(said))
        await one.press("2", "slash", *"injected", "enter")
        await one.play(14.0)
        assert [line.split()[0][-3:] for line in lines(one)] == ["300"]
        await one.press("t")
        assert "1/" in one.title("#can")


async def test_a_search_goes_to_the_next_row_and_back_and_round() -> None:
    async with driven(30.0, size=(120, 40)) as one:
        view = one.main.query_one("#can-trace", LineView)
        await one.press("2", "t", "right_parenthesis")
        assert "F looks for a row" in one.main.footer.notice
        await one.press("F", *"name=limit", "enter")
        last = chosen(view)
        assert last.name == "SetLimit"
        await one.press("left_parenthesis")
        assert chosen(view).name == "SetLimit"
        assert chosen(view).t < last.t
        await one.press("right_parenthesis")
        assert chosen(view).t == last.t
        await one.press("right_parenthesis")
        assert "from the other end again" in one.main.footer.notice
        assert chosen(view).t < last.t
        assert len(view.source) == view.source.total


async def test_a_search_without_a_match_says_so_and_moves_nothing() -> None:
    async with driven(30.0) as one:
        view = one.main.query_one("#ocpp-list", LineView)
        await one.press("up")
        before = view.cursor
        await one.press("F", *"nothing at all", "enter")
        assert "no row has nothing at all" in one.main.footer.notice
        assert view.cursor == before
        await one.press("F", "escape")
        assert one.main.focused is view

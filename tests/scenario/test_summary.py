"""The table at the end of a run."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from evtui.scenario.judge.results import MatrixResult
from evtui.scenario.judge.summary import WIDTH, failed_lines, matrix_table, run_table
from tests.scenario.results import made, verdict


def test_the_table_says_everything_at_a_glance() -> None:
    result = made(
        verdicts=[
            verdict("every step is done", "3 steps in 30.0 s", path="steps"),
            verdict("alarm current-reversals within 30 s", "not raised", met=False),
        ]
    )
    assert run_table(result) == (
        "fluctuation: Repeated current fluctuation\n"
        "\n"
        "verdict expected                            found\n"
        "met     every step is done                  3 steps in 30.0 s\n"
        "FAILED  alarm current-reversals within      not raised\n"
        "        30 s\n"
        "\n"
        "alarms    CP1/1 current-reversals/can at 49.2 s: fluctuation-1 detected after\n"
        "          16.0 s\n"
        "messages  12,345\n"
        "frames    36,000\n"
        "energy    805.2 Wh\n"
        "time      3,600.0 s simulated in 3.00 s, 1,200 times real time\n"
        "seed      7\n"
        "folder    runs/one\n"
    )


def test_an_interrupted_run_is_said_to_be_not_judged() -> None:
    table = run_table(made(verdicts=[], interrupted="SIGINT", interrupted_at_s=12.0))
    assert "not judged" in table
    assert "ended     early, at 12.0 s: SIGINT" in table


def test_a_false_alarm_is_called_one() -> None:
    alarm = made().alarms[0]
    false = type(alarm)(
        **{name: getattr(alarm, name) for name in alarm.__struct_fields__}
        | {"attack_id": "", "time_to_detect_s": None}
    )
    assert "at 49.2 s: false alarm" in run_table(made(alarms=[false]))


@given(st.text(), st.text(), st.text())
def test_it_fits_the_terminal_and_obeys_nobody(title: str, expectation: str, found: str) -> None:
    result = made(title=title, folder=found, verdicts=[verdict(expectation, found)])
    for line in run_table(result).split("\n"):
        assert len(line) <= WIDTH
        assert line.isprintable()


def test_the_table_of_a_matrix_has_a_line_for_each_run_and_for_what_failed() -> None:
    matrix = MatrixResult(
        scenario="fluctuation",
        seed=7,
        runs=[
            made(label="high=50"),
            made(label="high=100", verdicts=[verdict("no alarm", "raised", met=False)]),
        ],
        not_run=["high=200"],
    )
    assert matrix_table(matrix, "runs/one") == (
        "fluctuation: 2 runs\n"
        "\n"
        "met     high=50                             3,600.0 s, 1 alarm, 805.2 Wh\n"
        "FAILED  high=100                            3,600.0 s, 1 alarm, 805.2 Wh\n"
        "        - no alarm: raised\n"
        "not run high=200\n"
        "\n"
        "met       1 of 3\n"
        "seed      7\n"
        "folder    runs/one\n"
    )


def test_failed_expectations_are_lines_of_their_own() -> None:
    bad = made(
        label="high=50",
        verdicts=[verdict("no alarm", "raised\x1b", met=False), verdict("b", "c")],
        interrupted="SIGINT",
        interrupted_at_s=1.0,
    )
    assert list(failed_lines(bad)) == [
        "high=50: no alarm: raised\\x1b",
        "high=50: ended early at 1.0 s: SIGINT",
    ]

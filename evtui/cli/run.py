"""``evtui run``: a scenario without a terminal, and what came of it."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import click

from evtui.cli.errors import BadInput
from evtui.cli.plans import anomaly_plan, base_from, load_plan, read_inputs
from evtui.cli.signals import stopped_by_signals
from evtui.cli.values import FILE, AnomalyName, Checked, InputValue, OfKind, ScenarioName, Where
from evtui.config import KINDS, SETTINGS, Settings
from evtui.kinds import Integer, quoted

if TYPE_CHECKING:
    from evtui.events import Event
    from evtui.scenario.judge import MatrixResult, RunResult
    from evtui.scenario.language import Base, Plan
    from evtui.scenario.run import Options, StopFlag

__all__ = ["command"]

OUTPUT_LOST = 3
"""Exit code when what was asked for could not be written."""

FASTEST = 1_000_000.0


@click.command(
    short_help="Run a scenario without a terminal and judge it.",
    epilog="""\
\b
Examples:
  evtui run repeated-current-fluctuation --seed 7 --out a
  evtui run ./mine.yaml --set high=50 --duration 1h --junit result.xml
  evtui run preset-comparison --jobs 4
  evtui run --anomaly repeated-current-fluctuation --set high_a=50
  evtui run mine.yaml --csms ws://127.0.0.1:8180/steve --junit result.xml
  evtui run --upstream wss://csms.example/ocpp --listen 127.0.0.1:9000

\b
Exit codes:
  0    all expectations met
  1    an expectation failed, or a step
  2    bad input; nothing was run
  3    the lab failed, or the recording, or a file or stream that was asked for
       could not be written
  130  interrupted; the folder is complete and says so. Ctrl+C once brings
       the lab to its safe state, twice leaves at once
""",
)
@click.argument("scenario", metavar="SCENARIO", type=ScenarioName(), required=False)
@click.option(
    "--anomaly",
    metavar="NAME",
    type=AnomalyName(),
    help="In the place of a scenario: charge, switch this anomaly on, end safely, and say whether "
    "its effect was seen. --set gives its parameters; evtui anomalies NAME lists them.",
)
@click.option(
    "--csms",
    metavar="URL",
    type=Checked(KINDS["csms"]),
    help="Run it at this central system of somebody else, in real time: our charge point's steps "
    "and what is expected of the messages. {id} is its identity, else /identity is appended.",
)
@click.option(
    "--password-file",
    metavar="FILE",
    type=Checked(KINDS["password_file"]),
    help="With --csms: its first line is the password.",
)
@click.option(
    "--upstream",
    metavar="URL",
    type=Checked(KINDS["upstream"]),
    help="In the place of a scenario: stand between other people's charge points and this central "
    "system of theirs, and record what passes, for --duration or until Ctrl+C.",
)
@click.option(
    "--listen",
    metavar="HOST:PORT",
    type=Checked(KINDS["listen"]),
    help="With --upstream: where the charge points connect. [127.0.0.1:9000]",
)
@click.option(
    "--insecure",
    is_flag=True,
    help="With --listen: at an address where others can connect, without TLS and password.",
)
@click.option(
    "--speed",
    metavar="1|N|max",
    help="Simulated seconds a second; 1 uses the real clock and a real WebSocket. [max, with "
    "--csms 1]",
)
@click.option(
    "--config",
    "file",
    metavar="FILE",
    type=OfKind(FILE),
    help="Read settings of lab, charge point, anomaly and recording from this TOML file; what "
    "the scenario says comes first.",
)
@click.option(
    "--seed",
    type=Checked(KINDS["seed"]),
    metavar="N",
    help="Start of the random numbers: the same number, the same run. [1]",
)
@click.option(
    "--duration",
    metavar="T",
    help="How long: 90, 500ms, 1m, 1h30m. It is the scenario's input of that name, if it has one "
    "and --set does not give it; else the run is cut short then, or goes on until then. With "
    "--anomaly: how long that is on. [1m]",
)
@click.option(
    "--set",
    "given",
    multiple=True,
    metavar="INPUT=VALUE",
    type=InputValue(),
    help="An input of the scenario, or a parameter of the anomaly; may be repeated.",
)
@click.option(
    "--out",
    type=Where("dir"),
    metavar="DIR",
    help="Record into this folder. [a new one below runs/]",
)
@click.option("--json", "as_json", is_flag=True, help="Print the result as JSON, not as a table.")
@click.option(
    "--junit",
    type=Where(),
    metavar="FILE",
    help="Write the verdicts as JUnit XML too.",
)
@click.option("--quiet", is_flag=True, help="Say only what failed, on standard error.")
@click.option(
    "--jobs",
    type=Checked(Integer(1, 256)),
    default=1,
    metavar="N",
    help="Runs of a matrix at a time, in as many processes. [1]",
)
@click.option("--redact-id-tags", is_flag=True, help="Hide id tags in the folder and the feed.")
@click.option(
    "--record-trouble",
    metavar="NAME",
    type=Checked(KINDS["record_trouble"]),
    help="What the run does when recording fails, as with a full disk: stop or continue. [stop]",
)
@click.option(
    "--events",
    metavar="FILE|-|unix:PATH",
    type=Checked(KINDS["events"]),
    help="Write every event as a JSON line as it happens.",
)
@click.pass_obj
def command(
    before: dict[str, Any] | None,
    scenario: str | None,
    anomaly: str | None,
    csms: str | None,
    password_file: str | None,
    upstream: str | None,
    listen: str | None,
    insecure: bool,
    speed: str | None,
    file: str | None,
    seed: int | None,
    duration: str | None,
    given: tuple[str, ...],
    out: Path | None,
    as_json: bool,
    junit: Path | None,
    quiet: bool,
    jobs: int,
    redact_id_tags: bool,
    record_trouble: Literal["stop", "continue"] | None,
    events: str | None,
) -> int:
    """Run SCENARIO, a file or the name of a built-in scenario, and judge it.

    It is recorded into a folder, and the verdicts are printed.
    """
    if upstream is not None:
        if scenario is not None or anomaly is not None:
            raise BadInput("run: --upstream is in the place of a scenario or --anomaly")
        if csms is not None:
            raise BadInput("run: --upstream relays to one central system, --csms runs at one")
        own: dict[str, Any] = {"upstream": upstream, "listen": listen, "insecure": insecure}
        own |= {"events": events, "redact_id_tags": redact_id_tags or None}
        return _between(file, own | {"record_trouble": record_trouble}, out, duration, quiet)
    if listen is not None or insecure:
        raise BadInput("run: --listen and --insecure go with --upstream")
    if scenario is None and anomaly is None:
        raise BadInput("run: which scenario? name a file, or one of those in evtui scenarios")
    if scenario is not None and anomaly is not None:
        raise BadInput(f"run: a scenario and --anomaly {anomaly}; leave one out")
    before = before or {}
    _refuse_misplaced(before)
    settings, base = _settings(before.get("file") if file is None else file)
    if csms is not None:
        base = _at_somebody_elses(base, csms, password_file)
    elif password_file is not None:
        raise BadInput("run: --password-file goes with --csms")
    events = events or settings.events
    redact_id_tags = redact_id_tags or settings.redact_id_tags
    record_trouble = record_trouble or settings.record_trouble
    if out is None and settings.record is not None:
        out = Path(settings.record)
    if events == "-" and as_json:
        raise BadInput("run: --json and --events - both want standard output; name a file")
    seconds = _duration(duration)
    with _modules_spared():
        asked = _speed("max" if speed is None else speed)
        options = _options(asked, seconds, redact_id_tags, record_trouble)
        inputs = read_inputs(given)
        if anomaly is not None:
            plan = anomaly_plan(anomaly, inputs, seed=seed, duration=seconds, base=base)
        else:
            assert scenario is not None
            plan = load_plan(scenario, inputs, seed=seed, duration=seconds, base=base)
    if not plan.settings.our_central_system:
        if speed is not None and asked != 1:
            raise BadInput(
                f"run: --speed {speed}: at somebody else's central system time is real, --speed 1"
            )
        options = options.but(speed=1.0)
    if "duration" in plan.inputs and "duration" not in inputs:
        options = options.but(duration=None)
    if plan.axes and events is not None:
        axes = ", ".join(plan.axes)
        raise BadInput(f"run: --events follows one run, here are many; give --set for {axes}")
    with ExitStack() as stack:
        report = _Report(junit, as_json=as_json, quiet=quiet, on_stderr=events == "-")
        follower = None
        if events is not None:
            follower = stack.enter_context(_Follower(events, plan, redact_id_tags))
            options = options.but(events=follower.on_event)
        stop = stack.enter_context(stopped_by_signals())
        folder = out or _new_folder(plan)
        if plan.axes:
            return _run_matrix(plan, options, folder, jobs, stop, report)
        exit_code = _run_one(plan, options, folder, stop, report)
    failed = follower is not None and follower.failed
    return max(exit_code, OUTPUT_LOST) if failed else exit_code


# Input


def _refuse_misplaced(before: dict[str, Any]) -> None:
    """Options of the app, which stand before ``run``, would be of no effect."""
    flags = {setting.name: setting.flag_for for setting in SETTINGS}
    for name, value in before.items():
        if value is not None and name != "file":
            raise BadInput(
                f"{flags[name](value)} was given before run, where it has no effect: a scenario "
                "says how its lab is set up, and --set and --config give what it leaves open"
            )


def _settings(file: str | None) -> tuple[Settings, Base]:
    """The settings in ``file``, and what of them stands under the scenario."""
    from evtui.scenario.language import Base

    if file is None:
        return Settings(record_trouble="stop"), Base()
    effective, base = base_from(file)
    settings = effective.settings
    if effective.origins["record_trouble"] == "default":
        settings = replace(settings, record_trouble="stop")
    return settings, base


def _between(
    file: str | None, own: dict[str, Any], out: Path | None, duration: str | None, quiet: bool
) -> int:
    """Between other people's charge points and their central system."""
    from evtui.cli.between import relay
    from evtui.config import SettingsError

    settings, _ = _settings(file)
    given = {name: value for name, value in own.items() if value is not None}
    record = settings.record or str(_folder_named("proxy"))
    try:
        settings = replace(settings, csms=None, record=str(out or record), **given)
    except SettingsError as error:
        raise BadInput(*error.mistakes) from None
    return relay(settings, duration=_duration(duration), quiet=quiet)


def _at_somebody_elses(base: Base, csms: str, password_file: str | None) -> Base:
    """What a run is set up by that has its central system elsewhere.

    Raises:
        SettingsError: URL and password do not go together.
    """
    import os

    from evtui.config import load

    flags: dict[str, str | bool] = {"csms": csms}
    if password_file is not None:
        flags["password_file"] = password_file
    url = load(flags, environ=os.environ, own=False).settings.csms
    return base._replace(settings=replace(base.settings, csms=url))


def _speed(text: str) -> float | Literal["max"]:
    if text == "max":
        return "max"
    try:
        speed = float(text)
    except ValueError:
        speed = 0.0
    if not 0 < speed <= FASTEST:
        raise BadInput(
            f"--speed: expected 1, a number up to {FASTEST:,.0f}, or max, got {quoted(text)}"
        )
    return speed


def _duration(text: str | None) -> float | None:
    if text is None:
        return None
    from evtui.scenario.language import DURATION

    try:
        duration = DURATION.read(text)
    except ValueError as error:
        raise BadInput(f"--duration: {error}") from None
    if duration <= 0:
        raise BadInput(f"--duration: expected more than nothing, got {quoted(text)}")
    return float(duration)


def _options(
    speed: float | Literal["max"],
    duration: float | None,
    redact_id_tags: bool,
    record_trouble: Literal["stop", "continue"],
) -> Options:
    from evtui.cli.progress import say
    from evtui.scenario.run import Options

    return Options(
        speed=speed,
        duration=duration,
        redact_id_tags=redact_id_tags,
        record_trouble=record_trouble,
        trouble=lambda line: say(f"evtui: {line}"),
    )


class _Follower:
    """The live feed; what goes wrong with it is told, and is nothing to the run.

    Attributes:
        failed: it could not be written to the end.
    """

    def __init__(self, destination: str, plan: Plan, redact_id_tags: bool) -> None:
        from evtui.feed import FeedError, open_feed
        from evtui.recording.write import Redactor

        redactor = Redactor(id_tags=redact_id_tags)
        redactor.learn(plan.text, plan.inputs)
        try:
            self._feed = open_feed(destination, redactor)
        except FeedError as error:
            raise BadInput(str(error)) from None
        self._destination = destination
        self.failed = False

    def on_event(self, event: Event) -> None:
        """Pass ``event`` on.  The stream would note an error, and so change the recording."""
        from evtui.cli.progress import say
        from evtui.feed import FeedError

        if self.failed:
            return
        try:
            self._feed.on_event(event)
        except FeedError as error:
            self.failed = True
            say(f"evtui: {error}")

    def __enter__(self) -> _Follower:
        return self

    def __exit__(self, *_: object) -> None:
        from evtui.cli.progress import say

        self._feed.close()
        if self._feed.failure:
            if not self.failed:
                say(f"evtui: {self._feed.failure}")
            self.failed = True
        elif self._feed.dropped:
            lost = f"{self._feed.dropped:,} lines lost by readers that were too slow, or not there"
            say(f"evtui: events to {self._destination}: {lost}")


def _new_folder(plan: Plan) -> Path:
    return _folder_named(f"{plan.scenario.id}-seed{plan.settings.seed}")


def _folder_named(what: str) -> Path:
    from datetime import UTC, datetime

    from evtui.recording.write import new_folder
    from evtui.runtime import utc_now

    moment = datetime.fromtimestamp(utc_now(), UTC).strftime("%Y%m%dT%H%M%SZ")
    return new_folder(Path("runs"), moment, what)


# Running


@contextmanager
def _modules_spared() -> Iterator[None]:
    """Spare what is imported inside every garbage collection: it lives as long as the program.

    To look through it for garbage again and again is 15 % of a run.  Done once for a process: what
    is garbage already is kept then.
    """
    if gc.get_freeze_count():
        yield
        return
    gc.disable()
    try:
        yield
    finally:
        gc.freeze()
        gc.enable()


def _run_one(plan: Plan, options: Options, folder: Path, stop: StopFlag, report: _Report) -> int:
    from evtui.cli.progress import Narrator, narration_is_a_bar
    from evtui.recording.write import RecordingError
    from evtui.scenario.judge import run_table
    from evtui.scenario.run import run_headless

    options = options.but(folder=folder, stop=stop)
    narrator = Narrator(bar=narration_is_a_bar())
    if not report.quiet:
        options = options.but(narrate=narrator.narrate, progress=narrator.progress)
    try:
        result = run_headless(plan, options)
    except RecordingError as error:
        raise BadInput(str(error)) from None
    finally:
        narrator.clear()
    written = report.give([result], result, run_table(result))
    return result.exit_code if written else max(result.exit_code, OUTPUT_LOST)


def _run_matrix(
    plan: Plan, options: Options, folder: Path, jobs: int, stop: StopFlag, report: _Report
) -> int:
    from evtui.cli.progress import say
    from evtui.recording.write import RecordingError
    from evtui.scenario.judge import matrix_table
    from evtui.scenario.language import ScenarioError
    from evtui.scenario.run import combinations_of, run_matrix

    done = 0
    try:
        combinations = combinations_of(plan, folder)

        def finished(result: RunResult) -> None:
            nonlocal done
            done += 1
            if not report.quiet:
                outcome = {0: "met", 1: "FAILED"}.get(result.exit_code, result.interrupted)
                say(f"{done} of {len(combinations)}  {result.label}: {outcome}")

        result = run_matrix(
            combinations, options, out=folder, jobs=jobs, stop=stop, finished=finished
        )
    except ScenarioError as error:
        raise BadInput(*error.mistakes) from None
    except RecordingError as error:
        raise BadInput(str(error)) from None
    table = matrix_table(result, str(folder))
    written = report.give(result.runs, result, table)
    return result.exit_code if written else max(result.exit_code, OUTPUT_LOST)


class _Report:
    """Where the outcome goes.

    Args:
        junit: file for JUnit XML; made at once, so that a wrong path shows before the run.
        on_stderr: standard output is taken.
    """

    def __init__(self, junit: Path | None, *, as_json: bool, quiet: bool, on_stderr: bool) -> None:
        self.quiet = quiet
        self._junit = junit
        self._as_json = as_json
        self._on_stderr = on_stderr
        if junit is not None:
            try:
                junit.open("ab").close()
            except OSError as error:
                raise BadInput(
                    f"--junit {junit}: {(error.strerror or 'cannot be written').lower()}; "
                    "name a file that can be written"
                ) from None

    def give(self, results: list[RunResult], whole: RunResult | MatrixResult, table: str) -> bool:
        """Say and write everything; False when a file could not be written."""
        from evtui.cli.progress import say
        from evtui.events import pretty_json
        from evtui.scenario.judge import failed_lines

        written = True
        if self._junit is not None:
            from evtui.scenario.judge import junit_xml

            try:
                self._junit.write_bytes(junit_xml(results))
            except OSError as error:
                say(f"evtui: cannot write {self._junit}: {error.strerror}")
                written = False
        if self.quiet:
            for result in results:
                for line in failed_lines(result):
                    say(line)
        if self._as_json:
            return _echo(pretty_json(whole)) and written
        if not self.quiet:
            return _echo(table, err=self._on_stderr) and written
        return written


def _echo(text: str, *, err: bool = False) -> bool:
    """Print it; False where there is no room for it."""
    from evtui.cli.progress import say

    try:
        click.echo(text, nl=False, err=err)
    except BrokenPipeError:
        raise  # nobody wants it any more
    except OSError as error:
        say(f"evtui: cannot write the output ({error.strerror})")
        return False
    return True

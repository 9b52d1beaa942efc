"""Every combination of a scenario's matrix: one run each, one folder each, one summary."""

from __future__ import annotations

import re
import select
import signal
import threading
from collections import deque
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from multiprocessing import resource_tracker
from multiprocessing.connection import Connection, wait
from multiprocessing.context import ForkContext, SpawnContext
from multiprocessing.process import BaseProcess
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec

from evtui.events import pretty_json
from evtui.recording.write import RecordingError, Redactor, prepare_folder
from evtui.redaction import is_secret_name
from evtui.scenario.judge.results import MatrixResult, RunResult
from evtui.scenario.language.loader import load
from evtui.scenario.language.settings import Base
from evtui.scenario.run.headless import Options, StopFlag, run_headless

if TYPE_CHECKING:
    from evtui.scenario.language.loader import Plan

__all__ = ["SUMMARY", "Combination", "combinations_of", "run_matrix"]

SUMMARY = "summary.json"

LONGEST_NAME = 120
"""Characters of a folder's name; file systems take 255 bytes."""

ENDING_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


@dataclass(frozen=True, slots=True, kw_only=True)
class Combination:
    """One run of a matrix; small, since it goes to another process.

    Attributes:
        scenario: name by which :func:`evtui.scenario.language.loader.load` finds it.
        title: for people.
        label: ``variant=seed,high=50``.
        inputs: all of them.
        base: what the scenario leaves open.
    """

    scenario: str
    id: str
    title: str
    label: str
    inputs: dict[str, Any]
    seed: int
    folder: Path
    base: Base


def combinations_of(plan: Plan, out: Path) -> list[Combination]:
    """Every run of the matrix; each is loaded once, so that a mistake shows before any begins.

    Args:
        out: their folders are made in it.

    Raises:
        ScenarioError: a combination cannot be run.
    """
    found = []
    taken: set[str] = set()
    for inputs in plan.combinations():
        one = load(plan.name, inputs, seed=plan.settings.seed, base=plan.base)
        label = ",".join(_label(plan, name, inputs[name]) for name in plan.axes)
        name = _file_name(label)
        while name.lower() in taken:
            name = f"{name}+"
        taken.add(name.lower())
        found.append(
            Combination(
                scenario=plan.name,
                id=plan.scenario.id,
                title=one.scenario.title,
                label=label,
                inputs=inputs,
                seed=plan.settings.seed,
                folder=out / name,
                base=plan.base,
            )
        )
    return found


def run_matrix(
    combinations: Sequence[Combination],
    options: Options,
    *,
    out: Path,
    jobs: int,
    stop: StopFlag,
    finished: Callable[[RunResult], None] = lambda result: None,
) -> MatrixResult:
    """Run all of them, ``jobs`` at a time, and write ``out``/summary.json.

    Args:
        options: of every run; only what goes to another process counts, and ``trouble``.
        stop: ends the runs that have begun, in their safe state; others do not begin.
        finished: called with each result as it comes.

    Raises:
        RecordingError: the folder or the summary cannot be written.
    """
    prepare_folder(out)
    if jobs == 1:
        results = _one_after_the_other(combinations, options, stop, finished)
    else:
        results = _Workers(options, stop, finished).run(combinations, jobs)
    result = MatrixResult(
        scenario=combinations[0].id,
        seed=combinations[0].seed,
        runs=[results[one.label] for one in combinations if one.label in results],
        not_run=[one.label for one in combinations if one.label not in results],
    )
    try:
        (out / SUMMARY).write_text(pretty_json(result), "utf-8")
    except OSError as error:
        raise RecordingError(f"cannot write {out / SUMMARY}: {error.strerror}") from None
    return result


def _file_name(text: str) -> str:
    """``text`` as the name of a file or folder: nothing in it that a file system minds."""
    return re.sub(r"[^\w.,=+-]", "_", text)[:LONGEST_NAME].lstrip(".") or "_"


def _label(plan: Plan, name: str, value: Any) -> str:
    """``high=50``; of a secret its place in the matrix, ``password-2``, since folders bear it."""
    if is_secret_name(name):
        return f"{name}-{plan.axes[name].index(value) + 1}"
    return f"{name}={_shown(value)}"


def _shown(value: Any) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    return f"{value:g}" if isinstance(value, float) else str(value)


def _run(one: Combination, options: Options) -> RunResult:
    plan = load(one.scenario, one.inputs, seed=one.seed, base=one.base)
    return run_headless(plan, options.but(folder=one.folder, label=one.label))


def _one_after_the_other(
    combinations: Sequence[Combination],
    options: Options,
    stop: StopFlag,
    finished: Callable[[RunResult], None],
) -> dict[str, RunResult]:
    results: dict[str, RunResult] = {}
    for one in combinations:
        if stop.reason:
            break
        results[one.label] = _run(one, options.but(stop=stop))
        finished(results[one.label])
    return results


class _Workers:
    """Runs combinations in processes of their own, each of which runs several, one by one."""

    def __init__(
        self, options: Options, stop: StopFlag, finished: Callable[[RunResult], None]
    ) -> None:
        # What calls back stays here; a worker gets what can be sent to it.
        self._options = msgspec.structs.replace(
            options, events=None, narrate=None, progress=None, trouble=None, stop=None
        )
        self._trouble = options.trouble
        self._stop = stop
        self._finished = finished
        self._processes: dict[Connection, BaseProcess] = {}
        self._running: dict[Connection, Combination] = {}

    def run(self, combinations: Sequence[Combination], jobs: int) -> dict[str, RunResult]:
        waiting = deque(combinations)
        results: dict[str, RunResult] = {}
        self._stop.listen(self._end, self._kill)
        while self._running or (waiting and not self._stop.reason):
            while waiting and len(self._running) < jobs and not self._stop.reason:
                self._give(waiting.popleft())
            for ready in wait(list(self._running)):
                assert isinstance(ready, Connection)
                one, result = self._take(ready)
                results[one.label] = result
                self._finished(result)
        for pipe in tuple(self._processes):
            self._dismiss(pipe)
        self._stop.forget()
        return results

    def _give(self, one: Combination) -> None:
        idle = self._processes.keys() - self._running.keys()
        pipe = idle.pop() if idle else self._begin()
        self._running[pipe] = one
        with suppress(OSError):  # it has died; the pipe's end says so to whoever waits for it
            pipe.send(one)

    def _begin(self) -> Connection:
        """A new worker, and the pipe to it.

        A fork has everything that was imported here, and begins at once.  Beside other threads it
        is not safe, since a lock that one of them holds would never be released in it.
        """
        forks = threading.active_count() == 1
        context: ForkContext | SpawnContext = ForkContext() if forks else SpawnContext()
        if not forks:
            # It would start with the first worker, and unblock what is blocked for that.
            resource_tracker.ensure_running()
        ours, theirs = context.Pipe()
        # Were they open in a fork as well, no worker would see the end of its pipe.
        foreign = (ours, *self._processes) if forks else ()
        process = context.Process(target=_work, args=(theirs, foreign, self._options), daemon=True)
        # A worker begins with signals blocked, so that none can end it before it is ready.
        before = signal.pthread_sigmask(signal.SIG_BLOCK, ENDING_SIGNALS)
        try:
            process.start()
            self._processes[ours] = process
        finally:
            signal.pthread_sigmask(signal.SIG_SETMASK, before)
        theirs.close()
        return ours

    def _take(self, ready: Connection) -> tuple[Combination, RunResult]:
        one = self._running.pop(ready)
        try:
            result = msgspec.msgpack.decode(ready.recv_bytes(), type=RunResult)
        except (EOFError, OSError, msgspec.DecodeError):
            process = self._dismiss(ready)
            result = _broken(one, f"its process ended with code {process.exitcode}")
        if result.recording_failure and self._trouble is not None:
            self._trouble(result.recording_failure)
        return one, result

    def _dismiss(self, pipe: Connection) -> BaseProcess:
        """Let a worker that runs nothing end, and wait until it has."""
        pipe.close()
        process = self._processes[pipe]
        process.join()
        del self._processes[pipe]
        return process

    def _end(self, reason: str) -> None:
        for process in tuple(self._processes.values()):
            process.terminate()

    def _kill(self) -> None:
        for process in tuple(self._processes.values()):
            process.kill()


def _work(pipe: Connection, foreign: Sequence[Connection], options: Options) -> None:
    """What a worker does.  Only its parent ends it, so Ctrl+C on the terminal is not for it.

    Args:
        pipe: brings combinations, takes their results, and ends with the parent.
        foreign: ends of pipes that are the parent's.
    """
    stop = StopFlag()
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGHUP, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, lambda number, frame: stop.request("SIGTERM"))
    signal.pthread_sigmask(signal.SIG_UNBLOCK, ENDING_SIGNALS)
    for other in foreign:
        other.close()
    threading.Thread(target=_end_with_parent, args=(pipe, stop), daemon=True).start()
    with suppress(EOFError, OSError):  # nobody wants to know any more
        while True:
            one: Combination = pipe.recv()
            try:
                result = _run(one, options.but(stop=stop))
            except Exception as error:
                result = _broken(one, str(error) or type(error).__name__)
            pipe.send_bytes(msgspec.msgpack.encode(result))


def _end_with_parent(pipe: Connection, stop: StopFlag) -> None:
    """Nobody could end us once it is gone, and nobody waits for us."""
    poll = select.poll()
    poll.register(pipe, 0)  # no input; a hang-up is reported all the same
    poll.poll()
    stop.request("the program that started it has gone")


def _broken(one: Combination, reason: str) -> RunResult:
    redactor = Redactor()
    redactor.learn("", one.inputs)
    result = RunResult(
        scenario=one.id,
        title=one.title,
        label=one.label,
        seed=one.seed,
        inputs=one.inputs,
        verdicts=[],
        interrupted=reason,
        failed=True,
        t_end_s=0.0,
        wall_s=0.0,
        messages=0,
        frames=0,
        alarms=[],
        energy_wh=0.0,
    )
    return msgspec.structs.replace(redactor.struct(result), folder=str(one.folder))

"""Reports of a charger that come too seldom, not at all, or too often.  Pure."""

from __future__ import annotations

from evtui.detection.api import Change, Detector

__all__ = ["ReportRateDetector"]

WORTH = 4
"""Reports that a window must let expect, at least: with fewer, one more or less is a jump."""

MOST = 64
"""Reports of a connector that are watched, the first ones: a fuzzer makes up thousands."""


class ReportRateDetector(Detector):
    """Holds how often each cyclic report comes against how often it came at first.

    What is usual is learned, since pollers and foreign chargers have rates of their own: the
    mean over the first ``learn`` seconds of a report, or the first nine of it where that takes
    longer.  After that each ``window`` is judged by itself; it lasts as long as four usual
    reports where that is more.  A report is off at
    ``few`` times what is usual or less, and at ``many`` times or more: one that a flood keeps
    from the bus, or whose sender is bus off, is missing, and one that is forged beside the real
    one comes twice.  It is well again in a window within half of that distance.  The alarm is
    raised while any report is off.

    A look after more than twice the window judges nothing: whoever was held up for so long did
    not see what was there.

    Args:
        learn: s.
        window: s.
        few: share of the usual number.
        many: likewise.

    Raises:
        ValueError: one of them makes no sense.
    """

    name = "report-rate"
    views = ("can",)

    def __init__(
        self, learn: float = 5.0, window: float = 1.0, few: float = 0.5, many: float = 1.5
    ) -> None:
        super().__init__()
        if not (learn > 0 and window > 0 and 0 <= few < 1 < many):
            raise ValueError("learn and window must be positive, few below 1 and many above")
        self.learn = learn
        self.window = window
        self.few = few
        self.many = many
        self._reports: dict[int, _Report] = {}
        self._off: set[str] = set()
        self._evidence = ""

    @property
    def evidence(self) -> str:
        """See :class:`Detector`: ``0x300 came 0 times in 1 s, usually 10``."""
        return self._evidence

    def parameters(self) -> dict[str, float]:
        """See :class:`Detector`."""
        return {
            "learn_s": self.learn,
            "window_s": self.window,
            "few": self.few,
            "many": self.many,
        }

    def seen(self, t: float, arbitration_id: int, extended: bool) -> None:
        """A report came in a frame with this identifier, which has 29 bits if ``extended``.

        Args:
            t: s, not before the last look.
        """
        report = self._reports.get(arbitration_id)
        if report is None:
            if len(self._reports) < MOST:
                name = f"0x{arbitration_id:0{8 if extended else 3}X}"
                self._reports[arbitration_id] = _Report(name, t)
        else:
            report.seen += 1
            report.last = t

    def look(self, t: float) -> Change:
        """Time has passed; to be called about once a second.

        Args:
            t: s, not before the last report.

        Returns:
            What has become of the alarm.
        """
        for report in self._reports.values():
            self._judge(t, report)
        if self.alarm == bool(self._off):
            return None
        self.alarm = not self.alarm
        return "raised" if self.alarm else "cleared"

    def _judge(self, t: float, report: _Report) -> None:
        elapsed, usual = t - report.begun, report.usual
        if usual is None:
            if elapsed >= self.learn and report.seen >= 2 * WORTH:
                report.usual = report.seen / max(report.last - report.begun, 1e-3)
                report.count(t)
            return
        window = max(self.window, WORTH / usual)
        if elapsed < 0.95 * window:  # looks are not a second apart to the last digit
            return
        seen = report.count(t)
        if elapsed > 2 * window:
            return
        share = seen / (usual * elapsed)
        was_off = report.name in self._off
        low, high = self.few, self.many
        if was_off:
            low, high = (1 + low) / 2, (1 + high) / 2
        if (low < share < high) != was_off:
            return
        (self._off.discard if was_off else self._off.add)(report.name)
        times = "once" if seen == 1 else f"{seen} times"
        self._evidence = (
            f"{report.name} came {times} in {elapsed:.2g} s, usually {usual * elapsed:.2g}"
        )


class _Report:
    """How often one has come since ``begun``, and comes a second as a rule once that is known."""

    __slots__ = ("begun", "last", "name", "seen", "usual")

    def __init__(self, name: str, t: float) -> None:
        self.name = name
        self.begun = self.last = t
        self.seen = 0
        self.usual: float | None = None

    def count(self, t: float) -> int:
        """The number that came; counting begins anew."""
        seen, self.seen, self.begun = self.seen, 0, t
        return seen

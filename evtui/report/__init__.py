"""One self-contained HTML page of one or several run folders."""

from evtui.report.page import ReportError, is_report, report

__all__ = ["ReportError", "is_report", "report"]

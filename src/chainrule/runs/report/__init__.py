"""The report of a run: one page of HTML, to be kept, sent and opened anywhere.

contents    report, write_report: all of it, section by section
subject     Subject: the run, and as much of its model and data as there still is
page        how a page is made: sections, paragraphs, tables; its style
confusion   which classes were taken for which
mistakes    the worst mistakes: pictures, rows, quantities
"""

from chainrule.runs.report.contents import REPORT, report, write, write_report
from chainrule.runs.report.subject import Subject

__all__ = ["REPORT", "Subject", "report", "write", "write_report"]

"""A trial as whoever runs it sees it: a line for each thing that happens."""

import select
import sys
import time
from collections.abc import Collection
from datetime import datetime

from rich.console import Console
from rich.text import Text

from partners.credentials.rules import Secret
from webhooks.dialects import forms_of
from webhooks.trials.cases import Case
from webhooks.trials.reports import CaseReport, Result
from webhooks.trials.rules import Attempt, kinds_of
from webhooks.trials.watching import Word
from webhooks.wire.dialect import Dialect

_WORDS = {"s": Word.LEAVE_OUT, "q": Word.STOP}

_MARKS = {
    Result.TICKED: ("✓", "green"),
    Result.FAILED: ("✗", "red"),
    Result.SKIPPED: ("–", "yellow"),
    Result.NOT_ASKED: (" ", ""),
}


class ConsoleScreen:
    """A console. With ``listens`` it takes a word from the keyboard while it waits."""

    def __init__(self, console: Console, *, cases: int, listens: bool) -> None:
        self._console = console
        self._cases = cases
        self._forms: Collection[str] = ()
        self._listens = listens
        self._number = 0

    def opened(self, shop: str, dialect: Dialect, ends_at: datetime) -> None:
        """A trial begins."""
        self._forms = set(forms_of(dialect).values())
        count = "1 case" if self._cases == 1 else f"{self._cases} cases"
        self._say(f"Conformance of {shop}, dialect {dialect.name}: {count}", "bold")
        self._say(
            f"Send to /webhooks/{shop}, as ever, with the secret of this trial. What comes by it "
            "is answered as live traffic is, and never booked."
        )
        self._say(
            f"The trial ends at {ends_at.isoformat(timespec='seconds')}, and its secrets with it."
        )
        if self._listens:
            self._say("s and Enter leaves a case out, q and Enter stops.", "dim")

    def shows_secret(self, secret: Secret, which: str) -> None:
        """Those forms that are good for something in the shop's dialect; shown this once."""
        self._say(which[0].upper() + which[1:] + ":", "bold")
        for form, value in secret.shown.items():
            if form in self._forms:
                self._say(f"  {form}  {value}", "cyan")

    def asks(self, case: Case, text: str) -> None:
        """The case's number, title and text."""
        self._number += 1
        self._say("")
        self._say(f"{self._number}/{self._cases} {case.title}", "bold")
        self._say(f"  {text}")

    def saw(self, attempt: Attempt, why: str) -> None:
        """What came and how it was answered."""
        parts = [
            f"#{attempt.number}",
            f"{attempt.received_at:%H:%M:%S}",
            f"{attempt.status} {attempt.outcome}",
            attempt.webhook_id or "",
            kinds_of(attempt),
        ]
        self._say("  " + "  ".join(part for part in parts if part), "dim")
        if why:
            self._say(f"     {why}", "yellow")

    def says(self, text: str) -> None:
        """What is to come next."""
        if text:
            self._say(f"  … {text}")

    def ended(self, report: CaseReport) -> None:
        """The mark of a case."""
        mark, style = _MARKS[report.result]
        if report.result is Result.SKIPPED:
            self._number += 1
            self._say("")
        text = f"{mark} {report.case.title}: {report.result}"
        self._say(f"  {text}; {report.why}" if report.why else f"  {text}", style)

    def closes(self, text: str) -> None:
        """The last word."""
        self._say("")
        self._say(text, "bold")

    def waits(self, seconds: float) -> Word | None:
        """Let time pass, and listen meanwhile."""
        if not self._listens:
            time.sleep(seconds)
            return None
        if not select.select([sys.stdin], [], [], seconds)[0]:
            return None
        line = sys.stdin.readline()
        if not line:  # nobody is there any more
            self._listens = False
        return _WORDS.get(line.strip().lower()[:1])

    def _say(self, text: str, style: str = "") -> None:
        # As text and not as markup: some of it was written by others.
        self._console.print(Text(text, style=style), soft_wrap=True)

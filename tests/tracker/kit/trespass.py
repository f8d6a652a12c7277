"""What a trespasser would like a worker to run."""

import os
import tempfile
from pathlib import Path

TRACE = str(Path(tempfile.gettempdir()) / f"tracker-trespass-{os.getpid()}")


def leave_a_trace(*_: object) -> None:
    """Show that this was run, in a process forked from the test's."""
    Path(TRACE).touch()

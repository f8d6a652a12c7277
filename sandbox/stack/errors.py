"""What can go wrong with a stack, as sentences."""

from pathlib import Path

from tracker.kit.errors import TrackerError


class StackError(TrackerError):
    """The stack cannot do what was asked; the message says why, for a person."""

    code = "stack"


class PortTaken(StackError):
    """Somebody listens on the port already."""

    code = "port_taken"


class ProcessNotReady(StackError):
    """A process of the stack ended, or kept silent, before it was ready."""

    code = "process_not_ready"

    def __init__(self, name: str, why: str, log: Path, tail: str) -> None:
        super().__init__(f"{name} did not start: {why}. The end of {log}:\n{tail or '(nothing)'}")


class StackBroken(StackError):
    """A process that the stack cannot do without keeps ending."""

    code = "stack_broken"

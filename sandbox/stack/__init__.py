"""The whole product in one piece: servers, stand-ins, web, workers, scheduler, as processes.

``Stack`` runs them on a data folder for as long as its owner wants; ``tracker up`` is its command.
"""

from sandbox.stack.commands import CommandFailed
from sandbox.stack.errors import ProcessNotReady, StackBroken, StackError
from sandbox.stack.stack import Stack

__all__ = ["CommandFailed", "ProcessNotReady", "Stack", "StackBroken", "StackError"]

"""The composition root: what the processes and the console script begin with.

It is made of the pieces in `wiring`. Nobody imports this module; processes name it.
"""

from flask import Flask

from tracker.kit.bodies import Application
from tracker.purchases.settling import programme_of
from wiring.console import cli, main
from wiring.proofs import PROOFS
from wiring.tools import HASHED, SEALED, runtime_from, runtime_of_web, settings_of_process
from wiring.web import build_app, build_loop
from wiring.work import due_work, tasks_of

__all__ = [
    "HASHED",
    "PROOFS",
    "SEALED",
    "application",
    "build_app",
    "build_loop",
    "cli",
    "due_work",
    "main",
    "on_the_loop",
    "programme_of",
    "runtime_from",
    "runtime_of_web",
    "settings_of_process",
    "tasks_of",
]


def application() -> Flask:
    """The web service in threads, as the WSGI server asks for it."""
    return build_app(runtime_of_web())


def on_the_loop() -> Application:
    """The web service on an event loop, as the ASGI server asks for it."""
    return build_loop(runtime_of_web())

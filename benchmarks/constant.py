"""`python -m benchmarks.constant serve`: the web service, and beside it answers that never change.

What comes from a file under `/constant/<name>` takes the same way through server, loop, threads and
Flask as any other answer, and nothing is done for it: a floor for what is served out of memory.
"""

import os
from functools import cache
from pathlib import Path

import click
from flask import Response

import wsgi
from tracker.kit import processes
from tracker.kit.bodies import Application, Bodies
from tracker.kit.bridge import Bridge
from webhooks.door.loop import Loop
from webhooks.door.reception import MAX_BODY

FOLDER = "BENCH_CONSTANTS"
"""Names the folder of the answers."""


def on_the_loop() -> Application:
    """As `wsgi.on_the_loop`, with a route more."""
    tools = wsgi.runtime_of_web()
    app = wsgi.build_app(tools)
    app.add_url_rule("/constant/<name>", view_func=_constant)
    bodies = Bodies(seconds=processes.BODY_SECONDS, room=processes.BODIES_BYTES)
    rest = Bridge(
        app, bodies, threads=processes.THREADS, waiting=processes.REQUESTS, limit=MAX_BODY
    )
    return Loop(tools, bodies, elsewhere=rest)


def _constant(name: str) -> Response:
    return Response(_read(name), mimetype="application/json")


@cache
def _read(name: str) -> bytes:
    return (Path(os.environ[FOLDER]) / name).read_bytes()


@click.group()
def main() -> None:
    """A program that is started as `tracker` is."""


@main.command()
@click.option("--port", type=int, required=True)
@click.option("--processes", "count", type=int, required=True)
def serve(port: int, count: int) -> None:
    """Serve until told to stop."""
    target = f"{Path(__file__).parent.name}.constant:on_the_loop"
    processes.serve_on_loop(target, address="127.0.0.1", port=port, processes=count)


if __name__ == "__main__":
    main()

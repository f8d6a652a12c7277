"""Where every process begins: it reads in what it is made of, once, and then goes about its work.

Thousands of modules are read, none of them garbage: the collector rests meanwhile, which spares a
third of the time, and leaves them alone ever after, which also keeps the memory of forks shared.
"""

import gc
from importlib import import_module
from typing import Any


def main() -> None:
    """The console script."""
    _read_in("wiring.console").main()


def application() -> Any:
    """The web service in threads, as the WSGI server asks for it."""
    return _read_in("wsgi").application()


def on_the_loop() -> Any:
    """The web service on an event loop, as the ASGI server asks for it."""
    return _read_in("wsgi").on_the_loop()


def _read_in(module: str) -> Any:
    gc.disable()
    try:
        return import_module(module)
    finally:
        gc.freeze()
        gc.enable()

"""Settings and tools of a process."""

import os
from pathlib import Path

from tracker.kit import processes, tasks
from tracker.kit.database import make_engine
from tracker.kit.logs import set_up_logs
from tracker.kit.runtime import Runtime
from tracker.kit.settings import Settings, load_settings

DATA = "TRACKER_DATA"


DEFAULT_DATA = ".tracker"


def settings_of_process() -> Settings:
    """The settings that this process was started with."""
    return load_settings(os.environ, Path(os.environ.get(DATA, DEFAULT_DATA)))


def runtime_from(settings: Settings, *, connections: int, patience: int | None = None) -> Runtime:
    """The tools of a process; ``patience`` as for an engine."""
    set_up_logs(settings.log_level)
    engine = make_engine(settings.database_url, pool_size=connections, patience=patience)
    return Runtime(settings, engine, tasks.Nudger(tasks.connect_redis(settings.redis_url)))


def runtime_of_web() -> Runtime:
    """The tools of a web process."""
    return runtime_from(
        settings_of_process(), connections=processes.THREADS, patience=processes.PATIENCE
    )

"""`/health/live`, `/health/ready`, `/metrics`: what an orchestrator and Prometheus ask."""

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from flask import Blueprint, Response, jsonify
from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, generate_latest
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.registry import Collector
from sqlalchemy import text
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session

from tracker.kit.database import unit_of_work
from tracker.kit.runtime import Runtime

Gauges = Callable[[Session], Mapping[str, float]]
"""Figures of a room, by metric name; read at each scrape, so that all processes tell the same."""

_IS_READ_ONLY = text("SHOW transaction_read_only")
"""On a standby too."""


class _FromDatabase(Collector):
    def __init__(self, tools: Runtime, gauges: Iterable[Gauges]) -> None:
        self._tools = tools
        self._gauges = list(gauges)

    def describe(self) -> Iterable[GaugeMetricFamily]:
        """Nothing: registering must not read the database, which may not be there yet."""
        return ()

    def collect(self) -> Iterable[GaugeMetricFamily]:
        with unit_of_work(self._tools.engine) as session:
            for read in self._gauges:
                for name, value in read(session).items():
                    yield GaugeMetricFamily(f"tracker_{name}", name.replace("_", " "), value)


def build(tools: Runtime, *, readiness: Gauges, gauges: Iterable[Gauges]) -> Blueprint:
    """The blueprint; ``readiness`` adds its figures to the answer of /health/ready."""
    blueprint = Blueprint("health", __name__)
    registry = CollectorRegistry()
    registry.register(_FromDatabase(tools, gauges))

    @blueprint.get("/health/live")
    def live() -> Response:
        return jsonify({"status": "live"})

    @blueprint.get("/health/ready")
    def ready() -> tuple[Response, int]:
        answer, fit = _readiness(tools, readiness)
        return jsonify(answer), 200 if fit else 503

    @blueprint.get("/metrics")
    def metrics() -> Response:
        return Response(generate_latest(registry), content_type=CONTENT_TYPE_LATEST)

    return blueprint


def _readiness(tools: Runtime, readiness: Gauges) -> tuple[dict[str, Any], bool]:
    """Traffic may come when the database answers and can be written to, as after a failover it may
    not. Redis away is told, but does not stop the door: events are stored all the same, and the
    scheduler nudges the workers when it is back."""
    answer: dict[str, Any] = {"redis": "ok" if tools.nudger.ping() else "away"}
    try:
        with unit_of_work(tools.engine) as session:
            answer |= dict(readiness(session))
            is_read_only = session.scalar(_IS_READ_ONLY) == "on"
    except SQLAlchemyError as error:
        return answer | {"status": "not_ready", "database": type(error).__name__}, False
    if is_read_only:
        return answer | {"status": "not_ready", "database": "read_only"}, False
    return answer | {"status": "ready", "database": "ok"}, True

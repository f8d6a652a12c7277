"""The rules for Prometheus and the dashboard for Grafana name metrics that there are."""

import importlib
import json
import re
from pathlib import Path
from typing import Any

import pytest

from tests.world import World
from tracker.alerts.rules import Severity
from wiring.alerts import conditions_of

ROOT = Path(__file__).parents[2]
RULES = ROOT / "deploy" / "prometheus" / "tracker.rules.yaml"
DASHBOARD = ROOT / "deploy" / "grafana" / "tracker.json"
METRIC = re.compile(r"tracker_\w+")


@pytest.fixture
def told(world: World) -> set[str]:
    """The metrics of a service."""
    lines = world.client().get("/metrics").get_data(as_text=True).splitlines()
    return {line.split()[0] for line in lines if not line.startswith("#")}


def rules() -> list[dict[str, Any]]:
    """Every rule."""
    yaml = importlib.import_module("yaml")
    return [one for group in yaml.safe_load(RULES.read_text())["groups"] for one in group["rules"]]


def test_the_rules_name_metrics_that_there_are(told: set[str]) -> None:
    named = {name for one in rules() for name in METRIC.findall(one["expr"])}
    assert named
    assert named <= told


def test_each_condition_has_a_rule_of_its_severity(world: World) -> None:
    by_metric = {name: one for one in rules() for name in METRIC.findall(one["expr"])}
    for condition in conditions_of(world.tools.settings):
        rule = by_metric[f"tracker_alert_{condition.name}"]
        assert rule["labels"]["severity"] == str(condition.severity), condition.name
        assert rule["annotations"]["runbook"] == condition.runbook
        assert condition.severity in Severity


def test_the_dashboard_names_metrics_that_there_are(told: set[str]) -> None:
    panels = json.loads(DASHBOARD.read_text())["panels"]
    named = {
        name
        for panel in panels
        for target in panel["targets"]
        for name in METRIC.findall(target["expr"])
    }
    assert len(named) > 20
    assert named <= told


def test_runbooks_lead_somewhere(world: World) -> None:
    for condition in conditions_of(world.tools.settings):
        page, _, heading = condition.runbook.partition("#")
        text = (ROOT / page).read_text()
        anchors = {_anchor(line) for line in text.splitlines() if line.startswith("#")}
        assert not heading or heading in anchors, condition.runbook


def _anchor(line: str) -> str:
    return re.sub(r"[^\w -]", "", line.lstrip("# ").lower()).replace(" ", "-")

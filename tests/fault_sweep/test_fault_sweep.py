"""A few short months on bad days, and defects that such a month must show."""

from collections.abc import Callable
from pathlib import Path

import pytest

from sandbox.servers import EmbeddedServers
from tests.crash.bugs import BUGS
from tests.fault_sweep.month import pay_a_month
from tests.fault_sweep.place import Template, make_template
from tests.fault_sweep.scripts import FaultScript, scripts
from tracker.kit.crypto import new_key

PAYOUTS = 60
ALL = {one.name: one for one in scripts(60, 1)}
_TEMPLATES: dict[str, Template] = {}


@pytest.fixture
def template(servers: EmbeddedServers) -> Template:
    """Made once in a process, and only where it is needed."""
    if not _TEMPLATES:
        made = make_template(servers.addresses, new_key(), PAYOUTS, "template_short_faults")
        _TEMPLATES["only"] = made
    return _TEMPLATES["only"]


@pytest.mark.parametrize("name", ["late", "accept_and_fail", "contradictory_callback"])
def test_a_short_month_on_bad_days(template: Template, tmp_path: Path, name: str) -> None:
    report = pay_a_month(template, "short_faults", tmp_path, ALL[name])
    assert report.wrong == []
    assert report.met > 0
    assert report.paid + report.failed + report.with_staff == PAYOUTS


UNDER_ITS_OWN_KEY = FaultScript(
    "late and forgotten",
    {"seed": 3, "rules": [{"action": "late", "match": {"probability": 0.5}, "seconds": 4}]},
)


@pytest.mark.parametrize(
    ("bug", "script"),
    [
        ("key_per_attempt", UNDER_ITS_OWN_KEY),
        ("not_found_as_failed", ALL["late"]),
        ("unknown_as_failed", ALL["500_after"]),
        ("unknown_as_paid", ALL["500_before"]),
    ],
)
def test_a_defect_is_seen(
    template: Template, tmp_path: Path, bug: str, script: FaultScript
) -> None:
    patch: Callable[[], None] = BUGS[bug].patch
    report = pay_a_month(template, "short_faults", tmp_path, script, patch=patch, patience=9)
    assert any("the operator has paid" in one or "was paid" in one for one in report.wrong)


def test_scripts_are_many_differ_and_are_the_same_for_the_same_seed() -> None:
    many = scripts(60, 1)
    assert many == scripts(60, 1) != scripts(60, 2)
    assert len({str(one.content) + str(one.restarts) for one in many}) == 60

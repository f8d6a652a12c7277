"""docs/conformance.md is true: its trial is run, its tables are those of the code."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from sandbox.servers import EmbeddedServers
from tests.docs.pages import blocks, code, matches, page, table, tables
from tests.docs.served import Served, serving
from tests.webhooks.trials.acting import CAREFUL, Actor, account_of
from tests.world import World
from tracker.kit.settings import Settings, load_settings
from webhooks.trials.cases import CASES
from webhooks.trials.cli import conformance
from webhooks.trials.reports import Result
from webhooks.trials.rules import MAX_ATTEMPTS, MAX_BYTES

PAGE = page("conformance.md")


@pytest.fixture(scope="module")
def served(servers: EmbeddedServers, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """The product, served."""
    with serving(servers, tmp_path_factory.mktemp("stack")) as found:
        yield found


@pytest.fixture
def settings(served: Served) -> Settings:
    """Those of the served product, so that `tools` and `world` see what it sees."""
    return load_settings(served.stack.environ, served.stack.data)


def test_a_trial_by_hand_goes_as_shown(served: Served, world: World, tmp_path: Path) -> None:
    shop = world.shop("by-hand")
    shown = [one for one in blocks(PAGE) if one.language in ("sh", "text")]
    where = f"export URL={served.stack.url} SHOP={shop.slug}"
    commands = [one.text for one in shown if one.language == "sh"]
    _, *outputs = served.bash([where, *commands], tmp_path)
    got = iter(outputs)
    for one, following in zip(shown, [*shown[1:], None], strict=True):
        if one.language == "sh":
            printed = next(got)
            expected = following.text if following and following.language == "text" else ""
            assert matches(expected, printed), f"{one.text}\nprinted\n{printed}"
    assert world.query("SELECT count(*) FROM inbox_events")[0][0] == 0
    assert len(list(tmp_path.glob("conformance-by-hand-*"))) == 2


def test_the_cases_and_their_answers_are_those_of_the_code(world: World) -> None:
    cases, _ = [one for one in tables(PAGE) if one.heading == "For engineers: the cases"]
    assert [code(row["case"]) for row in cases.rows] == [[one.name] for one in CASES]
    by_name = {row["case"].strip("`"): row["answer"] for row in cases.rows}
    account = account_of(Actor(world, world.shop("answers"), CAREFUL))
    for report in account.cases:
        told = [int(answer) for answer in by_name[report.case.name].split(", ")]
        assert [one.status for one in report.evidence][-len(told) :] == told
    assert {one.result for one in account.cases} == {Result.TICKED}


def test_the_options_are_those_of_the_command() -> None:
    known = {name: one for one in conformance.params for name in one.opts}
    for row in table(PAGE, "For staff: running a trial").rows:
        words = code(row["0"])[0].split()
        option = known[words[0]]
        if words[0] in ("--timeout", "--lasting"):
            assert option.default == words[1]


def test_the_limits_are_those_of_the_code() -> None:
    limits = {row["0"]: row["1"] for row in table(PAGE, "Limits").rows}
    assert limits["requests that a trial lets in"].startswith(f"{MAX_ATTEMPTS:,}, ")
    assert limits["requests that are not let in"].startswith(f"{MAX_ATTEMPTS:,} ")
    assert limits["bodies in a trial"].startswith(f"{MAX_BYTES // 2**20} MiB")

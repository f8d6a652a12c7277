"""`tracker settlement …`: who may give its commands, what they refuse, what they print."""

import hashlib
import json
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from tests.stories.months import FIRST, approved, earns, started
from tests.stories.operators import run_state
from tests.world import Shop, World
from tracker.kit.database import unit_of_work
from tracker.settlement.cli import commands
from tracker.settlement.rules import RunIsPaused, RunNotPrepared, SealDiffers
from tracker.staff.rules import Role, RoleTooLow, TokenNotAccepted
from tracker.staff.service import hire

MONTH = ("--period", "2011-01")
AS_OF = ("--as-of", FIRST.isoformat())

Given = Callable[..., Result]


@pytest.fixture
def shop(world: World) -> Shop:
    """A shop that promises ten percent."""
    return world.shop(cashback=1000)


@pytest.fixture
def given(world: World) -> Given:
    """Gives a command, with the token that the environment has, and what is typed."""

    def give(*words: str, token: str | None = None, typed: str = "") -> Result:
        environ = {"TRACKER_STAFF_TOKEN": token}
        return CliRunner().invoke(
            commands, list(words), obj=lambda: world.tools, input=typed, env=environ
        )

    return give


def token_of(world: World, role: Role) -> str:
    with unit_of_work(world.tools.engine) as session:
        return hire(session, world.tools.settings.keys, f"some-{role}", role)


@pytest.mark.parametrize("token", [None, "", " "])
@pytest.mark.parametrize("command", ["prepare", "approve"])
def test_nobody_acts_without_a_name(
    world: World, given: Given, command: str, token: str | None
) -> None:
    said = given(command, *MONTH, token=token)
    assert isinstance(said.exception, TokenNotAccepted)
    assert "is needed: TRACKER_STAFF_TOKEN" in said.exception.detail
    assert world.query("SELECT * FROM settlement_runs") == []


def test_an_empty_option_is_no_token_either(world: World, given: Given) -> None:
    said = given("prepare", *MONTH, *AS_OF, "--token", "")
    assert isinstance(said.exception, TokenNotAccepted)
    assert world.query("SELECT * FROM settlement_runs") == []


def test_a_list_prepared_by_hand_is_signed(world: World, given: Given) -> None:
    said = given("prepare", *MONTH, *AS_OF, token=token_of(world, Role.VIEWER))
    assert isinstance(said.exception, RoleTooLow)
    said = given("prepare", *MONTH, *AS_OF, "--json", token=token_of(world, Role.OPERATOR))
    assert json.loads(said.output)["prepared_by"] == "some-operator"


@pytest.mark.parametrize("period", ["January", "2011-13", "2011-1", "1999-01", ""])
@pytest.mark.parametrize("command", ["prepare", "show", "approve", "run", "status"])
def test_what_is_no_month_is_bad_usage(given: Given, command: str, period: str) -> None:
    said = given(command, "--period", period)
    assert said.exit_code == 2
    assert "is not a month of 2000 to 2099 written YYYY-MM" in " ".join(said.output.split())


def test_a_no_approves_nothing(world: World, shop: Shop, given: Given) -> None:
    earns(world, shop, world.member(), 10)
    world.prepare("2011-01", FIRST)
    token = token_of(world, Role.APPROVER)
    said = given("approve", *MONTH, token=token, typed="n\n")
    assert said.exit_code == 1
    assert "the list of 2011-01 was not approved" in said.output
    assert run_state(world, "2011-01") == "prepared"

    said = given("approve", *MONTH, token=token, typed="y\n")
    assert said.exit_code == 0, said.output
    assert run_state(world, "2011-01") == "approved"


def test_an_empty_seal_is_no_seal(world: World, shop: Shop, given: Given) -> None:
    """As a script gives it whose own command before has failed."""
    earns(world, shop, world.member(), 10)
    world.prepare("2011-01", FIRST)
    said = given("approve", *MONTH, "--sha256", "", token=token_of(world, Role.APPROVER))
    assert isinstance(said.exception, SealDiffers)
    assert run_state(world, "2011-01") == "prepared"


def test_what_was_approved_is_not_asked_about_again(world: World, shop: Shop, given: Given) -> None:
    earns(world, shop, world.member(), 10)
    approved(world)
    said = given("approve", *MONTH, token=token_of(world, Role.APPROVER))
    assert isinstance(said.exception, RunNotPrepared)
    assert "Approve this list?" not in said.output


def test_who_mistypes_the_month_hears_of_it(world: World, given: Given) -> None:
    token = token_of(world, Role.OPERATOR)
    usual = given("prepare", *MONTH, *AS_OF, token=token)
    assert "warning" not in usual.output
    said = given("prepare", "--period", "2010-12", *AS_OF, token=token)
    assert "2010-12 is not the month of 2011-01-01" in said.output
    said = given("prepare", "--period", "2098-01", "--as-of", "2098-01-01T00:00:00Z", token=token)
    assert "has not come yet" in said.output


def test_a_paused_run_is_resumed_not_started(world: World, shop: Shop, given: Given) -> None:
    earns(world, shop, world.member(), 10)
    started(world)
    given("pause", *MONTH, "--reason", "a look")
    said = given("run", *MONTH)
    assert isinstance(said.exception, RunIsPaused)
    assert run_state(world, "2011-01") == "paused"


def test_an_empty_token_is_not_the_machines_account(world: World, shop: Shop, given: Given) -> None:
    earns(world, shop, world.member(), 10)
    approved(world)
    said = given("run", *MONTH, "--token", "")
    assert isinstance(said.exception, TokenNotAccepted)
    assert run_state(world, "2011-01") == "approved"


def test_a_file_that_cannot_be_written_is_told(world: World, shop: Shop, given: Given) -> None:
    earns(world, shop, world.member(), 10)
    approved(world)
    said = given("export", *MONTH, "--out", "/nowhere/at/all.csv")
    assert said.exit_code == 1
    assert "/nowhere/at/all.csv" in said.output


def test_all_months_are_listed_the_latest_first(world: World, shop: Shop, given: Given) -> None:
    assert "No month has been prepared." in given("list").output
    earns(world, shop, world.member(), 10)
    older = approved(world, "2010-12")
    newer = world.prepare("2011-01", FIRST)
    listed = json.loads(given("list", "--json").output)
    assert listed == [
        {
            "period": run.period,
            "state": state,
            "payouts": 1,
            "total": "210.00",
            "sha256": run.sha256,
        }
        for run, state in ((newer, "prepared"), (older, "approved"))
    ]
    table = given("list").output
    assert newer.sha256[:12] in table
    assert newer.sha256 not in table


def test_the_seal_is_the_hash_of_what_is_exported(
    world: World, shop: Shop, given: Given, tmp_path: Path
) -> None:
    member = world.member()
    earns(world, shop, member, 10)
    sealed = world.prepare("2011-01", FIRST)
    out = tmp_path / "list"
    assert given("export", *MONTH, "--out", str(out), "--as-sealed").exit_code == 0
    assert hashlib.sha256(out.read_bytes()).hexdigest() == sealed.sha256
    assert given("export", *MONTH, "--out", str(out)).exit_code == 0
    heading, line = out.read_text().splitlines()
    assert heading == "member_id,number_id,amount"
    assert line.startswith(f"{member},")
    assert line.endswith(",210.00")


def test_a_run_is_held_up_and_goes_on_in_somebodys_name(
    world: World, shop: Shop, given: Given
) -> None:
    earns(world, shop, world.member(), 10)
    token = token_of(world, Role.OPERATOR)
    approved(world)
    assert json.loads(given("status", *MONTH, "--json").output)["payouts"] == {
        "approved": {"count": 1, "amount": "210.00"}
    }
    told = json.loads(given("run", *MONTH, "--json", token=token).output)
    assert (told["state"], told["guard_reason"], told["seconds_left"]) == ("running", "start", None)

    assert given("pause", *MONTH, token=token).exit_code == 2, "a reason is needed"
    why = ("--reason", "their number plan changed")
    assert given("pause", *MONTH, *why, token=token).exit_code == 0
    told = json.loads(given("status", *MONTH, "--json").output)
    assert (told["state"], told["pause_reason"]) == ("paused", why[1])
    assert given("resume", *MONTH, token=token).exit_code == 0
    assert run_state(world, "2011-01") == "running"
    acts = world.query("SELECT who, action FROM audit_entries WHERE who = 'some-operator'")
    assert [act.action for act in acts] == [
        "settlement.start",
        "settlement.pause",
        "settlement.resume",
    ]


def test_a_list_is_shown_with_the_way_there(world: World, shop: Shop, given: Given) -> None:
    earns(world, shop, world.member(), 10)
    world.prepare("2011-01", FIRST)
    shown = given("show", *MONTH).output
    assert "From the beginning to this list:" in shown
    assert "joined: 1 members, 210.00 RUB" in shown
    assert max(map(len, shown.splitlines())) <= 100
    told = json.loads(given("show", *MONTH, "--json").output)
    assert told["bridge"]["lines"][-1] == {"step": "total", "count": 1, "amount": "210.00"}
    assert told["changes"]["joined"] == {"count": 1, "amount": "210.00"}

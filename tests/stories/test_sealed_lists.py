"""A list that was sealed: approved by a second person, as it is, once, and changed by nobody."""

import pytest
from sqlalchemy.exc import IntegrityError, ProgrammingError

from tests.colleagues import BORIS
from tests.stories.months import FIRST, approved, earns, started
from tests.stories.operators import Operator, run_state, states, work
from tests.world import Shop, World
from tracker.kit.database import unit_of_work
from tracker.purchases.service import Programme
from tracker.settlement.rules import (
    ApproverPreparedIt,
    RunNotApproved,
    RunNotFound,
    RunNotPrepared,
    SealDiffers,
)
from tracker.settlement.service import approve, start
from tracker.staff.rules import Role
from tracker.staff.service import Person


@pytest.fixture
def shop(world: World) -> Shop:
    """A shop that promises ten percent; and no welcome bonus, so that sums are seen through."""
    world.programme = Programme(welcome_bonus=0)
    return world.shop(cashback=1000)


def test_it_takes_two_people(world: World, shop: Shop) -> None:
    earns(world, shop, world.member(), 10)
    run = world.prepare("2011-01", FIRST, by="anna")
    with pytest.raises(ApproverPreparedIt), unit_of_work(world.tools.engine) as session:
        approve(session, "2011-01", run.sha256, Person("anna", Role.APPROVER))
    with pytest.raises(IntegrityError, match="two_people"):
        world.change("UPDATE settlement_runs SET state = 'approved', approved_by = 'anna'")
    with pytest.raises(RunNotApproved), unit_of_work(world.tools.engine) as session:
        start(session, "2011-01")
    work(world, Operator())
    assert states(world) == ["prepared"]
    assert world.differences() == []


def test_the_second_person_approves_exactly_this_list(world: World, shop: Shop) -> None:
    earns(world, shop, world.member(), 10)
    run = world.prepare("2011-01", FIRST)
    with (
        pytest.raises(SealDiffers, match="settlement show") as refused,
        unit_of_work(world.tools.engine) as session,
    ):
        approve(session, "2011-01", "0" * 64, BORIS)
    assert run.sha256 not in refused.value.detail
    with pytest.raises(RunNotFound), unit_of_work(world.tools.engine) as session:
        approve(session, "2011-02", "0" * 64, BORIS)
    assert run_state(world, "2011-01") == "prepared"


def test_an_approval_is_given_once(world: World, shop: Shop) -> None:
    earns(world, shop, world.member(), 10)
    run = approved(world)
    with unit_of_work(world.tools.engine) as session:
        again = approve(session, "2011-01", run.sha256, BORIS)
        assert again.approved_at == run.approved_at
    with pytest.raises(RunNotPrepared), unit_of_work(world.tools.engine) as session:
        approve(session, "2011-01", run.sha256, Person("vera", Role.APPROVER))
    assert world.differences() == []


@pytest.mark.parametrize(
    "tampering",
    [
        "UPDATE payouts SET amount = amount + 1",
        "UPDATE payouts SET number_id = (SELECT max(id) FROM numbers)",
        "DELETE FROM payouts",
    ],
)
def test_a_list_that_was_tampered_with_is_not_paid(
    world: World, shop: Shop, tampering: str
) -> None:
    earns(world, shop, world.members(2)[0], 10)
    approved(world)
    world.change_as_owner(tampering)
    with pytest.raises(SealDiffers), unit_of_work(world.tools.engine) as session:
        start(session, "2011-01")
    operator = Operator()
    work(world, operator)
    assert operator.sent == []
    assert [one.what for one in world.differences()] == ["settlement 2011-01"]


@pytest.mark.parametrize("begun", [False, True])
def test_a_sealed_list_takes_no_further_line(world: World, shop: Shop, *, begun: bool) -> None:
    member, other = world.members(2)
    earns(world, shop, member, 10)
    approved(world)
    if begun:
        started(world)
    with pytest.raises(IntegrityError, match="takes no further line"):
        world.change(
            "INSERT INTO payouts (period, member_id, number_id, amount)"
            " SELECT '2011-01', member_id, id, 1000 FROM numbers WHERE member_id = :other",
            other=other,
        )
    assert world.differences() == []


@pytest.mark.parametrize(
    "forgery",
    [
        "UPDATE settlement_runs SET sha256 = 'another'",
        "UPDATE settlement_runs SET prepared_by = 'nobody'",
        "UPDATE payouts SET amount = 1",
        "UPDATE payouts SET number_id = (SELECT max(id) FROM numbers)",
        "INSERT INTO settlement_runs (period, state, as_of, payouts, total, sha256, prepared_by)"
        " VALUES ('2011-02', 'running', now(), 0, 0, '', 'anna')",
    ],
)
def test_the_application_cannot_forge_what_was_sealed(
    world: World, shop: Shop, forgery: str
) -> None:
    earns(world, shop, world.member(), 10)
    world.prepare("2011-01", FIRST)
    with pytest.raises(ProgrammingError, match="permission denied"):
        world.change(forgery)
    assert world.differences() == []


@pytest.mark.parametrize("state", ["approved", "running", "done"])
def test_no_run_goes_on_without_somebody_who_approved_it(
    world: World, shop: Shop, state: str
) -> None:
    earns(world, shop, world.member(), 10)
    world.prepare("2011-01", FIRST)
    with pytest.raises(IntegrityError, match="ck_settlement_runs_approved"):
        world.change("UPDATE settlement_runs SET state = :state", state=state)


def test_a_line_changed_after_the_start_pauses_the_run_and_pays_nobody(
    world: World, shop: Shop
) -> None:
    one, other = world.members(2)
    earns(world, shop, one, 10)
    earns(world, shop, other, 20)
    started(world)
    world.change_as_owner("UPDATE payouts SET amount = 500 WHERE member_id = :one", one=one)
    operator = Operator()
    work(world, operator)
    assert operator.sent == []
    (run,) = world.query("SELECT * FROM settlement_runs")
    assert (run.state, run.paused_by, run.pause_reason) == ("paused", "system", "seal_differs")
    assert [world.balance(member).in_flight for member in (one, other)] == [0, 0]


@pytest.mark.parametrize(
    ("tampering", "told"),
    [
        ("UPDATE payouts SET amount = 500 WHERE member_id = :one", "1000 sealed, 500 now"),
        ("DELETE FROM payouts WHERE member_id = :one", "1000 sealed, nothing now"),
        (
            "INSERT INTO payouts (period, member_id, number_id, amount)"
            " SELECT '2011-01', :one, max(id), 300 FROM numbers",
            "nothing sealed, 300 now",
        ),
    ],
)
def test_what_differs_from_the_seal_is_shown(
    world: World, shop: Shop, tampering: str, told: str
) -> None:
    one, other = world.members(2)
    earns(world, shop, one, 10)
    earns(world, shop, other, 20)
    approved(world)
    world.change_as_owner("ALTER TABLE payouts DISABLE TRIGGER payouts_sealed")
    world.change_as_owner(tampering, one=one)
    with pytest.raises(SealDiffers) as caught, unit_of_work(world.tools.engine) as session:
        start(session, "2011-01")
    assert "1 lines differ" in caught.value.detail
    assert f"member {one}," in caught.value.detail
    assert told in caught.value.detail


@pytest.mark.parametrize(
    "forgery",
    [
        "UPDATE sealed_chunks SET body = ''",
        "DELETE FROM sealed_chunks",
        "UPDATE settlement_bridge_lines SET amount = 0",
        "UPDATE settlement_booked_sums SET amount = 0",
        "UPDATE settlement_bridges SET previous = NULL",
    ],
)
def test_what_was_kept_of_a_list_is_never_changed(world: World, shop: Shop, forgery: str) -> None:
    earns(world, shop, world.member(), 10)
    world.prepare("2011-01", FIRST)
    with pytest.raises(ProgrammingError, match="permission denied"):
        world.change(forgery)
    with pytest.raises(IntegrityError, match="is never changed"):
        world.change_as_owner(forgery)


def test_nothing_is_added_to_what_was_kept_of_a_list(world: World, shop: Shop) -> None:
    earns(world, shop, world.member(), 10)
    world.prepare("2011-01", FIRST)
    with pytest.raises(IntegrityError, match="takes no further line"):
        world.change("INSERT INTO sealed_chunks VALUES ('2011-01', 7, 1, 1, 1, 1, '1 1 1')")
    assert world.differences() == []

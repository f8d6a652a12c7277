"""Claims of those who would like others' orders, and of several who want one at a moment."""

from functools import partial

from tests.races.together import together
from tests.signing_in import at
from tests.stories.test_claims import answer_of, claim, decided
from tests.world import World, created, day
from tracker.claims.jobs import look_at_claims


def test_of_two_who_claim_one_order_at_a_moment_one_gets_it(world: World) -> None:
    shop = world.shop()
    members = world.members(2)
    world.clicks(members, shop, day(0))
    then = at(world, day(5))
    for order in ("R-1", "R-2", "R-3"):
        world.tell(shop, created(order, None, 1000, at=day(1)))
        answers = together(*(partial(claim, then, who, order_id=order) for who in members))
        told = sorted(str(answer_of(one)[1]) for one in answers)
        assert told == ["None", "credited"]
    assert world.differences() == []


def test_a_click_after_the_order_earns_nothing(world: World) -> None:
    shop = world.shop()
    member = world.member()
    world.tell(shop, created("A-1", None, 1000, at=day(1)))
    world.click(member, shop, day(1.9))
    told = claim(at(world, day(6)), member, ordered_at=day(1.95).isoformat())
    assert answer_of(told) == ("with_staff", None)
    assert world.balance(member).pending == 0


def test_an_order_past_the_window_of_its_click_holds_up_no_other_claim(world: World) -> None:
    shop = world.shop()
    member, other = world.members(2)
    world.click(member, shop, day(0))
    world.click(other, shop, day(28))
    then = at(world, day(34))
    late = claim(then, member, order_id="P-1", ordered_at=day(29.9).isoformat())
    assert answer_of(late) == ("with_staff", None)
    good = claim(then, other, order_id="P-2", ordered_at=day(30).isoformat())
    assert answer_of(good) == ("with_staff", None)
    world.tell(shop, created("P-1", None, 1000, at=day(30.2)))
    world.tell(shop, created("P-2", None, 1000, at=day(30)))
    while look_at_claims(world.tools.engine, world.tools.settings.keys, world.programme, day(35)):
        pass
    rows = world.query("SELECT order_id, state, outcome FROM claims ORDER BY id")
    assert [tuple(row) for row in rows] == [
        ("P-1", "with_staff", None),
        ("P-2", "closed", "credited"),
    ]
    again = claim(then, member, order_id="P-1 ", ordered_at=day(29.9).isoformat())
    assert again.get_json()["code"] == "claim_known"


def test_nobody_guesses_at_numbers_of_orders(world: World) -> None:
    """By claims that are taken back at once: a price is known, and orders are numbered."""
    shop = world.shop()
    member = world.member()
    world.click(member, shop, day(0))
    world.tell(shop, created("1077", None, 990, at=day(1)))
    then = at(world, day(6))
    app = then.signed_in(member)
    for number in range(1000, 1030):
        told = claim(then, member, order_id=str(number), amount="990.00").get_json()
        app.delete(f"/api/v1/claims/{told['id']}")
    refused = claim(then, member, order_id="1077", amount="990.00")
    assert (refused.status_code, refused.get_json()["code"]) == (409, "too_many_claims")
    later = at(world, day(37))
    assert claim(later, member, order_id="2", ordered_at=day(30).isoformat()).status_code == 201


def test_staff_cannot_credit_anothers_click_by_a_slip(world: World) -> None:
    shop = world.shop()
    member, other = world.members(2)
    world.click(member, shop, day(0))
    click = world.click(other, shop, day(0))
    world.tell(shop, created("A-1", None, 900, at=day(1)))
    then = at(world, day(5))
    told = claim(then, member).get_json()
    refused = decided(then, told["id"], "credited", expected=409, click_id=click)
    assert refused["code"] == "nothing_to_credit"
    assert world.balance(other).pending == 0

"""What reports tell of a moment is what was so by then, and not what became of it."""

from tests.inviting import Inviter, sign_in
from tests.stories.months import earns
from tests.stories.test_referral_reviews import Desk
from tests.tracker.certificates.saving import buy, issued
from tests.tracker.reports.asking import lines, written
from tests.world import World, day
from tracker.reports.rules import Format


def test_a_refused_reward_is_held_no_more(world: World) -> None:
    inviter = Inviter(world)
    friend = inviter.friend()
    for member in (inviter.member, friend):
        sign_in(world, member, "one telephone")
    inviter.buys(friend, "A-1", 1)
    inviter.keeps("A-1", 2)

    def held() -> int:
        return sum(one["held"] for one in lines(world, "suspicious-members", as_of=day(9)))

    assert held() == 20_000
    assert Desk(world).says(friend, "refuse").status_code == 200
    assert held() == 0


def test_certificates_of_a_month_do_not_hear_of_the_next(world: World) -> None:
    """Ordered on the last evening of December and issued in January, with a last day."""
    shop, member = world.shop(cashback=1000), world.member()
    earns(world, shop, member, 500)
    buy(world, member, 100, now=day(30.9))

    def told(**asked: object) -> bytes:
        return written(world, "certificates", Format.CSV, as_of=day(31), **asked)

    month, evening = told(period="2010-12"), told()
    issued(world, day(31.1), 365)
    assert told(period="2010-12") == month
    assert told() == evening
    (later,) = lines(world, "certificates", as_of=day(32))
    assert later["expires"] is not None

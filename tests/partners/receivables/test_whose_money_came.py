"""What is lent to a shop: only money of its own pays it back."""

from datetime import date

from partners.receivables import funding, matching
from partners.receivables.payments import Paid, take
from partners.receivables.rules import Part, PaymentKind
from tests.partners.receivables.books import december, issued, owed, pays
from tests.stories.closing import LATER, close, run_closed
from tests.stories.months import FIRST, earns
from tests.world import Shop, World, confirmed, created, day, returned, rubles
from tracker.kit.database import snapshot, unit_of_work

FEBRUARY = date(2011, 2, 20)


def lent(world: World, on: date = FEBRUARY) -> tuple[int, int, int]:
    """To tea: what its members had, what its money stands for, and the rest."""
    with unit_of_work(world.tools.engine) as session:
        funding.reckon(session, on)
    with snapshot(world.tools.engine) as session:
        (row,) = [one for one in funding.standing(session, on, 0) if one["shop"] == "tea"]
    return row["paid_to_members"], row["covered"], row["funded"]


def test_a_credit_note_is_no_payment(world: World) -> None:
    tea, member = world.shop("tea"), world.member()
    earns(world, tea, member, 200)
    earns(world, tea, member, 100)
    world.settle("2011-01", FIRST)
    run_closed(world, "2011-01")
    close(world, "2010-12")
    issued(world)
    world.tell(tea, returned(f"order-{member}-1-100", "R-1", at=day(20)))
    close(world, "2011-01")
    note = issued(world, "2011-01")["tea"]
    with unit_of_work(world.tools.engine) as session:
        matching.set_off(session, note.id, None, "anna")
    assert owed(world, tea) == rubles(240)
    assert lent(world) == (rubles(200), 0, rubles(200))


def test_nor_is_what_was_given_up(world: World) -> None:
    partners = december(world)
    tea = issued(world)["tea"]
    with unit_of_work(world.tools.engine) as session:
        line = Paid("proposal:9", rubles(360), date(2011, 2, 1), "", "", partners.tea.id)
        made, _ = take(session, line, "boris", LATER, PaymentKind.WRITE_OFF, match=False)
        matching.allocate(session, made.id, [Part(tea.id, rubles(360))], "boris")
    assert lent(world) == (rubles(300), 0, rubles(300))


def test_returns_of_a_month_that_was_never_paid_do_not_pay_for_the_next(world: World) -> None:
    """A shop confirms a large order, pays nothing, and takes it back a month later."""
    tea = world.shop("tea")
    friend, member = world.members(2)
    earns(world, tea, friend, 2000)
    world.settle("2011-01", FIRST)
    run_closed(world, "2011-01")
    close(world, "2010-12")
    issued(world)
    buys_in_january(world, tea, member)
    world.tell(tea, returned(f"order-{friend}-1-2000", "R-1", at=day(36)))
    world.settle("2011-02", day(62))
    run_closed(world, "2011-02")
    close(world, "2011-01")
    assert issued(world, "2011-01")["tea"].kind == "credit_note"
    assert owed(world, tea) == rubles(360)
    assert lent(world) == (rubles(300), 0, rubles(300))


def test_a_shop_that_paid_all_is_lent_nothing(world: World) -> None:
    """Also where a month came to nothing, so that there is no invoice."""
    tea = world.shop("tea")
    friend, member = world.members(2)
    earns(world, tea, friend, 300)
    world.settle("2011-01", FIRST)
    run_closed(world, "2011-01")
    close(world, "2010-12")
    number = issued(world)["tea"].number
    buys_in_january(world, tea, member)
    world.tell(tea, returned(f"order-{friend}-1-300", "R-1", at=day(36)))
    world.settle("2011-02", day(62))
    run_closed(world, "2011-02")
    close(world, "2011-01")
    assert issued(world, "2011-01") == {}
    pays(world, rubles(360), number)
    assert owed(world, tea) == 0
    assert lent(world) == (rubles(300), rubles(300), 0)


def test_money_is_laid_to_the_oldest_month_first(world: World) -> None:
    """December's 360.00 are paid; of January's nothing, whichever invoice the payment names."""
    partners = december(world)
    issued(world)
    buys_in_january(world, partners.tea, partners.member)
    pays(world, rubles(360), "", partners.tea)
    # Bonuses are taken to be spent last: 200.00 of what the member had count as January's.
    assert lent(world, date(2011, 2, 15)) == (rubles(500), rubles(300), rubles(200))
    world.settle("2011-02", day(62))
    assert lent(world) == (rubles(600), rubles(300), rubles(300))


def buys_in_january(world: World, shop: Shop, member: int) -> None:
    """300.00 of cashback, for 360.00 of commission."""
    click = world.click(member, shop, day(35))
    world.tell(shop, created("J-1", click, 3000, at=day(35)))
    world.tell(shop, confirmed("J-1", at=day(35)))

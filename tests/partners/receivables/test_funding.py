"""What members had of shops' cashback before the shops paid."""

from datetime import date, timedelta
from typing import Any

from partners.receivables import funding
from tests.partners.receivables.books import december, issued, labour, pays
from tests.stories.closing import LATER
from tests.stories.months import earns
from tests.world import World, rubles
from tracker.kit.database import snapshot, unit_of_work


def lent(world: World, on: date) -> dict[str, tuple[int, int, int]]:
    with unit_of_work(world.tools.engine) as session:
        funding.reckon(session, on)
    with snapshot(world.tools.engine) as session:
        rows: list[dict[str, Any]] = funding.standing(session, on, rubles(1_000))
    return {row["shop"]: (row["paid_to_members"], row["covered"], row["funded"]) for row in rows}


def test_what_was_paid_out_before_the_shop_paid_is_lent_to_it(world: World) -> None:
    partners = december(world)
    # The month paid 300.00 of tea's, 100.00 of books', and the bonus, which no shop pays for.
    assert lent(world, date(2011, 1, 2)) == {
        "tea": (rubles(300), 0, rubles(300)),
        "books": (rubles(100), 0, rubles(100)),
    }
    tea = issued(world)["tea"]
    pays(world, rubles(90), tea.number)
    assert lent(world, date(2011, 2, 15))["tea"] == (rubles(300), rubles(75), rubles(225))
    pays(world, rubles(270), tea.number)
    assert lent(world, date(2011, 2, 16))["tea"] == (rubles(300), rubles(300), 0)
    assert partners.member


def test_what_nobody_was_paid_is_not_lent(world: World) -> None:
    shop, member = world.shop("tea"), world.member()
    earns(world, shop, member, 300)
    assert lent(world, date(2011, 1, 2)) == {}


def test_a_day_is_reckoned_once_and_never_changed(world: World) -> None:
    december(world)
    on = date(2011, 1, 2)
    before = lent(world, on)
    issued(world)
    pays(world, rubles(360), "", None, key="x")
    assert lent(world, on) == before


def test_workers_reckon_each_day(world: World) -> None:
    december(world)
    labour(world, LATER)
    labour(world, LATER + timedelta(days=1))
    days = world.query("SELECT day FROM funding_days ORDER BY day")
    assert [row.day for row in days] == [date(2011, 2, 14), date(2011, 2, 15)]


def test_a_limit_is_the_shops_own_or_the_houses(world: World) -> None:
    december(world)
    lent(world, date(2011, 1, 2))

    def above(limit: int) -> list[tuple[str, int, int]]:
        with snapshot(world.tools.engine) as session:
            return list(funding.above_limits(session, limit))

    assert above(rubles(300)) == []
    assert above(rubles(299)) == [("tea", rubles(300), rubles(299))]
    world.change(
        "INSERT INTO partner_terms (shop_id, payment_days, language, legal_name, address, tax_id,"
        " funding_limit, changed_by) SELECT id, 14, 'ru', '', '', '', 0, 'anna' FROM shops"
        " WHERE slug = 'books'"
    )
    assert above(rubles(300)) == [("books", rubles(100), 0)]

"""An invoice is never open by less than nothing, whatever stood beside each other in the past."""

from datetime import date

from partners.receivables import payments
from partners.receivables.payments import Paid
from tests.partners.receivables.books import december, issued
from tests.tracker.reports.asking import lines
from tests.world import World, day
from tracker.kit.database import unit_of_work


def test_one_payment_came_back_and_another_of_before_was_found(world: World) -> None:
    """As of a day in between both stood: we owed the shop as much, and the invoice was met."""
    shops = december(world)
    number = issued(world)["tea"].number

    def pays(reference: str, on: date) -> int:
        with unit_of_work(world.tools.engine) as session:
            paid = Paid(reference, 36_000, on, "p", number, shops.tea.id)
            return payments.take(session, paid, "anna", day(100))[0].id

    first = pays("first", date(2011, 2, 16))
    with unit_of_work(world.tools.engine) as session:
        payments.reverse(session, first, "anna", "sent back", day(82))  # 21 February
    pays("second", date(2011, 2, 15))

    told = {one["number"]: one["open"] for one in lines(world, "invoices", as_of=day(79.5))}
    owing = {one["shop"]: one for one in lines(world, "receivables", as_of=day(79.5))}
    assert told[number] == 0
    assert (owing["tea"]["owed"], owing["tea"]["not_due"]) == (-36_000, 0)
    assert owing["tea"]["not_invoiced"] == -36_000
    assert world.differences() == []

"""Days are the shop's own: where it is, and those that a file was sent for."""

from datetime import date, datetime
from zoneinfo import ZoneInfo, available_timezones

import pytest

from partners.reconciliation.formats import FormatInvalid, check
from partners.reconciliation.rules import Decision, days
from tests.partners.reconciliation.conftest import OWN, Desk
from tests.world import created, day

ZONE = "Asia/Vladivostok"
JANUARY = days(date(2011, 1, 1), date(2011, 1, 31))


def test_an_order_is_found_by_the_day_that_it_had_there(desk: Desk) -> None:
    desk.writes({**OWN, "dates": {"format": "%Y-%m-%d", "zone": ZONE}})
    ordered = datetime(2010, 12, 2, 15, 0, tzinfo=ZoneInfo(ZONE))
    click = desk.world.click(desk.world.member(), desk.shop, day(0))
    desk.world.tell(desk.shop, created("A-1", click, 1000, at=ordered, ordered_at=ordered))
    statement = desk.sends(("", "2010-12-02", "1000", "open", "", ""))
    assert statement.figures["matched"]["by_day_and_sum"] == 1, desk.found()


def test_the_first_day_of_a_month_there_is_of_that_month(desk: Desk) -> None:
    desk.writes({**OWN, "dates": {"format": "%Y-%m-%d", "zone": ZONE}})
    click = desk.world.click(desk.world.member(), desk.shop, day(20))
    statement = desk.sends(("B-1", "2011-01-01", "100", "confirmed", "", click), at=JANUARY)
    desk.decides(statement, Decision.THEIRS)
    desk.works()
    again = desk.matches_again(statement)
    assert again.figures["ours"]["orders"] == 1
    assert desk.found() == [("missing_with_us", "B-1", "10000:confirmed", "booked")]


def test_postgresql_knows_the_zones_that_a_format_may_name(desk: Desk) -> None:
    known = {row.name for row in desk.world.query("SELECT name FROM pg_timezone_names")}
    assert available_timezones() - known <= {"localtime"}
    with pytest.raises(FormatInvalid):
        check({**OWN, "dates": {"format": "%Y-%m-%d", "zone": "localtime"}})


def test_a_file_of_another_month_is_refused(desk: Desk) -> None:
    lines = [("A-1", "2010-12-01", "9", "open", "", ""), ("A-2", "2010-12-31", "9", "open", "", "")]
    statement = desk.sends(*lines, at=days(date(2010, 11, 1), date(2010, 11, 30)))
    assert statement.state == "refused"
    assert statement.why == (
        "no line tells of an order of 2010-11-01 to 2010-11-30: is it another month's?"
    )
    assert desk.sends(*lines, at=JANUARY).state == "refused"
    assert desk.sends(*lines, ("A-3", "", "9", "open", "", ""), at=JANUARY).state == "matched"
    assert desk.sends(*lines).state == "matched"

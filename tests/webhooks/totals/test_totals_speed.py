"""A day of fifty thousand orders is summed up by the database, by an index, within a moment."""

import time
from datetime import date

from sqlalchemy import text

from tests.webhooks.totals.exchange import asking, question
from tests.world import World
from tracker.kit.database import snapshot
from tracker.purchases.day_queries import day_totals
from tracker.purchases.days import ShopDay

DAY = date(2010, 12, 1)
SECONDS = 5
"""At most for a question, on a machine that has much else to do. By itself it takes half of one."""

_ORDERS = """
    INSERT INTO purchases
        (shop_id, order_id, order_key, status, ordered_at, statement_no, stated_total,
         confirmed_by_shop_at)
    SELECT :shop, 'ORD-' || number, 'ord' || number, 'unattributed',
           timestamptz '2010-11-29 00:00+03' + number * interval '1.728 seconds', 1, 300,
           CASE WHEN number % 3 = 0 THEN now() END
    FROM generate_series(0, 249999) AS number
"""
_LINES = """
    INSERT INTO purchase_lines (purchase_id, statement_no, line_id, quantity, amount)
    SELECT id, 1, line, 1, 100 FROM purchases, unnest(ARRAY['1', '2', '3']) AS line
    WHERE id % 10 = 0
"""
_RETURNS = """
    INSERT INTO purchase_returns (purchase_id, return_id, whole, returned_at, source)
    SELECT id, 'R', id % 20 = 0, now(), 'R' FROM purchases WHERE id % 10 = 0
"""
_RETURN_LINES = """
    INSERT INTO purchase_return_lines (purchase_id, return_id, line_id, quantity, amount)
    SELECT id, 'R', '1', 1, 160 FROM purchases WHERE id % 20 = 10
"""


def test_fifty_thousand_orders_of_one_day(world: World) -> None:
    shop = world.shop()
    world.change(_ORDERS, shop=shop.id)
    for statement in (_LINES, _RETURNS, _RETURN_LINES):
        world.change(statement)
    with snapshot(world.tools.engine) as session:
        totals = day_totals(session, ShopDay(shop.id, DAY))
        # Before any statistics were gathered: the plan may not depend on them.
        scans = session.scalar(
            text("SELECT pg_stat_get_xact_numscans('ix_purchases_days'::regclass)")
        )
    assert totals.count == 50_000
    assert totals.amount == 47_500 * 300 - 2_500 * 100
    assert scans == 1
    ask = asking(world, shop)
    started = time.monotonic()
    answer = ask(question(str(DAY), []))
    buckets = [{**one, "hash": "0" * 64} for one in answer["buckets"]]
    finer = ask({"date": str(DAY), "buckets": buckets})["buckets"]
    assert (len(buckets), len(finer)) == (32, 1_024)
    assert ask({"date": str(DAY), "buckets": finer}) == {"date": str(DAY), "status": "match"}
    assert time.monotonic() - started < 3 * SECONDS

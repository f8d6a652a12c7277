"""What the rows say was bought: one purchase for each invoice and shop."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime

from sandbox.replay.rows import Row
from sandbox.replay.shops import shop_of


@dataclass(frozen=True, slots=True)
class Purchase:
    """Rows of one invoice that one shop sold, in their order; never empty."""

    order_id: str
    shop: str
    customer: str
    """Empty for a guest."""
    ordered_at: datetime
    rows: list[Row] = field(default_factory=list)


def purchases_in(rows: Iterable[Row]) -> list[Purchase]:
    """All purchases, members' and guests', in the order of their first rows."""
    purchases: dict[tuple[str, str], Purchase] = {}
    for row in rows:
        if row.is_sale:
            shop = shop_of(row.stock_code)
            purchase = purchases.setdefault(
                (row.invoice, shop), Purchase(row.invoice, shop, row.customer, row.moment)
            )
            purchase.rows.append(row)
    return list(purchases.values())

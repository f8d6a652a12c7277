"""What shops tell, and the days that end holds."""

from datetime import timedelta

from tests.books.table import Table
from tests.world import cancelled, confirmed, created, returned, updated


def _amounts(table: Table) -> list[float]:
    dice = table.dice
    sums = (0, 9.99, 100, 777.77, 3000, 12345.67)
    return [
        round(dice.choice(sums) * dice.random() + dice.choice((0, 1)), 2)
        for _ in range(dice.randint(1, 3))
    ]


def buys(table: Table) -> None:
    """A member buys something."""
    shop, member = table.dice.choice(table.shops), table.dice.choice(table.members)
    order, at = table.name("O"), table.earlier()
    click = table.world.click(member, shop, at - timedelta(hours=1))
    event = created(order, click, *_amounts(table), at=at)
    table.world.tell_all(shop, {f"created-{order}": event})
    table.orders.append((shop, order))


def is_told(table: Table) -> None:
    """A shop tells what became of a purchase, most often of a young one."""
    if not table.orders:
        return
    dice, at = table.dice, table.earlier()
    shop, order = dice.choice(table.orders[-12:] if dice.random() < 0.7 else table.orders)
    match dice.choice("cccrrrpux"):
        case "c":
            event = confirmed(order, at=at)
        case "r":
            some = None if dice.random() < 0.4 else {"1": round(dice.random() * 300 + 0.01, 2)}
            event = returned(order, table.name("r"), some, at=at)
        case "x":
            event = cancelled(order, at=at)
        case "u":
            other = table.world.click(dice.choice(table.members), shop, at - timedelta(hours=2))
            event = updated(order, other, *_amounts(table), at=at, ordered_at=at)
        case _:
            event = updated(order, None, *_amounts(table), at=at, ordered_at=at)
    table.world.tell_all(shop, {table.name("told"): event})


def holds_end(table: Table) -> None:
    """The calendar confirms or rejects what is due."""
    table.world.end_holds(table.now)

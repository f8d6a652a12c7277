"""Members who invite, friends who buy: the small acts that stories of rewards are made of."""

import itertools
from collections.abc import Sequence

from tests.world import Shop, World, cancelled, confirmed, created, day, rubles
from tracker.access.rules import Kind
from tracker.access.sessions import Device, open_session
from tracker.kit.clock import SystemClock
from tracker.kit.database import unit_of_work
from tracker.ledger.service import Balance
from tracker.members.service import Newcomer, join_many

REWARD = rubles(200)
"""What a friend's first purchase brings by default."""

_NUMBERS = itertools.count(1)


def newcomers(
    world: World, count: int, inviter: int | None = None, *, email: str | None = None
) -> list[int]:
    """People who join, perhaps by the link of a member."""
    phones = [f"+7901{next(_NUMBERS):07d}" for _ in range(count)]
    with unit_of_work(world.tools.engine) as session:
        people = [Newcomer(phone, day(-4), email, referrer_id=inviter) for phone in phones]
        joined = join_many(session, world.tools.settings.keys, people, day(-4))
    return [joined[phone] for phone in phones]


def sign_in(world: World, member: int, device: str | None = None) -> None:
    """A member signs in on a device."""
    with unit_of_work(world.tools.engine) as session:
        device_of = Device(Kind.APP, device)
        open_session(session, world.tools.settings.keys, member, device_of, SystemClock().now())


class Inviter:
    """A member with friends, each of whom buys for 1000.00 whenever told to."""

    def __init__(self, world: World, shop: Shop | None = None) -> None:
        self.world = world
        self.shop = shop or world.shop(f"invited-{next(_NUMBERS)}", cashback=1000)
        self.member = newcomers(world, 1)[0]

    def friend(self) -> int:
        """Somebody joins by the link."""
        return self.friends(1)[0]

    def friends(self, count: int) -> list[int]:
        """Several join by it."""
        return newcomers(self.world, count, self.member)

    def buys(self, friend: int, order: str, on: float, *amounts: float) -> None:
        """A friend buys, and the shop says so."""
        click = self.world.click(friend, self.shop, day(on))
        self.world.tell(self.shop, created(order, click, *(amounts or (1000,)), at=day(on)))

    def keeps(self, order: str, on: float) -> None:
        """The shop confirms a purchase."""
        self.world.tell(self.shop, confirmed(order, at=day(on)))

    def gives_back(self, order: str, on: float) -> None:
        """A purchase comes back whole."""
        self.world.tell(self.shop, cancelled(order, at=day(on)))

    @property
    def has(self) -> Balance:
        """What the inviter is owed."""
        return self.world.balance(self.member)

    def states(self, friends: Sequence[int] | None = None) -> list[str]:
        """The states of the rewards, by the friends' ids."""
        rows = self.world.query(
            "SELECT friend_id, state FROM referral_rewards WHERE inviter_id = :inviter"
            " ORDER BY friend_id",
            inviter=self.member,
        )
        return [row.state for row in rows if friends is None or row.friend_id in friends]


def highest(world: World, inviter: int) -> int:
    """The most that the inviter's rewards ever came to, movement by movement."""
    rows = world.query(
        """
        SELECT max(running) AS most FROM (
            SELECT sum(-amount) OVER (ORDER BY transaction_id, leg) AS running
            FROM ledger_entries JOIN ledger_transactions ON id = transaction_id
            WHERE owner_id = :inviter AND kind LIKE 'reward_%' AND kind <> 'reward_confirmed'
              AND account LIKE 'member_%'
        ) AS moments
        """,
        inviter=inviter,
    )
    return int(rows[0].most or 0)

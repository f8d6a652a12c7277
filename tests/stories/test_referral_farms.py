"""Farms drawn at random: people who pretend to be friends. None of it is paid without a look.

Each farm has one owner, who gains, and puppets who share a telephone with the owner or with each
other, are paid at one number, change to the owner's address, or were members before. Honest
inviters and friends are drawn among them, and are not bothered.
"""

import random
from dataclasses import dataclass, field
from enum import StrEnum

import pytest

from tests.inviting import REWARD, newcomers, sign_in
from tests.world import Shop, World, confirmed, created, day
from tracker.kit.database import unit_of_work
from tracker.members.rules import Role
from tracker.members.service import add_number, set_email

FARMS = 12
HONEST = 6


class Trick(StrEnum):
    """How the puppets of a farm give themselves away."""

    OWNERS_DEVICE = "owners_device"
    ONE_DEVICE = "one_device"
    OWNER_PAID_AT_PUPPETS = "owner_paid_at_puppets"
    ONE_AUNT = "one_aunt"
    OWNERS_ADDRESS = "owners_address"
    FORMER_MEMBERS = "former_members"
    CIRCLE = "circle"


@dataclass(slots=True)
class Farm:
    """An owner and puppets."""

    trick: Trick
    owner: int
    puppets: list[int]


@dataclass(slots=True)
class Grower:
    """Makes farms."""

    world: World
    shop: Shop
    draw: random.Random
    numbers: int = 0
    farms: list[Farm] = field(default_factory=list)
    honest: list[int] = field(default_factory=list)

    def grow(self, trick: Trick) -> None:
        """One farm of two to four puppets."""
        world, count = self.world, self.draw.randint(2, 4)
        (owner,) = newcomers(world, 1)
        if trick is Trick.FORMER_MEMBERS:
            puppets = [self._former(owner) for _ in range(count)]
        elif trick is Trick.CIRCLE:
            puppets = self._circle(owner, count)
        else:
            puppets = newcomers(world, count, owner)
        self._give_away(trick, owner, puppets)
        self.farms.append(Farm(trick, owner, puppets))

    def welcome_honest(self) -> None:
        """An inviter with a friend, each with a telephone of their own."""
        (inviter,) = newcomers(self.world, 1)
        (friend,) = newcomers(self.world, 1, inviter)
        for member in (inviter, friend):
            sign_in(self.world, member, f"telephone of {member}")
        self.honest += [inviter]
        self._buys(friend)

    def harvest(self) -> None:
        """All puppets buy, and keep what they bought."""
        everybody = [one for farm in self.farms for one in farm.puppets]
        self.draw.shuffle(everybody)
        for puppet in everybody:
            self._buys(puppet)

    def _former(self, owner: int) -> int:
        email = f"former-{self._next()}@example.org"
        (before,) = newcomers(self.world, 1, email=email)
        self.world.change(
            "UPDATE members SET closed_at = :at WHERE id = :id", at=day(-4), id=before
        )
        return newcomers(self.world, 1, owner, email=email)[0]

    def _circle(self, owner: int, count: int) -> list[int]:
        """A chain of invitations that ends with the owner again, under another number, on the
        telephone of before."""
        chain = [owner]
        for _ in range(count - 1):
            chain += newcomers(self.world, 1, chain[-1])
        for member in chain[1:]:
            sign_in(self.world, member, f"telephone of {member}")
        sign_in(self.world, owner, f"telephone of {owner}")
        self.world.change("UPDATE members SET closed_at = :at WHERE id = :id", at=day(5), id=owner)
        again = newcomers(self.world, 1, chain[-1])
        sign_in(self.world, again[0], f"telephone of {owner}")
        return again

    def _give_away(self, trick: Trick, owner: int, puppets: list[int]) -> None:
        keys = self.world.tools.settings.keys
        with unit_of_work(self.world.tools.engine) as session:
            aunt = f"+7903{self._next():07d}"
            for puppet in puppets:
                match trick:
                    case Trick.OWNER_PAID_AT_PUPPETS:
                        phone = self.world.phone(puppet)
                        add_number(session, keys, owner, phone, role=Role.RELATIVE, proved_at=None)
                    case Trick.ONE_AUNT:
                        add_number(session, keys, puppet, aunt, role=Role.RELATIVE, proved_at=None)
                    case Trick.OWNERS_ADDRESS:
                        set_email(session, keys, puppet, f"farm-{owner}@example.org", None)
        device = f"telephone of {owner}"
        if trick is Trick.OWNERS_DEVICE:
            sign_in(self.world, owner, device)
        if trick in (Trick.OWNERS_DEVICE, Trick.ONE_DEVICE):
            for puppet in puppets:
                sign_in(self.world, puppet, device)

    def _buys(self, member: int) -> None:
        order = f"order-{self._next()}"
        click = self.world.click(member, self.shop, day(6))
        self.world.tell(self.shop, created(order, click, 1000, at=day(7)))
        self.world.tell(self.shop, confirmed(order, at=day(8)))

    def _next(self) -> int:
        self.numbers += 1
        return self.numbers


@pytest.mark.parametrize("seed", range(3))
def test_no_farm_is_paid_without_a_look(world: World, seed: int) -> None:
    grower = Grower(world, world.shop(), random.Random(seed))
    tricks = [*Trick, *grower.draw.choices([*Trick], k=FARMS - len(Trick))]
    for trick in tricks:
        grower.grow(trick)
    for _ in range(HONEST):
        grower.welcome_honest()
    grower.harvest()
    rows = world.query("SELECT friend_id, state, suspicions FROM referral_rewards")
    found = {row.friend_id: row for row in rows}
    for farm in grower.farms:
        for puppet in farm.puppets:
            state = found[puppet].state if puppet in found else None
            expected = None if farm.trick is Trick.FORMER_MEMBERS else "review"
            assert state == expected, farm
        assert world.balance(farm.owner).available == 0
    assert [world.balance(one).available for one in grower.honest] == [REWARD] * HONEST
    assert world.differences() == []

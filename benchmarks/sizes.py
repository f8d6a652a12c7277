"""How much is measured: for real, or to see that it works."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Sizes:
    """The size of each benchmark's legs, and how many rounds of legs."""

    rounds: int
    shops: int
    """That send to the door."""
    seconds: float
    """Of each leg at the door."""
    purchases: int
    """In each leg of booking."""
    members: int
    """Paid in each leg of the settlement."""
    entries: int
    """Of the large ledger beside which members are answered."""

    def scaled(self, factor: float) -> "Sizes":
        """Legs of another size, as many rounds."""
        return Sizes(
            self.rounds,
            self.shops,
            max(_SHORTEST, self.seconds * factor),
            max(1, round(self.purchases * factor)),
            max(1, round(self.members * factor)),
            max(_FEWEST, round(self.entries * factor)),
        )


_SHORTEST = 1.5
"""Seconds: on a loaded machine a shorter leg may see nothing happen at all."""

_FEWEST = 20_000
"""Ledger entries: no large ledger is as small as the small one."""

FULL = Sizes(
    rounds=5, shops=640, seconds=5.0, purchases=10_000, members=100_000, entries=10_000_000
)
QUICK = Sizes(rounds=2, shops=64, seconds=2.0, purchases=1_000, members=3_000, entries=100_000)

"""The figures that a replay ends with, read off what the product's commands print."""

from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from typing import Any

from sandbox.replay.tally import Tally

MONEY = frozenset(
    {
        "cashback_tracked",
        "cashback_rejected",
        "cashback_confirmed",
        "cashback_pending",
        "welcome_bonus",
        "clawed_back",
        "available",
        "paid_out",
    }
)
"""The figures that are kopecks."""

_PURCHASES = ("pending", "awaiting_staff", "confirmed", "rejected")
_PAID = "paid"


@dataclass(frozen=True, slots=True)
class Reading:
    """What the commands print when a replay is over."""

    purchases: Mapping[str, int]
    """Of ``purchases totals``."""
    ledger: Mapping[str, Mapping[str, int]]
    """Of ``ledger totals``: kopecks by kind of movement and account, debit positive."""
    members: int
    inbox: Mapping[str, Any]
    """Of ``inbox status``."""
    proof: str
    runs: Mapping[str, Mapping[str, Any]]
    """Of ``settlement run``, by period."""

    def owed(self, account: str, *kinds: str) -> int:
        """Kopecks that an account owes by movements of some kinds, or of all."""
        return -sum(self.ledger.get(kind, {}).get(account, 0) for kind in kinds or self.ledger)


@dataclass(frozen=True, slots=True)
class Summary:
    """The contract's figures, in its order. Sums are kopecks."""

    events_sent: int
    accepted: int
    duplicates: int
    purchases: int
    unattributed: int
    unmatched_returns: int
    members: int
    cashback_tracked: int
    cashback_rejected: int
    cashback_confirmed: int
    cashback_pending: int
    welcome_bonus: int
    """Confirmed, less what was clawed back."""
    clawed_back: int
    """Of cashback, after it had been confirmed."""
    available: int
    paid_out: int
    ledger_proof: str

    @property
    def figures(self) -> dict[str, int | str]:
        return asdict(self)


def summary_of(tally: Tally, read: Reading) -> Summary:
    """The summary."""
    owed = read.owed
    return Summary(
        events_sent=tally.sent,
        accepted=tally.accepted,
        duplicates=tally.duplicates,
        purchases=sum(read.purchases[status] for status in _PURCHASES),
        unattributed=read.purchases["unattributed"],
        unmatched_returns=read.purchases["unmatched_returns"],
        members=read.members,
        cashback_tracked=owed("member_pending", "tracked"),
        cashback_rejected=-owed("member_pending", "rejected"),
        cashback_confirmed=owed("member_available", "confirmed"),
        cashback_pending=owed("member_pending", "tracked", "rejected", "confirmed"),
        welcome_bonus=owed("member_available", "bonus_confirmed", "bonus_clawed_back"),
        clawed_back=-owed("member_available", "clawed_back"),
        available=owed("member_available"),
        paid_out=owed("owed_to_operator", "payout_paid"),
        ledger_proof=read.proof,
    )


def left_undone(tally: Tally, read: Reading) -> Iterator[str]:
    """What ought not to be so when the calendar is over, each in a sentence; nothing if all is
    well."""
    kept = sum(read.inbox[state] for state in ("waiting", "done", "parked"))
    if kept < tally.accepted:
        yield f"{tally.accepted} events were accepted, and the inbox has {kept}"
    if read.proof != "ok":
        yield "the ledger proof is off: see `tracker ledger proof`"
    for account in ("member_pending", "member_in_flight"):
        if kopecks := read.owed(account):
            yield f"{kopecks} kopecks are left in {account}"
    for state in ("waiting", "parked", "conflicts"):
        if count := read.inbox[state]:
            yield f"{count} events in the inbox: {state}"
    for period, run in read.runs.items():
        for state, payouts in run["payouts"].items():
            if state != _PAID and payouts["count"]:
                yield f"{payouts['count']} payouts of {period} are {state}"

"""A purchase with all that is known of it, in one place. No decisions here."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from tracker.clicks.rules import OnHoldEnd, Unattributed
from tracker.purchases.contracts import PurchaseReturned
from tracker.purchases.rules import NOTHING, Earned, Facts, Standing, Status
from tracker.purchases.statements import Stated


@dataclass(slots=True)
class ReturnFact:
    """One return: all of the purchase, or (quantity, kopecks) by line."""

    whole: bool
    lines: dict[str, tuple[int, int]]


@dataclass(frozen=True, slots=True)
class Upstream:
    """The sender's own word for its status, with the moment and the message that told it."""

    at: datetime
    source: str
    status: str


@dataclass(slots=True)
class Dossier:
    """A locked purchase with its facts, and what this unit of work adds to them."""

    id: int
    shop_id: int
    order_id: str
    is_firm: bool = True
    """Whether it is the one order of all that look like it, or was declared apart."""
    separate_reason: str | None = None
    standing: Standing = field(default_factory=lambda: Standing(Status.UNMATCHED))
    unattributed_reason: Unattributed | None = None
    attributed_click_id: str | None = None
    hold_ends_at: datetime | None = None
    hold_outcome: OnHoldEnd | None = None
    staff_outcome: OnHoldEnd | None = None
    confirmed_by_shop_at: datetime | None = None
    claimed_at: datetime | None = None
    ceiling: int | None = None
    vouched_total: int | None = None
    upstream: Upstream | None = None
    suspect_of: int | None = None
    statement_no: int = 0
    kept: Stated | None = None
    """What its statements came to when this unit of work began."""
    stated: Stated | None = None
    promised: int = 0
    """Kopecks of cashback that the row tells with nothing given back."""
    sold: Earned = NOTHING
    """What it comes to for whoever it is credited to, with nothing given back."""
    revision: int = 0
    tracked_reference: str | None = None
    confirmed_reference: str | None = None
    returns: dict[str, ReturnFact] = field(default_factory=dict)
    new_returns: list[PurchaseReturned] = field(default_factory=list)
    kept_said: Mapping[str, Any] = field(default_factory=lambda: NOTHING_SAID)
    """What was seldom said of it when this unit of work began, by column."""
    moment: datetime | None = None
    """The latest moment among what this unit of work has learnt: when it counts."""
    known_at: datetime | None = None
    """When that came to be known: nothing counts later, also what it says of other moments."""

    @property
    def promise(self) -> str | None:
        """The click whose terms hold: what staff said goes before what the shop says."""
        return self.attributed_click_id or (self.stated.click_id if self.stated else None)

    @property
    def ordered_at(self) -> datetime | None:
        return self.stated.ordered_at if self.stated else None

    @property
    def amounts(self) -> dict[str, int]:
        """Kopecks by line, as they are stated."""
        return self.stated.amounts if self.stated else {}

    @property
    def said(self) -> dict[str, Any]:
        """What is seldom said of a purchase, by column."""
        return {
            "separate_reason": self.separate_reason,
            "attributed_click_id": self.attributed_click_id,
            "staff_outcome": self.staff_outcome and str(self.staff_outcome),
            "claimed_at": self.claimed_at,
            "ceiling": self.ceiling,
            "vouched_total": self.vouched_total,
            "upstream_status": self.upstream and self.upstream.status,
            "upstream_at": self.upstream and self.upstream.at,
            "upstream_source": self.upstream and self.upstream.source,
            "suspect_of": self.suspect_of,
        }

    @property
    def is_restated(self) -> bool:
        """Whether this unit of work has changed what is stated."""
        return self.stated is not self.kept

    @property
    def is_trusted(self) -> bool:
        """Whether it was proved who stated it."""
        return self.stated is None or self.stated.rank.trusted

    @property
    def facts(self) -> Facts:
        """What the rules want to know."""
        returned: dict[str, int] = {}
        for one in self.returns.values():
            for line_id, (_, amount) in one.lines.items():
                returned[line_id] = returned.get(line_id, 0) + amount
        return Facts(
            amounts=self.amounts,
            returned=returned,
            returned_whole=any(one.whole for one in self.returns.values()),
            confirmed_by_shop=self.confirmed_by_shop_at is not None,
            hold_outcome=self.hold_outcome,
            staff_outcome=self.staff_outcome,
            trusted=self.is_trusted,
            suspected=self.suspect_of is not None and self.separate_reason is None,
            ceiling=self.ceiling,
        )

    def learn(self, at: datetime, known_at: datetime | None = None) -> None:
        """Something of this moment has come in, or of that at which it was heard if that is sooner;
        what nobody tells us is known when it happens."""
        known = known_at or at
        counts = min(at, known)
        self.moment = counts if self.moment is None else max(self.moment, counts)
        self.known_at = known if self.known_at is None else max(self.known_at, known)


NOTHING_SAID: Mapping[str, Any] = Dossier(0, 0, "", kept_said={}).said
"""How a purchase begins."""


def return_fact(report: PurchaseReturned) -> ReturnFact:
    """What a return comes to, by line: one that is named twice is added up."""
    lines: dict[str, tuple[int, int]] = {}
    for line in report.lines or ():
        quantity, amount = lines.get(line.line_id, (0, 0))
        lines[line.line_id] = (quantity + line.quantity, amount + line.amount)
    return ReturnFact(report.lines is None, lines)

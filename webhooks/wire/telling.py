"""Making notices of what a network says of one order. Pure."""

from dataclasses import dataclass
from datetime import datetime

from partners.intake.contracts import NoticeKind, PurchaseNotice
from tracker.purchases.contracts import Line, RejectReason, ReturnLine


@dataclass(frozen=True, slots=True)
class Told:
    """What the notices of one message on one order have in common.

    ``at`` is when it happened or, with ``dated`` False, when it was received; ``upstream`` the
    sender's own word for the status.
    """

    order_id: str
    at: datetime
    dated: bool = False
    currency: str | None = None
    upstream: str | None = None
    feed: str | None = None

    def stated(
        self,
        lines: tuple[Line, ...],
        *,
        click_id: str | None,
        ordered_at: datetime,
        is_restated: bool = False,
        whole: bool = True,
    ) -> PurchaseNotice:
        """What was bought; with ``whole`` False, some of it."""
        return PurchaseNotice(
            NoticeKind.UPDATED if is_restated else NoticeKind.CREATED,
            self.at,
            self.order_id,
            click_id=click_id,
            ordered_at=ordered_at,
            currency=self.currency,
            lines=lines,
            whole=whole,
            dated=self.dated,
            upstream=self.upstream,
            feed=self.feed,
        )

    def confirmed(self, amount: int | None = None) -> PurchaseNotice:
        """It is approved, for no more than ``amount`` hundredths where that is told."""
        return PurchaseNotice(
            NoticeKind.CONFIRMED,
            self.at,
            self.order_id,
            currency=self.currency,
            amount=amount,
            dated=self.dated,
            upstream=self.upstream,
            feed=self.feed,
        )

    def returned(
        self,
        return_id: str,
        lines: tuple[ReturnLine, ...],
        reason: str | None,
        reject_reason: RejectReason,
    ) -> PurchaseNotice:
        """Some of it came back."""
        return PurchaseNotice(
            NoticeKind.RETURNED,
            self.at,
            self.order_id,
            currency=self.currency,
            return_id=return_id,
            return_lines=lines,
            reason=reason,
            reject_reason=reject_reason,
            dated=self.dated,
            upstream=self.upstream,
            feed=self.feed,
        )

    def cancelled(
        self, reason: str | None = None, reject_reason: RejectReason = RejectReason.OTHER
    ) -> PurchaseNotice:
        """Nothing of it counts."""
        return PurchaseNotice(
            NoticeKind.CANCELLED,
            self.at,
            self.order_id,
            currency=self.currency,
            reason=reason,
            reject_reason=reject_reason,
            dated=self.dated,
            upstream=self.upstream,
            feed=self.feed,
        )

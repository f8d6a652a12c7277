"""The erasure of a member's data: what names anybody goes, the entries of the books stay.

What stays says "member 17", and nobody can tell any more who that was: balances, purchases,
payouts, clicks, the audit. The keyed hash of the number stays too: by it somebody who comes back is
known to have been here, and gets no second welcome bonus. So do certificates whose code the member
was shown: whoever has it may use it. One whose code nobody has ever seen could be used by nobody.

The caller owns the unit of work.
"""

from datetime import datetime

from sqlalchemy import text
from sqlalchemy.orm import Session

from tracker.certificates.giving_back import give_back
from tracker.certificates.queries import unshown
from tracker.ledger.service import lock_members
from tracker.members.service import find
from tracker.privacy.rules import BalanceDiffers, PaymentOnItsWay, given_up


def what_is_lost(session: Session, member_id: int) -> int:
    """What a member gives up by leaving now, in kopecks. Locks the member's balance.

    Raises PaymentOnItsWay and MemberNotFound.
    """
    find(session, member_id, lock=True)
    balance = lock_members(session, [member_id])[member_id]
    if balance.in_flight or session.scalar(_IS_ON_ITS_WAY, {"member": member_id}):
        raise PaymentOnItsWay
    never_shown = sum(one.amount for one in unshown(session, member_id))
    return given_up(balance.pending, balance.available + balance.reserved + never_shown)


def see_that_it_is_known(session: Session, member_id: int, lost: int) -> None:
    """Raises BalanceDiffers when something else is lost than was said."""
    if what_is_lost(session, member_id) != lost:
        raise BalanceDiffers


def erase(session: Session, member_id: int, lost: int, now: datetime) -> None:
    """Erase a member's data, who knows what is lost by it, in kopecks.

    Raises BalanceDiffers, PaymentOnItsWay and MemberNotFound.
    """
    see_that_it_is_known(session, member_id, lost)
    for one in unshown(session, member_id):
        give_back(session, one.id, now, "its member has left")
    for statement in _FORGET:
        session.execute(statement, {"member": member_id, "now": now})


_IS_ON_ITS_WAY = text("""
    SELECT EXISTS (
        SELECT FROM payouts
        WHERE member_id = :member AND state IN ('submitted', 'unknown', 'with_staff')
    )
""")

# A relative's number is nothing that the member's coming back could be known by, so its hash goes
# as well; the row stays, for payouts that were made to it.
_FORGET = tuple(
    text(statement)
    for statement in (
        """
        UPDATE members SET closed_at = :now, erased_at = :now, auto_payment = false,
            email_sealed = NULL, email_hash = NULL, email_proved_at = NULL, choices = '{}'
        WHERE id = :member
        """,
        """
        UPDATE numbers SET sealed = NULL, hash_mark = substring(sealed, 1, 4),
            hash = CASE WHEN role = 'own' THEN hash ELSE sha256(uuid_send(gen_random_uuid())) END,
            ended_at = coalesce(ended_at, :now), end_reason = coalesce(end_reason, 'closed')
        WHERE member_id = :member
        """,
        "UPDATE relatives SET label_sealed = NULL WHERE member_id = :member",
        """
        UPDATE sessions SET label = '', device_hash = NULL,
            revoked_at = coalesce(revoked_at, clock_timestamp())
        WHERE member_id = :member
        """,
        "UPDATE goals SET name = NULL WHERE member_id = :member",
        """
        UPDATE certificates SET order_key = 'erased:' || gen_random_uuid()
        WHERE member_id = :member
        """,
        "UPDATE member_passwords SET hash = '' WHERE member_id = :member",
        "UPDATE claims SET note_sealed = NULL WHERE member_id = :member",
        """
        UPDATE claims SET state = 'closed', outcome = 'withdrawn', closed_at = :now
        WHERE member_id = :member AND state = 'with_staff'
        """,
        """
        UPDATE claim_files SET sealed = NULL
        FROM claims WHERE claims.id = claim_files.claim_id AND claims.member_id = :member
        """,
    )
)

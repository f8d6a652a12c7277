"""What a member is told of a purchase: what has changed for them, once. Pure."""

from collections.abc import Iterable, Iterator, Mapping, Sequence

from tracker.notifications.contracts import Kind, Notice
from tracker.purchases.dossiers import Dossier
from tracker.purchases.rules import Standing, Status

_NOBODYS = Standing(Status.UNATTRIBUTED)


def cashback_notices(
    dossiers: Sequence[Dossier], before: Mapping[int, Standing]
) -> Iterable[Notice]:
    """What the way from how purchases stood ``before`` to how they stand now means for members.

    One message for what became of a purchase, however many postings it takes. That a purchase was
    seen is told a member once for good, however often it is credited to them; all else goes under
    the number of the posting that it tells of. Sums of nothing are not told.
    """
    for one in dossiers:
        then, now = before[one.id], one.standing
        if then == now:
            continue
        if then.member_id is not None and then.member_id != now.member_id:
            yield from _change(one, then.member_id, then, _NOBODYS)
            then = _NOBODYS
        if now.member_id is None:
            continue
        if then.member_id is not None:
            yield from _change(one, now.member_id, then, now)
        elif now.pending.cashback:
            yield from _seen(one, now.member_id, now.pending.cashback)
        else:
            # Confirmed or rejected as soon as it was seen: that says it all.
            promised = Standing(Status.PENDING, now.member_id, pending=one.sold)
            yield from _change(one, now.member_id, promised, now)


def _seen(one: Dossier, member: int, amount: int) -> Iterator[Notice]:
    if one.hold_ends_at is None:
        raise AssertionError(f"purchase {one.id} is pending without an end")
    yield Notice(
        member,
        Kind.CASHBACK_TRACKED,
        f"purchase:{one.id}:{Kind.CASHBACK_TRACKED}:{member}",
        {"amount": amount, "shop": one.shop_id, "expected": one.hold_ends_at.isoformat()},
    )


def _change(one: Dossier, member: int, then: Standing, now: Standing) -> Iterator[Notice]:
    gained = (now.confirmed - then.confirmed).cashback
    lost = (then.confirmed + then.pending - now.confirmed - now.pending).cashback
    amounts = {
        Kind.CASHBACK_CONFIRMED: gained,
        Kind.CASHBACK_TAKEN_BACK if gained < 0 else Kind.CASHBACK_REJECTED: lost,
    }
    for kind, amount in amounts.items():
        if amount > 0:
            key = f"purchase:{one.id}:{kind}:{member}:{one.revision}"
            yield Notice(member, kind, key, {"amount": amount, "shop": one.shop_id})

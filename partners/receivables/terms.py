"""How shops pay us. The caller owns the unit of work."""

from dataclasses import asdict, dataclass

from sqlalchemy import func, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from partners.receivables.models import PartnerTerms
from partners.receivables.rules import MAX_PAYMENT_DAYS, TermsInvalid
from tracker.audit.service import record
from tracker.kit.money import MAX_KOPECKS
from tracker.members.rules import Language

_LONGEST = 300


@dataclass(frozen=True, slots=True)
class Terms:
    """A shop's terms of payment, and who it is on paper."""

    payment_days: int = 14
    language: str = Language.RU
    legal_name: str = ""
    address: str = ""
    tax_id: str = ""
    funding_limit: int | None = None
    """Kopecks; None: the house's limit."""


def terms_of(session: Session, shop_id: int, house: Terms) -> Terms:
    """A shop's terms; the house's where it has none."""
    found = session.get(PartnerTerms, shop_id)
    if found is None:
        return house
    return Terms(**{name: getattr(found, name) for name in asdict(house)})


def set_terms(session: Session, shop_id: int, slug: str, wanted: Terms, who: str) -> None:
    """Let a shop have these terms from its next invoice on. Raises TermsInvalid."""
    _check(wanted)
    before = session.get(PartnerTerms, shop_id)
    told = {name: getattr(before, name) for name in asdict(wanted)} if before else None
    values = {"shop_id": shop_id, **asdict(wanted), "changed_by": who}
    fresh = {name: value for name, value in values.items() if name != "shop_id"}
    statement = insert(PartnerTerms).values(values)
    session.execute(
        statement.on_conflict_do_update(
            index_elements=[PartnerTerms.shop_id], set_=fresh | {"changed_at": func.now()}
        )
    )
    session.expire_all()
    record(session, who, "shop.payment_terms", f"shop:{slug}", before=told, after=asdict(wanted))


def limits(session: Session) -> dict[int, int]:
    """The funding limits of shops that have one of their own, by shop; kopecks."""
    query = select(PartnerTerms.shop_id, PartnerTerms.funding_limit)
    rows = session.execute(query.where(PartnerTerms.funding_limit.is_not(None)))
    return {row.shop_id: row.funding_limit for row in rows}


def _check(wanted: Terms) -> None:
    faults = {}
    if not 0 <= wanted.payment_days <= MAX_PAYMENT_DAYS:
        faults["payment_days"] = f"0 to {MAX_PAYMENT_DAYS} days are expected"
    if wanted.language not in set(Language):
        faults["language"] = f"one of {', '.join(Language)} is expected"
    for name in ("legal_name", "address", "tax_id"):
        said = getattr(wanted, name)
        if len(said) > _LONGEST or not said.isprintable():
            faults[name] = f"up to {_LONGEST} printable characters are expected"
    if wanted.funding_limit is not None and not 0 <= wanted.funding_limit <= MAX_KOPECKS:
        faults["funding_limit"] = "a sum that is not below zero is expected"
    if faults:
        raise TermsInvalid(fields=faults)

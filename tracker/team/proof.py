"""The audit's part of the ledger proof: who did what is as it was written down."""

from collections.abc import Iterator

from sqlalchemy.orm import Session

from tracker.audit.chain import breaks, walk_from
from tracker.audit.heads import heads_kept
from tracker.ledger.rules import Difference


def prove(session: Session) -> Iterator[Difference]:
    """The chain holds from the first act to the last, and comes by every end that was kept.

    Signatures need the key: `tracker audit verify` looks at them too.
    """
    for one in breaks(session, walk_from(session, 0, heads_kept(session))):
        what = f"act {one.entry_id}" if one.entry_id else f"place {one.place} of the chain"
        yield Difference(what, "as it was written down", one.why)

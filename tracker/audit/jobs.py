"""What a worker does for the audit."""

from sqlalchemy import Engine

from tracker.audit.heads import keep_head, text_of
from tracker.kit.crypto import Keyring
from tracker.kit.database import unit_of_work
from tracker.kit.logs import log

TASK = "audit-head"
_LOG = log("audit")


def export_head(engine: Engine, keys: Keyring) -> bool:
    """Sign the end of the chain, keep it, and say it in the log, which goes elsewhere."""
    with unit_of_work(engine) as session:
        head = keep_head(session, keys)
    if head is not None:
        _LOG.info("audit_head", place=head.place, head=text_of(head))
    return False

"""The workers' part: open claims are compared with what the shops have reported since."""

from datetime import datetime

from sqlalchemy import Engine

from tracker.claims.answering import Hand
from tracker.claims.service import look_again
from tracker.kit.crypto import Keyring
from tracker.kit.database import unit_of_work
from tracker.purchases.settling import Programme

CHUNK = 50


def look_at_claims(engine: Engine, keys: Keyring, programme: Programme, now: datetime) -> bool:
    """Look at a chunk of those that are due; True when there may be more."""
    with unit_of_work(engine) as session:
        return bool(look_again(Hand(session, keys, programme, now), CHUNK))

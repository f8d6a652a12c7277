"""Where a page of a history ends, as members hold it: sealed, and good for that list alone.

Nobody can make one up, or have one of another member's, or of another filter, be taken.
"""

import base64
import binascii
import json
from datetime import datetime

from tracker.cabinet.rules import CursorNotUsable, Key, Wanted
from tracker.kit.crypto import CannotDecrypt, Keyring

MAX_CURSOR = 1_000
"""Characters."""


def seal(keys: Keyring, wanted: Wanted, key: Key) -> str:
    """The cursor that stands behind a line."""
    plain = json.dumps([key.moment.isoformat(), *key[1:]], ensure_ascii=False).encode()
    return base64.urlsafe_b64encode(keys.seal(_purpose(wanted), plain)).decode().rstrip("=")


def unseal(keys: Keyring, wanted: Wanted, cursor: str) -> Key:
    """The place that a cursor stands for. Raises CursorNotUsable."""
    try:
        if len(cursor) > MAX_CURSOR:
            raise ValueError(cursor)
        sealed = base64.b64decode(cursor + "=" * (-len(cursor) % 4), altchars=b"-_", validate=True)
        moment, *rest = json.loads(keys.open(_purpose(wanted), sealed))
    except (CannotDecrypt, ValueError, binascii.Error) as error:
        raise CursorNotUsable(fields={"cursor": "is none of this list"}) from error
    return Key(datetime.fromisoformat(moment), *rest)


def _purpose(wanted: Wanted) -> str:
    edges = [one and int(one.timestamp()) for one in (wanted.since, wanted.until)]
    return f"history of member {wanted.member_id}: {wanted.status} {edges}"

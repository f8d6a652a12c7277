"""What must be read back is sealed; what is only compared is kept as a keyed hash."""

import base64
import binascii
import hashlib
import hmac
import secrets

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

_KEY_BYTES = 32
_MARK_BYTES = 4
_NONCE_BYTES = 12
_BODY = _MARK_BYTES + _NONCE_BYTES


class CannotDecrypt(Exception):
    """The text was sealed under another key, for another purpose, or was altered."""


def new_key() -> str:
    """A fresh TRACKER_SECRET_KEY."""
    return base64.urlsafe_b64encode(secrets.token_bytes(_KEY_BYTES)).decode()


def key_from(text: str) -> bytes:
    """The 32 bytes of a TRACKER_SECRET_KEY; raises ValueError when they are not."""
    try:
        key = base64.urlsafe_b64decode(text.encode())
    except (binascii.Error, UnicodeEncodeError) as error:
        raise ValueError("must be urlsafe base64") from error
    if len(key) != _KEY_BYTES:
        raise ValueError(f"must be {_KEY_BYTES} bytes, urlsafe base64")
    return key


class Keyring:
    """The key that is used now, and others that are still read: so a key can be changed.

    ``purpose`` binds what is sealed or hashed to one use: it cannot be moved to another.
    """

    def __init__(self, current: bytes, *others: bytes) -> None:
        self._keys = {_mark(key): key for key in (current, *others)}
        self._ciphers = {mark: AESGCM(key) for mark, key in self._keys.items()}
        self.mark = _mark(current)
        """What everything sealed under the present key begins with: four bytes."""

    def __repr__(self) -> str:
        return f"Keyring of {len(self._keys)}"

    def seal(self, purpose: str, plain: bytes) -> bytes:
        """AES-256-GCM under the present key."""
        nonce = secrets.token_bytes(_NONCE_BYTES)
        sealed = self._ciphers[self.mark].encrypt(nonce, plain, purpose.encode())
        return self.mark + nonce + sealed

    def open(self, purpose: str, sealed: bytes) -> bytes:
        """What was sealed under any key of the ring. Raises CannotDecrypt."""
        cipher = self._ciphers.get(sealed[:_MARK_BYTES])
        if cipher is None:
            raise CannotDecrypt(purpose)
        try:
            return cipher.decrypt(sealed[_MARK_BYTES:_BODY], sealed[_BODY:], purpose.encode())
        except (InvalidTag, ValueError) as error:
            raise CannotDecrypt(purpose) from error

    def has(self, sealed: bytes) -> bool:
        """Whether it was sealed under a key of the ring."""
        return sealed[:_MARK_BYTES] in self._keys

    def hash(self, purpose: str, text: str) -> bytes:
        """HMAC-SHA256 of a text under the present key: no use to a thief of the table."""
        return _hash(self._keys[self.mark], purpose, text)

    def hashes(self, purpose: str, text: str) -> list[bytes]:
        """The same under every key of the ring, the present one first: what to look up by."""
        return [_hash(key, purpose, text) for key in self._keys.values()]


def _mark(key: bytes) -> bytes:
    return hashlib.sha256(b"mark of a key\0" + key).digest()[:_MARK_BYTES]


def _hash(key: bytes, purpose: str, text: str) -> bytes:
    return hmac.digest(key, f"{purpose}\0{text}".encode(), hashlib.sha256)

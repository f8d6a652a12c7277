"""What must be read back is encrypted; what is only compared is kept as a keyed hash."""

import base64
import binascii
import hashlib
import hmac
import secrets

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

_KEY_BYTES = 32
_NONCE_BYTES = 12


class CannotDecrypt(Exception):
    """The text was encrypted under another key, for another purpose, or was altered."""


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


def encrypt(key: bytes, purpose: str, plain: bytes) -> bytes:
    """AES-256-GCM; ``purpose`` binds the result to one use: it cannot be moved to another."""
    nonce = secrets.token_bytes(_NONCE_BYTES)
    return nonce + AESGCM(key).encrypt(nonce, plain, purpose.encode())


def decrypt(key: bytes, purpose: str, sealed: bytes) -> bytes:
    """Raises CannotDecrypt."""
    try:
        return AESGCM(key).decrypt(sealed[:_NONCE_BYTES], sealed[_NONCE_BYTES:], purpose.encode())
    except (InvalidTag, ValueError) as error:
        raise CannotDecrypt(purpose) from error


def keyed_hash(key: bytes, purpose: str, text: str) -> bytes:
    """HMAC-SHA256 of a token: useless to a thief of the table without the key."""
    return hmac.new(key, f"{purpose}\0{text}".encode(), hashlib.sha256).digest()

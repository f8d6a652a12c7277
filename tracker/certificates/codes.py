"""A certificate's code: how it is written, read and hashed. Pure; chance is passed in.

23 symbols of Crockford's base32 by chance, 115 bits, and two that check them: one symbol mistyped
or two neighbours swapped among the 23 are told from a code before anything is looked up.
"""

import hmac
from dataclasses import dataclass

from tracker.kit.crypto import Keyring

RANDOM_BITS = 115
"""What a code is made of: ``secrets.randbits(RANDOM_BITS)``."""

LENGTH = 25
_GROUP = 5
_SYMBOLS = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
_VALUES = {symbol: value for value, symbol in enumerate(_SYMBOLS)}
_READ_AS = str.maketrans("OILАВСЕНКМОРТХ", "011ABCEHKM0PTX")
"""What people take for one another, also among the letters of our members' keyboards."""
_PARTED_BY = frozenset("-\u2010\u2011\u2012\u2013\u2014\u2015\u2212\u200b\ufeff")
"""Hyphens, as people and typesetters write them; beside blanks and ends of lines."""

_CHECK_BITS = 10
_PRIME = 1021
"""The largest that two symbols can hold: no shift of one wrong symbol is a multiple of it."""

_LONGEST_TOLD = 64
_PURPOSE = "certificate code"
_PURPOSE_OF_PROOF = "certificate and its code"


def code_of(chance: int) -> str:
    """The code of ``RANDOM_BITS`` bits of chance, as it is hashed: 25 symbols, not grouped."""
    if chance.bit_length() > RANDOM_BITS or chance < 0:
        raise ValueError(f"a code is made of {RANDOM_BITS} bits")
    return _written(chance << _CHECK_BITS | chance % _PRIME)


@dataclass(frozen=True, slots=True)
class MadeFor:
    """What a code is good for, and nothing else."""

    certificate_id: int
    amount: int
    """Kopecks."""
    number: int
    """The first code of the certificate, the second, ...: none is good after the next."""


def grouped(code: str) -> str:
    """As people are shown it: five groups of five."""
    return "-".join(code[at : at + _GROUP] for at in range(0, LENGTH, _GROUP))


def read_code(told: str) -> str | None:
    """The code that somebody typed or scanned, as it is hashed; None for what can be none."""
    if len(told) > _LONGEST_TOLD:
        return None
    bare = "".join(one for one in told if not one.isspace() and one not in _PARTED_BY)
    code = bare.upper().translate(_READ_AS)
    if len(code) != LENGTH or not _VALUES.keys() >= set(code):
        return None
    chance, check = divmod(_read(code), 1 << _CHECK_BITS)
    return code if chance % _PRIME == check else None


def code_hash(keys: Keyring, code: str) -> bytes:
    """What is kept of a code."""
    return keys.hash(_PURPOSE, code)


def code_hashes(keys: Keyring, code: str) -> list[bytes]:
    """What a code may have been kept as: to look it up by."""
    return keys.hashes(_PURPOSE, code)


def code_proof(keys: Keyring, code: str, made_for: MadeFor) -> bytes:
    """What is kept to know what a code was made for."""
    return keys.hash(_PURPOSE_OF_PROOF, _said(code, made_for))


def proves(keys: Keyring, kept: bytes | None, code: str, made_for: MadeFor) -> bool:
    """Whether that was kept, under whichever of our keys."""
    made = keys.hashes(_PURPOSE_OF_PROOF, _said(code, made_for))
    return kept is not None and any(hmac.compare_digest(kept, one) for one in made)


def _said(code: str, made_for: MadeFor) -> str:
    return f"{made_for.certificate_id}:{made_for.amount}:{made_for.number}:{code}"


def _written(value: int) -> str:
    return "".join(_SYMBOLS[value >> 5 * place & 31] for place in reversed(range(LENGTH)))


def _read(code: str) -> int:
    value = 0
    for symbol in code:
        value = value << 5 | _VALUES[symbol]
    return value

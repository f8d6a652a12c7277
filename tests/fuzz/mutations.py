"""Recorded requests with something changed in them. Everything follows from the random source."""

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from random import Random
from typing import Any
from urllib.parse import quote

from tests.fuzz.nasties import BODIES, MEDIA, VALUES

_JSON = "application/json"


@dataclass(frozen=True, slots=True)
class Draft:
    """A request before it gets a key."""

    method: str
    headers: dict[str, str]
    query: bytes
    body: bytes

    @property
    def told(self) -> bytes:
        """The bytes that say something."""
        return self.body or self.query

    def telling(self, raw: bytes) -> "Draft":
        """The same with other bytes in that place."""
        return replace(self, body=raw) if self.body else replace(self, query=raw[:8_000])


def mutate(random: Random, draft: Draft, others: Sequence[Draft]) -> Draft:
    """A draft changed in up to three ways."""
    for _ in range(random.choice((0, 1, 1, 1, 1, 2, 3))):
        draft = random.choice(_WAYS)(random, draft, others)
    return draft


def _bytes(random: Random, draft: Draft, _: Sequence[Draft]) -> Draft:
    raw = bytearray(draft.told)
    for _n in range(random.randint(1, 4)):
        place = random.randrange(len(raw) + 1)
        match random.randrange(4):
            case 0:
                raw[place : place + 1] = random.randbytes(1)
            case 1:
                raw[place:place] = random.randbytes(random.randint(1, 6))
            case 2:
                del raw[place : place + random.randint(1, 20)]
            case _:
                raw[place:place] = raw[: random.randint(1, 40)]
    return draft.telling(bytes(raw))


def _spliced(random: Random, draft: Draft, others: Sequence[Draft]) -> Draft:
    other = random.choice(others).told
    mine = draft.told
    cut = random.randrange(len(mine) + 1)
    return draft.telling(mine[:cut] + other[random.randrange(len(other) + 1) :])


def _inner(random: Random, draft: Draft, _: Sequence[Draft]) -> Draft:
    """One value within: of JSON, or of a form."""
    if draft.headers.get("content-type", "").startswith(_JSON):
        try:
            value = json.loads(draft.body)
        except (ValueError, RecursionError):
            return draft
        return replace(draft, body=_dumped(_spoilt(random, value)))
    fields = draft.told.split(b"&")
    place = random.randrange(len(fields))
    name = fields[place].partition(b"=")[0]
    value = quote(str(random.choice(VALUES)), errors="surrogatepass").encode()
    match random.randrange(3):
        case 0:
            fields[place] = name + b"=" + value
        case 1:
            fields.append(name + b"=" + value)
        case _:
            del fields[place]
    return draft.telling(b"&".join(fields))


def _spoilt(random: Random, value: Any) -> Any:
    """Walk down a while, then put something else there, or take it away, or double it."""
    if not isinstance(value, dict | list) or not value:
        return random.choice(VALUES)
    key: Any = random.choice(sorted(value)) if isinstance(value, dict) else _place(random, value)
    if isinstance(value[key], dict | list) and random.random() < 0.7:
        value[key] = _spoilt(random, value[key])
        return value
    match random.randrange(4):
        case 0:
            del value[key]
        case 1 if isinstance(value, list):
            value.append(value[key])
        case 2 if isinstance(value, dict):
            value[str(random.choice(VALUES))[:300]] = value[key]
        case _:
            value[key] = random.choice(VALUES)
    return value


def _place(random: Random, value: list[Any]) -> int:
    return random.randrange(len(value))


def _dumped(value: Any) -> bytes:
    return json.dumps(value).encode()


def _nasty(random: Random, draft: Draft, _: Sequence[Draft]) -> Draft:
    return draft.telling(random.choice(BODIES))


def _head(random: Random, draft: Draft, _: Sequence[Draft]) -> Draft:
    headers = dict(draft.headers)
    match random.randrange(4):
        case 0:
            headers["content-type"] = random.choice(MEDIA)
        case 1:
            headers["content-encoding"] = random.choice(["gzip", "br", "identity", ""])
        case 2:
            return replace(draft, method="GET" if draft.method == "POST" else "POST")
        case _:
            return replace(draft, query=draft.query + b"&" + random.randbytes(3).hex().encode())
    return replace(draft, headers=headers)


Way = Callable[[Random, Draft, Sequence[Draft]], Draft]
_WAYS: Sequence[Way] = (_bytes, _inner, _inner, _inner, _spliced, _nasty, _head)

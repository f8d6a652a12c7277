"""JSON that says one thing only: no name twice, no floats, no NaN, no endless nesting."""

import json
from collections.abc import Sequence
from typing import NoReturn


class NotStrictJson(Exception):
    """Not UTF-8, not JSON, or JSON that two readers could read differently."""


def loads(body: bytes) -> object:
    """The value a body says. Raises NotStrictJson."""
    try:
        return json.loads(
            body.decode("utf-8"),
            object_pairs_hook=_object,
            parse_float=_refuse,
            parse_constant=_refuse,
        )
    except (ValueError, RecursionError) as error:
        raise NotStrictJson(str(error)) from error


def _object(pairs: Sequence[tuple[str, object]]) -> dict[str, object]:
    members = dict(pairs)
    if len(members) != len(pairs):
        raise ValueError("a name comes twice")
    return members


def _refuse(text: str) -> NoReturn:
    raise ValueError(f"not a value of this protocol: {text}")

"""The hand of staff on a shop's dialect: which one it speaks, what that proves, another one.

The caller owns the unit of work, and says who acts.
"""

from collections.abc import Iterator, Mapping
from typing import Any

from sqlalchemy.orm import Session

from partners.dialects.service import Setting, current, speak
from partners.shops.service import find
from tracker.audit.service import record
from tracker.kit.errors import Invalid
from tracker.kit.formats.sections import escape
from webhooks.dialects import asks_for_mapping, named
from webhooks.schemes.keys import UrlKey
from webhooks.wire.dialect import Dialect

_MISSING = object()


class MappingNotAskedFor(Invalid):
    """Only a dialect of a shop's own making goes by a mapping."""

    code = "mapping_not_asked_for"


def checked(dialect: str, mapping: Mapping[str, Any] | None) -> Dialect:
    """A dialect as it would be spoken.

    Raises DialectUnknown, MappingNotAskedFor, and MappingInvalid with every key at fault.
    """
    if mapping is not None and not asks_for_mapping(dialect):
        raise MappingNotAskedFor(f"the dialect {dialect!r} is the same for all shops")
    return named(dialect, mapping)


def present(session: Session, slug: str) -> dict[str, Any]:
    """The dialect that a shop speaks, and how far each scheme is to be trusted.

    Raises ShopNotFound.
    """
    setting = current(session, find(session, slug).id)
    return _shown(slug, setting, named(setting.dialect, setting.mapping))


def choose(
    session: Session,
    who: str,
    slug: str,
    dialect: str,
    mapping: Mapping[str, Any] | None = None,
    *,
    only_check: bool = False,
) -> dict[str, Any]:
    """Let a shop speak a dialect from now on, and tell what changes by it; nothing when it does so
    already, or when only a check is wanted.

    Raises ShopNotFound, and what `checked` says no to.
    """
    shop_id = find(session, slug).id
    before = current(session, shop_id)
    read = checked(dialect, mapping)
    after = Setting(None, dialect, mapping)
    is_news = (before.dialect, before.mapping) != (after.dialect, after.mapping)
    if is_news and not only_check:
        after = speak(session, shop_id, dialect, mapping)
        record(
            session,
            who,
            "shop.dialect",
            f"shop:{slug}",
            before={"dialect": before.dialect, "setting": before.id},
            after={"dialect": after.dialect, "setting": after.id},
        )
    return {
        **_shown(slug, after, read),
        "was": before.dialect,
        "changes": _changes(before.mapping, mapping),
        "saved": is_news and not only_check,
    }


def _shown(slug: str, setting: Setting, read: Dialect) -> dict[str, Any]:
    return {
        "shop": slug,
        "dialect": setting.dialect,
        "about": read.about,
        "methods": sorted(read.methods),
        "shapes": sorted(read.shapes),
        "schemes": [
            {
                "name": one.name,
                "field": one.field if isinstance(one, UrlKey) else None,
                "trusted": one.is_trusted,
                "proves": one.proves,
            }
            for one in read.schemes
        ],
        "mapping": setting.mapping,
    }


def _changes(before: Mapping[str, Any] | None, after: Mapping[str, Any] | None) -> dict[str, Any]:
    """What differs between two mappings, by the pointer of each key; null: not there."""
    old, new = dict(_leaves(before or {})), dict(_leaves(after or {}))
    return {
        path: {"old": old.get(path), "new": new.get(path)}
        for path in sorted(old.keys() | new.keys())
        if old.get(path, _MISSING) != new.get(path, _MISSING)
    }


def _leaves(value: Any, path: str = "") -> Iterator[tuple[str, Any]]:
    if not isinstance(value, Mapping):
        yield path, value
        return
    for name, inner in value.items():
        yield from _leaves(inner, f"{path}/{escape(name)}")

"""The dialects there are: every file in ``webhooks/adapters`` is one.

Such a file holds a ``DIALECT``, or, where a shop's own mapping makes it, ``from_mapping``.
"""

import pkgutil
from collections.abc import Mapping
from importlib import import_module
from typing import Any

from tracker.kit.errors import NotFound
from webhooks import adapters
from webhooks.wire.dialect import Dialect

_MODULES = {
    found.name: import_module(f"{adapters.__name__}.{found.name}")
    for found in pkgutil.iter_modules(adapters.__path__)
}

NAMES = tuple(sorted(_MODULES))


_FORMS = {"standard-webhooks": "secret", "header-key": "header_key"}
"""By which form of a secret a scheme goes; every other by the key of an address."""


class DialectUnknown(NotFound):
    """There is no such dialect."""

    code = "dialect_unknown"


def asks_for_mapping(name: str) -> bool:
    """Whether a dialect is made by a shop's own mapping."""
    return hasattr(_module(name), "from_mapping")


def named(name: str, mapping: Mapping[str, Any] | None = None) -> Dialect:
    """A dialect by its name.

    Raises DialectUnknown, and MappingInvalid for a mapping that the dialect cannot go by.
    """
    module = _module(name)
    if asks_for_mapping(name):
        made: Dialect = module.from_mapping(mapping or {})
        return made
    found: Dialect = module.DIALECT
    return found


def forms_of(dialect: Dialect) -> dict[str, str]:
    """The schemes of a dialect, and by which form of a secret (`Secret.shown`) each goes."""
    return {one.name: _FORMS.get(one.name, "url_key") for one in dialect.schemes}


def _module(name: str) -> Any:
    if name not in _MODULES:
        raise DialectUnknown(f"no dialect is called {name!r}; there are {', '.join(NAMES)}")
    return _MODULES[name]

"""Walking through a format that is being saved: every fault is noted under its path. Pure."""

from collections.abc import Collection, Mapping
from typing import Any, Self

MAX_WORDS = 200
MAX_WORD = 100


class Section:
    """One object of a format. A key that nobody asks for is a fault, so that none is mistyped.

    Every method returns something of the right type even where the format is at fault; whoever
    made the section looks at ``faults`` at the end.
    """

    def __init__(self, value: Any, faults: dict[str, str], path: str = "") -> None:
        self.faults = faults
        self.path = path
        self._asked: list[str] = []
        self._object: Mapping[str, Any] = value if isinstance(value, dict) else {}
        if not isinstance(value, dict):
            self.fault("", "must be an object")

    def fault(self, name: str, why: str) -> None:
        """Note what is wrong with a key."""
        path = f"{self.path}/{escape(name)}" if name else self.path
        self.faults.setdefault(path or "mapping", why)

    def value(self, name: str) -> Any:
        """What a key says; None where it is absent or null."""
        self._asked.append(name)
        return self._object.get(name)

    def has(self, name: str) -> bool:
        """Whether a key is there and says something."""
        return self.value(name) is not None

    def required(self, name: str) -> Any:
        """What a key says that must be there."""
        found = self.value(name)
        if found is None:
            self.fault(name, "is missing")
        return found

    def choice(self, name: str, words: Collection[str], default: str) -> str:
        """One of a closed list."""
        found = self.value(name)
        if found is None:
            return default
        if not isinstance(found, str) or found not in words:
            self.fault(name, f"must be one of {_listed(words)}")
            return default
        return found

    def several(self, name: str, words: Collection[str], default: Collection[str]) -> list[str]:
        """One or several of a closed list, each once."""
        found = self.value(name)
        if found is None:
            return list(default)
        good = isinstance(found, list) and found and all(one in words for one in found)
        if not good or len(set(found)) < len(found):
            self.fault(name, f"must be a list of one or several of {_listed(words)}, each once")
            return list(default)
        return list(found)

    def flag(self, name: str, *, default: bool) -> bool:
        """True or false."""
        found = self.value(name)
        if found is None:
            return default
        if not isinstance(found, bool):
            self.fault(name, "must be true or false")
            return default
        return found

    def inner(self, name: str) -> Self:
        """An object within that must be there."""
        found = self.required(name)
        path = f"{self.path}/{escape(name)}"
        return type(self)({} if found is None else found, self.faults, path)

    def dictionary(self, name: str) -> dict[str, Any]:
        """The shop's own words with what they mean, 1 to 200 of them; {} where there are none."""
        found = self.value(name)
        if found is None:
            return {}
        if not isinstance(found, dict) or not 0 < len(found) <= MAX_WORDS:
            self.fault(name, f"must be an object of 1 to {MAX_WORDS} words")
            return {}
        for word in found:
            if not 0 < len(word) <= MAX_WORD or not word.isprintable() or word != word.strip():
                why = f"must have 1 to {MAX_WORD} printable characters, with no blanks around them"
                self.faults.setdefault(f"{self.path}/{escape(name)}/{escape(word)[:MAX_WORD]}", why)
        return dict(found)

    def translations(self, name: str, words: Collection[str]) -> dict[str, str]:
        """A dictionary whose every meaning is of a closed list."""
        found = self.dictionary(name)
        inside = Section(found, self.faults, f"{self.path}/{escape(name)}")
        return {word: inside.choice(word, words, min(words)) for word in found}

    def close(self) -> None:
        """Nothing more will be asked for: what else stands here is not known."""
        known = list(dict.fromkeys(self._asked))
        for name in self._object:
            if name not in known:
                self.fault(name[:MAX_WORD], f"is no key here; there are {_listed(known)}")


def _listed(words: Collection[str]) -> str:
    return ", ".join(f'"{word}"' for word in words)


def escape(name: str) -> str:
    """A name as it stands in a path of faults, which is a JSON Pointer (RFC 6901)."""
    return name.replace("~", "~0").replace("/", "~1")

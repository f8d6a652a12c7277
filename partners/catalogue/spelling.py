"""One name, many spellings: what a name and a search have in common however either is typed. Pure.

A text has several *forms*, and a search finds a name when a form of the one stands in a form of the
other. A form is words; written without blanks, so that these and hyphens make no difference. There
are two kinds:

- *plain*: in its own script, without capitals, accents, apostrophes and soft signs; letters that
  Russian and Ukrainian write differently are one. What it does it does letter by letter, so the
  beginning of a name has the beginning of its form.
- *sounds*: both scripts in one alphabet. Sounds that Latin writes with several letters are one sign
  here (a capital letter); letters that systems of transliteration disagree about (y and i, h, kh
  and g) are one as well. Because a pair of letters may be read in two ways, a Cyrillic text is also
  spelled in Latin by two usual systems, and each of these is read as if somebody had typed it.
"""

import re
import unicodedata

Form = tuple[str, ...]
"""Words, none of them empty."""

_APOSTROPHES = dict.fromkeys(map(ord, "'’‘ʼʹ`´′"))
_WORDS = re.compile(r"[^\W_]+")
_CYRILLIC = re.compile(r"[\u0400-\u04ff]")
_TWICE = re.compile(r"([^\W\d])\1{1,2}")

_PLAIN = str.maketrans("іыєэґ", "ииеег", "ьъ")
"""й, ї and ё are и, і and е with an accent, which is gone by then."""

_SOUNDS = {
    **dict(zip("абвгґдезиіыйклмнопрстуфхцэє", "abvhhdeziiiiklmnoprstufhcee", strict=True)),
    **{"ж": "Z", "ч": "C", "ш": "S", "щ": "S", "ю": "iu", "я": "ia", "ь": "", "ъ": "", "ц": "ts"},
    **{"shch": "S", "sch": "S", "shh": "S", "sh": "S", "tch": "C", "ch": "C", "zgh": "zh"},
    **{"zh": "Z", "kh": "h", "gh": "h", "ph": "f", "th": "t", "ck": "k"},
    **{"yo": "e", "jo": "e", "ye": "e", "je": "e", "ie": "e"},
    **{"ce": "se", "ci": "si", "cy": "si", "tz": "ts", "x": "ks", "c": "k", "q": "k", "w": "v"},
    **{"g": "h", "j": "i", "y": "i"},
}
_SPELLINGS = re.compile("|".join(sorted(_SOUNDS, key=len, reverse=True)))

_COMMON = dict(zip("абвдеёжзийклмнопрстуф", "abvdeezzijklmnoprstuf", strict=True)) | {
    **{"ж": "zh", "х": "kh", "ц": "ts", "ч": "ch", "ш": "sh", "щ": "shch", "ь": "", "ъ": ""},
    **{"ґ": "g", "і": "i", "ё": "yo", "э": "e", "ы": "y", "ў": "u"},
}
_SYSTEMS = tuple(
    str.maketrans(_COMMON | letters)
    for letters in (
        {"г": "g", "и": "i", "й": "y", "ї": "yi", "є": "ye", "ю": "yu", "я": "ya"},
        {"г": "h", "и": "y", "й": "i", "ї": "i", "є": "ie", "ю": "iu", "я": "ia"},
    )
)
"""Cyrillic in Latin: as Russian is mostly spelled, and as Ukrainian passports are."""


def forms(text: str) -> frozenset[Form]:
    """All forms of a name or of a search; none of a text in which there is nothing to look for."""
    typed = unicodedata.normalize("NFC", text.casefold())
    spelled = [typed.translate(system) for system in _SYSTEMS] if _CYRILLIC.search(typed) else []
    found = {
        tuple(plain(word) for word in words(text)),
        *(tuple(map(sounds, words(one))) for one in (typed, *spelled)),
    }
    return frozenset(found - {()})


def words(text: str) -> list[str]:
    """The words of a text without capitals, accents and apostrophes.

    A text of signs alone is one word.
    """
    folded = text.casefold()
    if not folded.isascii():
        folded = unicodedata.normalize("NFKD", folded).casefold()
        folded = "".join(sign for sign in folded if not unicodedata.combining(sign))
    return _WORDS.findall(folded.translate(_APOSTROPHES)) or folded.split()


def plain(word: str) -> str:
    """A word in its own script, letter by letter."""
    return word.translate(_PLAIN) or word


def sounds(word: str) -> str:
    """A word as it sounds, whichever script it is in."""
    return _TWICE.sub(r"\1", _SPELLINGS.sub(_sound, word)) or word


def _sound(found: "re.Match[str]") -> str:
    return _SOUNDS[found[0]]


def is_near(form: str, wanted: str) -> bool:
    """Whether a form begins with what is wanted, but for one letter.

    That letter is wrong, missing, one too many, or has changed places with its neighbour.
    """
    begins = form.startswith
    same = next(
        (at for at, (one, other) in enumerate(zip(form, wanted, strict=False)) if one != other),
        min(len(form), len(wanted)),
    )
    return (
        begins(wanted[same + 1 :], same + 1)
        or begins(wanted[same:], same + 1)
        or begins(wanted[same + 1 :], same)
        or (begins(wanted[same : same + 2][::-1], same) and begins(wanted[same + 2 :], same + 2))
    )

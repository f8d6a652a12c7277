"""Shop names from invented words: three meaningless syllables, so that no real brand is meant."""

from dataclasses import dataclass
from itertools import product

from sandbox.catalogue.draws import shuffled, weighted
from sandbox.catalogue.sections import Subsection

_STARTS = (
    "велм лурн зорм кемр долв рамн невл силг тумр брун фелд ярмс жилв оств эрдл квил певр чарн "
    "глим снур тров мирд пран гвес думр шелв"
)
_MIDDLES = "ан ем ил ар ес ир ов ол ен ор"
_ENDS = "ика ора ель ино ада еро ула ант ерта осса ия ард омо ейн ис ета"
_SYLLABLES = (_STARTS.split(), _MIDDLES.split(), _ENDS.split())

_LATIN = {
    **dict(zip("абвгдезийклмнопрстуфэ", "abvgdeziyklmnoprstufe", strict=True)),
    **{"ж": "zh", "х": "kh", "ц": "ts", "ч": "ch", "ш": "sh", "ю": "yu", "я": "ya", "ь": ""},
}
_UKRAINIAN = str.maketrans("иэы", "іеи")
_LANGUAGES = {"ru": 70, "uk": 12, "en": 18}
_TRANSLATED = {True: 3, False: 2}


@dataclass(frozen=True, slots=True)
class InventedName:
    """A name for people, and the slug that addresses it."""

    slug: str
    name: str
    name_uk: str
    """In Ukrainian; empty: it is called the same."""
    name_en: str
    """In English, likewise."""


def invented_words() -> list[str]:
    """Every word the syllables make, in Cyrillic, well mixed; no two read the same in Latin."""
    words = ("".join(syllables) for syllables in product(*_SYLLABLES))
    by_slug = {_latin(word): word for word in words}
    return [by_slug[slug] for slug in shuffled("names", by_slug)]


def invented_name(word: str, subsection: Subsection) -> InventedName:
    """A shop's name from a word: Russian, Ukrainian or English, with its trade or without.

    Some are called otherwise in other languages, in either or both.
    """
    slug = _latin(word)
    language = weighted(f"language:{slug}", _LANGUAGES)
    with_trade = language == "uk" or weighted(f"trade:{slug}", {True: 2, False: 3})
    own = {"ru": word, "uk": word, "en": slug}[language]
    name = _called(own, language, subsection, with_trade=with_trade)
    others = {
        "uk": _called(word.translate(_UKRAINIAN), "uk", subsection, with_trade=with_trade),
        "en": _called(slug, "en", subsection, with_trade=with_trade),
    }
    name_uk, name_en = (
        other
        if one != language and other != name and weighted(f"name_{one}:{slug}", _TRANSLATED)
        else ""
        for one, other in others.items()
    )
    return InventedName(slug, name, name_uk, name_en)


def _called(own: str, language: str, subsection: Subsection, *, with_trade: bool) -> str:
    trade = {"ru": subsection.title, "uk": subsection.title_uk, "en": subsection.title_en}
    return " ".join([own.capitalize(), trade[language]] if with_trade else [own.capitalize()])


def _latin(word: str) -> str:
    return "".join(_LATIN[letter] for letter in word)

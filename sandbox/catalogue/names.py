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
_LANGUAGES = {"ru": 70, "uk": 12, "en": 18}


@dataclass(frozen=True, slots=True)
class InventedName:
    """A name for people, and the slug that addresses it."""

    slug: str
    name: str


def invented_words() -> list[str]:
    """Every word the syllables make, in Cyrillic, well mixed; no two read the same in Latin."""
    words = ("".join(syllables) for syllables in product(*_SYLLABLES))
    by_slug = {_latin(word): word for word in words}
    return [by_slug[slug] for slug in shuffled("names", by_slug)]


def invented_name(word: str, subsection: Subsection) -> InventedName:
    """A shop's name from a word: Russian, Ukrainian or English, with its trade or without."""
    slug = _latin(word)
    language = weighted(f"language:{slug}", _LANGUAGES)
    own = slug if language == "en" else word
    trade = {"ru": subsection.title, "uk": subsection.title_uk, "en": subsection.title_en}
    with_trade = language == "uk" or weighted(f"trade:{slug}", {True: 2, False: 3})
    parts = [own.capitalize(), trade[language]] if with_trade else [own.capitalize()]
    return InventedName(slug, " ".join(parts))


def _latin(word: str) -> str:
    return "".join(_LATIN[letter] for letter in word)

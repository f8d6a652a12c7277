"""Searching all names at once: one long text of their forms, gone through by `str.find`. Pure."""

from bisect import bisect_right
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from enum import IntEnum
from itertools import accumulate

from partners.catalogue.spelling import forms, is_near

INSIDE = 3
"""Letters that are looked for inside words too; fewer stand in nearly every name."""

NEARLY = 5
"""Letters among which one may be wrong."""


class Rank(IntEnum):
    """How well a name answers a search, best first."""

    EXACT = 1
    BEGINNING = 2
    WORDS = 3
    """A later word begins so; or each word that was searched for begins one of the name's."""
    INSIDE = 4
    NEARLY = 5
    """But for one letter. Only looked for when nothing else is found."""


class Index:
    """The forms of what can be found, by its place in a list. Never changes."""

    def __init__(self, names: Sequence[Collection[str]]) -> None:
        """``names``: the forms of each place."""
        blocks = ["".join("\n" + form for form in sorted(known)) for known in names]
        self._text = "".join(blocks) + "\n"
        self._ends = list(accumulate(map(len, blocks)))

    def find(self, text: str) -> Mapping[int, Rank]:
        """How well which places answer a search; empty when nothing does."""
        wanted = forms(text)
        ranks: dict[int, Rank] = {}
        for rank, pattern in _PATTERNS:
            for form in wanted:
                if rank is not Rank.INSIDE or len(form) >= INSIDE:
                    for place in self._places(pattern(form)):
                        ranks.setdefault(place, rank)
            if rank is Rank.WORDS:
                for place in self._with_every_word(text):
                    ranks.setdefault(place, rank)
        return ranks or dict.fromkeys(self._nearly(wanted), Rank.NEARLY)

    def _places(self, piece: str) -> Iterator[int]:
        """Where a piece of text stands, each place once."""
        at = self._text.find(piece)
        while at >= 0:
            place = bisect_right(self._ends, at)
            yield place
            at = self._text.find(piece, self._ends[place])

    def _with_every_word(self, text: str) -> set[int]:
        """Places that have a word for each of several words, in whatever order."""
        wanted = text.split()
        if len(wanted) < 2:
            return set()
        found: set[int] | None = None
        for word in wanted:
            begun = {
                place
                for form in forms(word)
                for start in "\n "
                for place in self._places(start + form)
            }
            found = begun if found is None else found & begun
            if not found:
                break
        return found or set()

    def _nearly(self, wanted: Collection[str]) -> Iterator[int]:
        """Places where a word and what follows it is what is wanted but for one letter.

        One letter leaves one half as it was, or it has changed places with one of the other half.
        """
        for form in wanted:
            half = len(form) // 2
            if len(form) < NEARLY or " " in form:
                continue
            turned = form[: half - 1] + form[half] + form[half - 1] + form[half + 1 :]
            for piece in (form[:half], form[half:], turned):
                for place in self._places(piece):
                    if any(is_near(begun, form) for begun in self._beginnings(place)):
                        yield place

    def _beginnings(self, place: int) -> Iterator[str]:
        """What is left of each form of a place from each of its words on."""
        start = self._ends[place - 1] if place else 0
        for form in self._text[start + 1 : self._ends[place]].split("\n"):
            yield form
            yield from (form[at + 1 :] for at, sign in enumerate(form) if sign == " ")


_PATTERNS: tuple[tuple[Rank, Callable[[str], str]], ...] = (
    (Rank.EXACT, "\n{}\n".format),
    (Rank.BEGINNING, "\n{}".format),
    (Rank.WORDS, " {}".format),
    (Rank.INSIDE, "{}".format),
)

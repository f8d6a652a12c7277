"""Searching all names at once: long texts of their forms, gone through by `str.find`. Pure."""

from bisect import bisect_right
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from enum import IntEnum
from itertools import accumulate

from partners.catalogue.spelling import Form, forms, is_near

INSIDE = 3
"""Letters that are looked for inside words too; fewer stand in nearly every name."""

NEARLY = 5
"""Letters among which one may be wrong."""

_LATIN, _OTHER, _MIXED = range(3)
"""Letters of which forms may be: text that is Latin alone is gone through several times as fast."""


class Rank(IntEnum):
    """How well a name answers a search, best first."""

    EXACT = 1
    BEGINNING = 2
    WORDS = 3
    """A later word begins so; or each word that was searched for begins one of the name's."""
    INSIDE = 4
    NEARLY = 5
    """But for one letter. Only looked for when nothing else is found."""


class _Lines:
    """A text with some lines for each place, and where in it a word begins."""

    def __init__(self, places: Iterable[Collection[Form]]) -> None:
        lines: list[str] = []
        begins = bytearray()
        self.ends: list[int] = []
        for known in places:
            for form in known:
                lines.append("\n" + "".join(form))
                begins.append(0)
                for word in form:
                    begins.append(1)
                    begins.extend(bytes(len(word) - 1))
            self.ends.append(len(begins))
        self.text = "".join(lines) + "\n"
        self._begins = bytes(begins)

    def ranks(self, form: str) -> Iterator[tuple[int, Rank]]:
        """Places with a form in which this one stands, and where; a place may come twice."""
        at = self.text.find(form)
        while at >= 0:
            place = bisect_right(self.ends, at)
            rank = self._rank(at, at + len(form))
            yield place, rank
            at = self.text.find(form, self.ends[place] if rank is Rank.EXACT else at + 1)

    def _rank(self, start: int, end: int) -> Rank:
        if self.text[start - 1] == "\n":
            return Rank.EXACT if self.text[end] == "\n" else Rank.BEGINNING
        return Rank.WORDS if self._begins[start] else Rank.INSIDE

    def places(self, piece: str) -> Iterator[int]:
        """Places where a piece of text stands, each once."""
        at = self.text.find(piece)
        while at >= 0:
            place = bisect_right(self.ends, at)
            yield place
            at = self.text.find(piece, self.ends[place])

    def beginnings(self, place: int) -> Iterator[str]:
        """What is left of each line of a place from each of its words on."""
        start, end = self.ends[place - 1] if place else 0, self.ends[place]
        at = self._begins.find(1, start, end)
        while at >= 0:
            yield self.text[at : self.text.find("\n", at)]
            at = self._begins.find(1, at + 1, end)


class Index:
    """The forms of what can be found, by its place in a list. Never changes."""

    def __init__(self, names: Sequence[Collection[Form]]) -> None:
        """``names``: the forms of each place."""
        sorted_out: list[list[list[Form]]] = [[], [], []]
        for known in names:
            for kind in sorted_out:
                kind.append([])
            for form in sorted(known):
                sorted_out[_letters("".join(form))][-1].append(form)
        self._lines = [_Lines(kind) for kind in sorted_out]
        blocks = ["".join(map(_initials, sorted(known))) for known in names]
        self._initials = "".join(blocks)
        self._ends = list(accumulate(map(len, blocks)))

    def find(self, text: str) -> Mapping[int, Rank]:
        """How well which places answer a search; empty when nothing does."""
        wanted = {"".join(form) for form in forms(text)}
        ranks = self._ranks(wanted)
        for place in self._with_every_word(text.split()):
            ranks[place] = min(ranks.get(place, Rank.WORDS), Rank.WORDS)
        return ranks or dict.fromkeys(self._nearly(wanted), Rank.NEARLY)

    def _ranks(self, wanted: Iterable[str]) -> dict[int, Rank]:
        best: dict[int, Rank] = {}
        for form in wanted:
            found = self._inside(form) if len(form) >= INSIDE else self._at_beginnings(form)
            for place, rank in found:
                if rank < best.get(place, Rank.NEARLY):
                    best[place] = rank
        return best

    def _inside(self, form: str) -> Iterator[tuple[int, Rank]]:
        for lines in self._of_letters(form):
            yield from lines.ranks(form)

    def _at_beginnings(self, form: str) -> Iterator[tuple[int, Rank]]:
        for lines in self._of_letters(form):
            for place in lines.places(f"\n{form}\n"):
                yield place, Rank.EXACT
        for before, rank in (("\n", Rank.BEGINNING), (" ", Rank.WORDS)):
            at = self._initials.find(before + form)
            while at >= 0:
                place = bisect_right(self._ends, at)
                yield place, rank
                at = self._initials.find(before + form, self._ends[place])

    def _of_letters(self, form: str) -> Iterator[_Lines]:
        """The lines in which a form may stand."""
        letters = _letters(form)
        yield self._lines[_MIXED]
        if letters != _MIXED:
            yield self._lines[letters]

    def _with_every_word(self, wanted: Sequence[str]) -> set[int]:
        """Places that have a word for each of several words, in whatever order."""
        found: set[int] = set()
        for number, word in enumerate(wanted if len(wanted) > 1 else ()):
            ranks = self._ranks({"".join(form) for form in forms(word)})
            begun = {place for place, rank in ranks.items() if rank <= Rank.WORDS}
            found = found & begun if number else begun
            if not found:
                break
        return found

    def _nearly(self, wanted: Iterable[str]) -> Iterator[int]:
        """Places where a word and what follows it is what is wanted but for one letter.

        One letter leaves one half as it was, or it has changed places with one of the other half.
        """
        for form in wanted:
            if len(form) < NEARLY:
                continue
            half = len(form) // 2
            turned = form[: half - 1] + form[half] + form[half - 1] + form[half + 1 :]
            for lines in self._of_letters(form):
                likely = {
                    place
                    for piece in (form[:half], form[half:], turned)
                    for place in lines.places(piece)
                }
                for place in likely:
                    if any(is_near(begun, form) for begun in lines.beginnings(place)):
                        yield place


def _letters(form: str) -> int:
    """Of which letters a form is."""
    if form.isascii():
        return _LATIN
    return _OTHER if not any(sign.isascii() for sign in form) else _MIXED


def _initials(form: Form) -> str:
    """How a form goes on from each of its words: fewer letters than are looked for inside."""
    whole, starts = "".join(form), accumulate(map(len, form[:-1]), initial=0)
    return "\n" + " ".join(whole[start : start + INSIDE - 1] for start in starts)

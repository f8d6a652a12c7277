"""A notice in words: templates by language, and values written into them as text. Pure."""

import re
import tomllib
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from functools import cache
from importlib.resources import files

from babel.dates import format_date, format_time
from babel.numbers import format_decimal

from tracker.kit.clock import MOSCOW
from tracker.members.rules import Language
from tracker.notifications.contracts import VALUES, Form, Kind

_SLOT = re.compile(r"\{(\w+)\}")
_LONGEST_NAME = 40
_ROUBLES = "#,##0.00\N{NO-BREAK SPACE}\N{RUBLE SIGN}"
_DAYS = {Language.RU: "d MMMM y", Language.UK: "d MMMM y", Language.EN: "MMMM d, y"}
"""Without the abbreviated year that the long forms end with: a sentence would have two stops."""

_BETWEEN_WORDS = re.compile(r"(?<=\w)[.\N{IDEOGRAPHIC FULL STOP}/:@\\]+(?=\w)|[/\\@]|://")
"""What makes an address that a telephone would offer to open."""


@dataclass(frozen=True, slots=True)
class Template:
    """The texts of one kind in one language; None where it does not go by that channel."""

    sms: str | None = None
    subject: str | None = None
    letter: str | None = None


@dataclass(frozen=True, slots=True)
class Words:
    """What a member reads. ``subject`` is empty in an SMS."""

    text: str
    subject: str = ""


def short_text(kind: Kind, language: Language, values: Mapping[str, str]) -> Words:
    """The SMS of a kind. Raises LookupError when it is none, or a value is missing."""
    return Words(_filled(_of(kind, language).sms, values))


def letter(kind: Kind, language: Language, values: Mapping[str, str]) -> Words:
    """The letter of a kind. Raises LookupError when there is none, or a value is missing."""
    template = _of(kind, language)
    closing = _texts(language)["closing"]["letter"]
    text = _filled(template.letter, values).strip() + "\n\n" + closing.strip() + "\n"
    return Words(text, _filled(template.subject, values))


def written(
    kind: Kind, values: Mapping[str, str | int], language: Language, shops: Mapping[int, str]
) -> dict[str, str]:
    """The values of a kind as they stand in its texts. Raises LookupError when one is missing."""
    return {
        name: _in_words(form, values[name], language, shops) for name, form in VALUES[kind].items()
    }


def _in_words(form: Form, value: str | int, language: Language, shops: Mapping[int, str]) -> str:
    match form:
        case Form.MONEY:
            return rubles(int(value))
        case Form.SHOP:
            return tame(shops[int(value)])
        case Form.DEVICE:
            return tame(str(value)) or _texts(language)["device"]["unknown"]
        case Form.DAY:
            return day_of(_moscow(value), language)
        case Form.MOMENT:
            moment = _moscow(value)
            return f"{day_of(moment, language)}, {format_time(moment, 'HH:mm', locale=language)}"
    return str(value)


def rubles(kopecks: int) -> str:
    """``1 530,00 ₽``, the same in every language: a comma read as thousands would be dear."""
    return format_decimal(Decimal(kopecks).scaleb(-2), format=_ROUBLES, locale="ru")


def day_of(moment: datetime, language: Language) -> str:
    """The day as one writes it in that language."""
    return format_date(moment.date(), _DAYS[language], locale=language)


def tame(name: str) -> str:
    """A name that others chose, as text in ours: in one line, of sensible length, without marks
    that command a screen and without what would be taken for a link."""
    plain = "".join(
        " " if unicodedata.category(sign)[0] in "CZ" else sign
        for sign in unicodedata.normalize("NFKC", name)
    )
    apart = " ".join(_BETWEEN_WORDS.sub(" ", plain).split())
    if len(apart) > _LONGEST_NAME:
        return apart[: _LONGEST_NAME - 1].rstrip() + "…"
    return apart


def template_of(kind: Kind, language: Language) -> Template:
    """The texts of a kind in a language."""
    return _of(kind, language)


def _moscow(value: str | int) -> datetime:
    return datetime.fromisoformat(str(value)).astimezone(MOSCOW)


def _filled(text: str | None, values: Mapping[str, str]) -> str:
    """One pass over the template: what stands in a value is never looked at as a template."""
    if text is None:
        raise LookupError("no text for this channel")
    return _SLOT.sub(lambda slot: values[slot[1]], text)


def _of(kind: Kind, language: Language) -> Template:
    return Template(**_texts(language).get(kind, {}))


@cache
def _texts(language: Language) -> dict[str, dict[str, str]]:
    path = files("tracker.notifications") / "templates" / f"{language}.toml"
    return tomllib.loads(path.read_text("utf-8"))

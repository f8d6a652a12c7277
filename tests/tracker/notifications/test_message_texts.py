"""Every kind in every language; what others wrote stands in it as text and as nothing else."""

import itertools
import re
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tracker.gateways.sms_text import parts_of
from tracker.members.rules import Language
from tracker.notifications.contracts import VALUES, Form, Kind
from tracker.notifications.rendering import letter, rubles, short_text, tame, template_of, written
from tracker.notifications.rules import MANNERS

BY_LETTER = {*MANNERS, Kind.EMAIL_CODE, Kind.ERASURE_CODE}
BY_SMS = set(Kind) - {Kind.EMAIL_CODE}
SAMPLES: dict[Form, str | int] = {
    Form.CODE: "271828",
    Form.MONEY: 123_456_789,
    Form.MOMENT: "2010-12-31T23:30:00+00:00",
    Form.DAY: "2010-12-31T20:59:59+00:00",
    Form.SHOP: 7,
    Form.DEVICE: "Samsung, Android",
}
EVERY = list(itertools.product(Kind, Language))


def values(kind: Kind, language: Language, shop: str = "Читай-город") -> dict[str, str]:
    raw = {name: SAMPLES[form] for name, form in VALUES[kind].items()}
    return written(kind, raw, language, {7: shop})


def slots(text: str | None) -> set[str]:
    return set(re.findall(r"\{(\w*)\}", text or ""))


@pytest.mark.parametrize(("kind", "language"), EVERY)
def test_every_kind_has_its_texts_with_its_values(kind: Kind, language: Language) -> None:
    texts = template_of(kind, language)
    assert (texts.sms is not None) == (kind in BY_SMS)
    assert (texts.letter is not None) == (texts.subject is not None) == (kind in BY_LETTER)
    for text in (texts.sms, texts.letter):
        if text is not None:
            assert slots(text) == VALUES[kind].keys()
    assert slots(texts.subject) <= VALUES[kind].keys() - {"code"}


@pytest.mark.parametrize(("kind", "language"), EVERY)
def test_an_sms_is_of_two_parts_at_most(kind: Kind, language: Language) -> None:
    if kind in BY_SMS:
        text = short_text(kind, language, values(kind, language, "щ" * 100)).text
        assert len(parts_of(text, 0).bodies) <= 2
        assert "{" not in text


@pytest.mark.parametrize("language", Language)
def test_the_codes_most_sent_are_of_one_part(language: Language) -> None:
    for kind in (Kind.JOINING_CODE, Kind.SIGN_IN_CODE, Kind.NUMBER_CODE, Kind.NEW_NUMBER_CODE):
        text = short_text(kind, language, values(kind, language)).text
        assert len(parts_of(text, 0).bodies) == 1


@pytest.mark.parametrize(("kind", "language"), EVERY)
def test_a_letter_has_a_subject_and_ends_with_who_writes(kind: Kind, language: Language) -> None:
    if kind in BY_LETTER:
        words = letter(kind, language, values(kind, language))
        assert words.subject
        assert len(words.subject) <= 80
        assert words.text.splitlines()[-1] == template_of_closing(language)
        assert "{" not in words.text + words.subject


def template_of_closing(language: Language) -> str:
    return {"ru": "Кэшбэк-клуб", "uk": "Кешбек-клуб", "en": "Cashback Club"}[language]


def test_sums_and_days_as_people_write_them() -> None:
    assert rubles(153_000) == "1\xa0530,00\xa0₽"
    assert rubles(5) == "0,05\xa0₽"
    shown = {one: values(Kind.CASHBACK_TRACKED, one) for one in Language}
    assert {one: found["amount"] for one, found in shown.items()} == dict.fromkeys(
        Language, "1\xa0234\xa0567,89\xa0₽"
    )
    assert {one: found["expected"] for one, found in shown.items()} == {
        Language.RU: "31 декабря 2010",
        Language.UK: "31 грудня 2010",
        Language.EN: "December 31, 2010",
    }


def test_moments_are_told_by_moscows_clock() -> None:
    assert values(Kind.SIGNED_IN, Language.RU)["at"] == "1 января 2011, 02:30"


def test_a_device_that_says_nothing_of_itself_has_a_name_in_each_language() -> None:
    shown = {
        one: written(Kind.SIGNED_IN, {"at": SAMPLES[Form.MOMENT], "device": ""}, one, {})["device"]
        for one in Language
    }
    assert shown == {
        Language.RU: "неизвестное устройство",
        Language.UK: "невідомий пристрій",
        Language.EN: "unknown device",
    }
    assert values(Kind.SIGNED_IN, Language.RU)["device"] == "Samsung, Android"


@given(st.text(max_size=200))
def test_a_shops_name_is_text_and_nothing_else(name: str) -> None:
    shown = tame(name)
    assert len(shown) <= 40
    assert not any(unicodedata.category(sign)[0] in "CZ" and sign != " " for sign in shown)
    assert not re.search(r"://|\w[.:@/\\]\w|[/\\@]", shown)


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("М.Видео", "М Видео"),
        ("http://evil.example/win?a=1", "http evil example win?a=1"),
        ("write to a@evil.example", "write to a evil example"),
        ("one\r\nBcc: two", "one Bcc: two"),
        ("\u202egnp.exe \x1b[2J", "gnp exe [2J"),
        ("{code} %s %(amount)s {0.__class__}", "{code} %s %(amount)s {0 __class__}"),
        ("ｅｖｉｌ．ｃｏｍ", "evil com"),
        ("evil\u2024com", "evil com"),
        ("evil。com", "evil com"),
    ],
)
def test_names_that_mean_mischief(name: str, shown: str) -> None:
    assert tame(name) == shown


def test_a_value_is_never_looked_at_as_a_template() -> None:
    texts = {"amount": "{shop}", "shop": "{amount} {code}"}
    words = letter(Kind.CASHBACK_CONFIRMED, Language.EN, texts)
    assert words.subject == "Cashback of {shop} is yours"
    assert "{amount} {code}" in words.text


def test_what_is_missing_is_a_fault_and_no_gap() -> None:
    with pytest.raises(LookupError):
        written(Kind.PAYOUT_PAID, {}, Language.RU, {})
    with pytest.raises(LookupError):
        written(Kind.CLAIM_ANSWERED, {"shop": 7}, Language.RU, {})
    with pytest.raises(LookupError):
        short_text(Kind.PAYOUT_PAID, Language.RU, {})

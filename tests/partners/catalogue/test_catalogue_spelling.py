"""However a name is typed, it is found."""

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from partners.catalogue.index import INSIDE, NEARLY, Index, Rank
from partners.catalogue.spelling import forms, is_near, words

RUSSIAN = "абвгдеёжзийклмнопрстуфхцчшщъыьэюя"
UKRAINIAN = "абвгґдеєжзиіїйклмнопрстуфхцчшщьюя"
LATIN = "abcdefghijklmnopqrstuvwxyz"


def system(letters: str, spelled: str) -> dict[str, str]:
    """A system of transliteration: what is written for each letter."""
    return dict(zip(letters, spelled.split(","), strict=True))


INTERNATIONAL = system(
    RUSSIAN, "a,b,v,g,d,e,yo,zh,z,i,y,k,l,m,n,o,p,r,s,t,u,f,kh,ts,ch,sh,shch,,y,,e,yu,ya"
)
"""As most people type Russian in Latin."""

PASSPORT = system(
    UKRAINIAN, "a,b,v,h,g,d,e,ie,zh,z,y,i,i,i,k,l,m,n,o,p,r,s,t,u,f,kh,ts,ch,sh,shch,,iu,ia"
)
"""Resolution 55 of the Ukrainian government, 2010, inside of words."""

LIBRARIES = INTERNATIONAL | {"й": "j", "я": "ja", "ю": "ju", "ё": "jo", "щ": "sch"}

BACK = {
    **dict(zip("abdefghiklmnoprstuvwz", "абдефгхиклмнопрстуввз", strict=True)),
    **{"sh": "ш", "ch": "ч", "zh": "ж", "kh": "х", "ts": "ц", "ya": "я", "yu": "ю", "yo": "ё"},
    **{"ck": "к", "ph": "ф", "th": "т", "gh": "г", "x": "кс"},
}
"""How people type a Latin name in Cyrillic."""


def written(letters: str) -> st.SearchStrategy[str]:
    """Names of one to three words, in small letters."""
    word = st.text(letters, min_size=2, max_size=9).filter(lambda one: one[0] not in "ьъ")
    return st.lists(word, min_size=1, max_size=3).map(" ".join)


russian, ukrainian, latin = written(RUSSIAN), written(UKRAINIAN), written(LATIN)
any_name = st.one_of(russian, ukrainian, latin)


def rank(name: str, typed: str) -> Rank | None:
    """How well a name answers what was typed."""
    return Index([forms(name)]).find(typed).get(0)


def in_latin(name: str, system: dict[str, str]) -> str:
    return "".join(system.get(letter, letter) for letter in name)


def in_cyrillic(name: str) -> str:
    """The longest combination first, as one reads."""
    typed, at = "", 0
    while at < len(name):
        length = 2 if name[at : at + 2] in BACK else 1
        typed += BACK.get(name[at : at + length], name[at])
        at += length
    return typed


@given(any_name)
def test_a_name_is_found_by_itself_in_any_case(name: str) -> None:
    for typed in (name, name.upper(), name.title(), name.swapcase(), f"  {name}  "):
        assert rank(name, typed) is Rank.EXACT
        assert rank(typed, name) is Rank.EXACT


@given(st.text(min_size=1, max_size=30).filter(str.strip))
@example("+++")
@example("ь")
@example("\u0301")
@example("''")
def test_every_text_that_is_something_is_found_by_itself(name: str) -> None:
    if forms(name):
        assert rank(name, name) is Rank.EXACT
    else:
        assert all(not word for word in words(name))


@given(russian)
def test_russian_is_found_in_latin(name: str) -> None:
    assert rank(name, in_latin(name, INTERNATIONAL)) is Rank.EXACT
    assert rank(name, in_latin(name, INTERNATIONAL).upper()) is Rank.EXACT


@given(russian)
def test_russian_is_found_as_libraries_write_it(name: str) -> None:
    assert rank(name, in_latin(name, LIBRARIES)) is Rank.EXACT


@given(ukrainian)
def test_ukrainian_is_found_in_latin(name: str) -> None:
    assert rank(name, in_latin(name, PASSPORT)) is Rank.EXACT


@given(russian)
def test_a_latin_name_is_found_in_the_cyrillic_that_it_spells(name: str) -> None:
    assert rank(in_latin(name, INTERNATIONAL), name) is Rank.EXACT


@given(written("abdefghiklmnoprstuvwxyz").filter(lambda name: "tsh" not in name))
def test_a_latin_name_is_found_in_cyrillic(name: str) -> None:
    assert rank(name, in_cyrillic(name)) is not None


@given(st.one_of(russian, ukrainian))
def test_letters_that_look_alike_to_people_are_one(name: str) -> None:
    for one, other in ("ёе", "йи", "іи", "їи", "єе", "ґг", "эе", "ыи"):
        assert rank(name, name.replace(one, other)) is Rank.EXACT
        assert rank(name.replace(one, other), name) is Rank.EXACT


@given(any_name)
def test_hyphens_blanks_and_their_absence_are_one(name: str) -> None:
    for between in ("-", "", "  ", " – ", "_", ". ", "&"):
        assert rank(name, name.replace(" ", between)) is Rank.EXACT
        assert rank(name.replace(" ", between), name) is Rank.EXACT


@given(any_name, st.data())
def test_every_beginning_finds_it(name: str, data: st.DataObject) -> None:
    begun = name[: data.draw(st.integers(1, len(name)))].strip()
    found = rank(name, begun)
    assert not forms(begun) or (found is not None and found <= Rank.BEGINNING)


@given(any_name, st.data())
def test_each_word_finds_it_and_so_do_all_in_any_order(name: str, data: st.DataObject) -> None:
    parts = data.draw(st.permutations(name.split()))
    for typed in (parts[0], " ".join(parts)):
        found = rank(name, typed)
        assert found is not None
        assert found <= Rank.WORDS


@given(any_name, st.data())
def test_every_inner_part_finds_it(name: str, data: st.DataObject) -> None:
    start = data.draw(st.integers(0, len(name)))
    part = name[start : data.draw(st.integers(start, len(name)))].strip()
    long_enough = any(len("".join(form)) >= INSIDE for form in forms(part))
    assert not long_enough or rank(name, part) is not None


@given(st.text("bdfklmnprtv", min_size=NEARLY, max_size=12), st.data())
def test_one_wrong_letter_finds_it(name: str, data: st.DataObject) -> None:
    at = data.draw(st.integers(0, len(name) - 1))
    other = data.draw(st.sampled_from("sz"))
    turned = name[:at] + name[at + 1 : at + 2] + name[at] + name[at + 2 :]
    for typed in (name[:at] + other + name[at + 1 :], name[:at] + other + name[at:], turned):
        assert is_near(name, typed), typed
        assert rank(name, typed) is not None
    missing = name[:at] + name[at + 1 :]
    assert is_near(name, missing)
    assert len(missing) < NEARLY or rank(name, missing) is not None


@given(any_name, any_name)
def test_two_wrong_letters_are_another_name(name: str, other: str) -> None:
    assert not is_near("брунарард", "брунололо")
    if rank(name, other) is Rank.EXACT:
        assert rank(other, name) is Rank.EXACT


@pytest.mark.parametrize(
    ("name", "typed", "expected"),
    [
        ("Брунарард", "brunarard", Rank.EXACT),
        ("Брунарард", "брунар", Rank.BEGINNING),
        ("Брунарард", "нарар", Rank.INSIDE),
        ("Брунарард", "брунарерд", Rank.NEARLY),
        ("Брунемика Книги", "книги", Rank.WORDS),
        ("Брунемика Книги", "knigi brunemika", Rank.WORDS),
        ("Дом и сад", "домисад", Rank.EXACT),
        ("Дом и сад", "дом-и-сад", Rank.EXACT),
        ("Щука", "shchuka", Rank.EXACT),
        ("Щука", "schuka", Rank.EXACT),
        ("Электроника", "електроніка", Rank.EXACT),
        ("Готелі", "hoteli", Rank.EXACT),
        ("Hilton", "Гилтон", Rank.EXACT),
        ("Hilton", "хилтон", Rank.EXACT),
        ("Toyota", "Тойота", Rank.EXACT),
        ("Тойота", "toyota", Rank.EXACT),
        ("Ёлка", "елка", Rank.EXACT),
        ("Ёлка", "yolka", Rank.EXACT),
        ("Здоров’я", "здоров'я", Rank.EXACT),
        ("Здоров’я", "zdorovia", Rank.EXACT),
        ("Згода", "zghoda", Rank.EXACT),
        ("Café Größe", "cafe grosse", Rank.EXACT),
        ("Xiaomi", "ксиаоми", Rank.EXACT),
        ("Спортсмен", "спорт", Rank.BEGINNING),
        ("Радио", "ради", Rank.BEGINNING),
        ("Радио", "р", Rank.BEGINNING),
        ("М Видео", "мв", Rank.BEGINNING),
        ("Мой М Видео", "м-в", Rank.WORDS),
        ("Ё", "е", Rank.EXACT),
        ("東京 ABC", "abc", Rank.WORDS),
        ("東京 ABC", "京a", None),
        ("東京ABC7", "京abc", Rank.INSIDE),
        ("Радио", "о", None),
        ("Радио", "diо", Rank.INSIDE),  # in both scripts
        ("Радио", "дива", None),
        ("Радио", "", None),
        ("Радио", "   ", None),
        ("Радио", "!", None),
    ],
)
def test_what_is_typed_finds_what_is_meant(name: str, typed: str, expected: Rank | None) -> None:
    assert rank(name, typed) is expected


def test_a_near_name_is_given_only_when_no_other_is() -> None:
    index = Index([forms("Брунарард"), forms("Брунарерд")])
    assert index.find("брунарард") == {0: Rank.EXACT}
    assert index.find("брунарорд") == {0: Rank.NEARLY, 1: Rank.NEARLY}


def test_what_runs_over_two_names_is_neither() -> None:
    index = Index([forms("Анна"), forms("Борис")])
    for typed in ("аб", "анна борис", "\n", "анна\nборис", "а\nб"):
        assert index.find(typed) == {}
    assert Index([]).find("анна") == {}

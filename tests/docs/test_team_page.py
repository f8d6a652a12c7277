"""docs/finance/team.md names the areas that tokens may be of."""

from tests.docs.pages import code, page, tables
from tracker.staff.rules import AREAS
from tracker.team.rules import SHORTEST_PASSWORD

PAGE = page("finance/team.md")


def test_the_areas_are_these() -> None:
    told = PAGE.partition("\nThe areas:")[2].partition(". Any other")[0]
    assert code(told) == list(AREAS)
    (which,) = [one.rows for one in tables(PAGE) if one.rows and "area" in one.rows[0]]
    assert {area for row in which for area in code(row["area"])} < set(AREAS)


def test_a_password_is_as_long_as_it_says() -> None:
    assert f"a password of {SHORTEST_PASSWORD}\ncharacters or more" in PAGE

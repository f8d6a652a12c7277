"""A salon takes a certificate: once, in full, and by the same receipt with the same answer."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, timedelta
from typing import Any

import pytest
from sqlalchemy import event

from tests.signing_in import at
from tests.tracker.certificates.salon import (
    Paper,
    Salon,
    code_for,
    paper,
    present,
    salon_of,
    told,
    wrong_code,
)
from tests.tracker.certificates.saving import NOW, give_back_of, issued, states
from tests.world import Shop, World, day
from tracker.kit import failpoints


@pytest.fixture
def world(world: World) -> World:
    """The day on which members have their certificates."""
    return at(world, NOW)


def owed(world: World) -> dict[str, int]:
    """What is outstanding and what is owed to salons, kopecks."""
    rows = world.query(
        "SELECT account, -sum(amount) AS sum FROM ledger_entries"
        " WHERE account IN ('certificates_outstanding', 'owed_to_salons') GROUP BY 1"
    )
    return {row.account: int(row.sum) for row in rows}


def test_it_is_taken_and_owed_to_the_salons(world: World, arbat: Salon, slip: Paper) -> None:
    response = present(world, arbat, slip.code, "R-1")
    assert response.status_code == 200
    assert response.get_json() == {
        "id": slip.id,
        "amount": "1000.00",
        "state": "redeemed",
        "redeemed_at": NOW.astimezone(UTC).isoformat(),
        "receipt_id": "R-1",
        "salon_id": "arbat",
    }
    assert owed(world) == {"certificates_outstanding": 0, "owed_to_salons": 100_000}
    (kept,) = world.query(
        "SELECT receipt_id, slug FROM certificates JOIN salons ON salons.id = salon_id"
    )
    assert tuple(kept) == ("R-1", "arbat")
    (written,) = world.query("SELECT reference FROM ledger_transactions WHERE kind LIKE '%deemed'")
    assert written.reference == f"certificate:{slip.id}:redeemed"
    assert world.differences() == []


def test_the_same_receipt_gets_the_same_answer_for_ever(
    world: World, arbat: Salon, shop: Shop
) -> None:
    slip = paper(world, shop, days=10)
    first = present(world, arbat, slip.code, "R-1")
    for later in (NOW, day(200)):
        again = present(at(world, later), arbat, slip.code, "R-1")
        assert (again.status_code, again.data) == (200, first.data)
    assert owed(world)["owed_to_salons"] == 100_000
    assert world.differences() == []


def test_another_receipt_or_salon_is_too_late(world: World, arbat: Salon, slip: Paper) -> None:
    assert present(world, arbat, slip.code, "R-1").status_code == 200
    nevsky = salon_of(world, "nevsky")
    for response in (
        present(world, arbat, slip.code, "R-2"),
        present(world, arbat, slip.code, "r-1"),
        present(world, nevsky, slip.code, "R-1"),
    ):
        assert told(response) == (409, "certificate_redeemed")
    assert owed(world)["owed_to_salons"] == 100_000


def test_one_receipt_may_take_several(world: World, arbat: Salon, shop: Shop) -> None:
    for _ in range(2):
        assert present(world, arbat, paper(world, shop).code, "R-1").status_code == 200
    assert states(world) == ["redeemed", "redeemed"]
    assert world.differences() == []


@pytest.mark.parametrize("written", [str.lower, lambda code: f"  {code.replace('-', ' ')} "])
def test_a_code_is_read_as_people_write_it(
    world: World, arbat: Salon, slip: Paper, written: Any
) -> None:
    assert present(world, arbat, written(slip.code)).status_code == 200


def no_codes(world: World, shop: Shop) -> dict[str, str]:
    """Codes of every kind that are not to be taken."""
    replaced, voided, old = (paper(world, shop, days=days) for days in (None, None, 1))
    code_for(world, replaced.id, replaced.member)
    give_back_of(world, voided.id)
    right = paper(world, shop).code
    return {
        "never shown": wrong_code(),
        "replaced": replaced.code,
        "voided": voided.code,
        "too old": old.code,
        "mistyped": right[:-1] + ("0" if right[-1] != "0" else "1"),
        "too short": right[:-1],
        "no code": "hello",
        "blank": " ",
        "not ASCII": "сертификат",
        "controls": "\n\x1b[2J",
        "long": "0" * 256,
    }


def test_nothing_tells_one_wrong_code_from_another(world: World, arbat: Salon, shop: Shop) -> None:
    later = at(world, day(8))
    answers = {kind: present(later, arbat, code) for kind, code in no_codes(world, shop).items()}
    assert {one.status_code for one in answers.values()} == {404}
    assert len({one.data for one in answers.values()}) == 1
    seen = {tuple(sorted(dict(one.headers).items())) for one in answers.values()}
    assert len(seen) == 1
    assert "redeemed" not in states(world)


@contextmanager
def counted(world: World) -> Iterator[list[str]]:
    """Statements that are run meanwhile."""
    statements: list[str] = []

    def note(_1: Any, _2: Any, statement: str, *_: Any) -> None:
        statements.append(statement)

    event.listen(world.tools.engine, "before_cursor_execute", note)
    try:
        yield statements
    finally:
        event.remove(world.tools.engine, "before_cursor_execute", note)


def test_every_wrong_code_costs_the_same_statements(world: World, arbat: Salon, shop: Shop) -> None:
    """What is looked at, and how often, does not depend on why it is wrong."""
    later, said = at(world, day(8)), set()
    for code in no_codes(world, shop).values():
        with counted(later) as statements:
            assert present(later, arbat, code).status_code == 404
        said.add(tuple(statements))
    assert len(said) == 1


def test_until_its_last_midnight_it_is_good(world: World, arbat: Salon, shop: Shop) -> None:
    first, second = (paper(world, shop, days=1) for _ in range(2))
    (row,) = world.query("SELECT DISTINCT expires_at FROM certificates")
    just = row.expires_at - timedelta(microseconds=1)
    assert present(at(world, just), arbat, first.code).status_code == 200
    assert present(at(world, row.expires_at), arbat, second.code).status_code == 404


@pytest.mark.parametrize(
    ("changed", "field"),
    [
        ({"more": 1}, "more"),
        ({"amount": "1000.00"}, "amount"),
        ({"receipt_id": ""}, "receipt_id"),
        ({"receipt_id": "x" * 65}, "receipt_id"),
        ({"receipt_id": "a\nb"}, "receipt_id"),
        ({"receipt_id": "a\x1bb"}, "receipt_id"),
        ({"receipt_id": "a\u202eb"}, "receipt_id"),
        ({"receipt_id": 7}, "receipt_id"),
        ({"receipt_id": None}, "receipt_id"),
        ({"code": 7}, "code"),
        ({"code": ""}, "code"),
        ({"code": "0" * 257}, "code"),
        ({"salon_id": ["arbat"]}, "salon_id"),
    ],
)
def test_a_body_is_as_it_has_to_be(
    world: World, arbat: Salon, slip: Paper, changed: dict[str, Any], field: str
) -> None:
    response = present(world, arbat, slip.code, **changed)
    assert told(response) == (422, "invalid")
    assert [one["field"] for one in response.get_json()["errors"]] == [field]
    assert states(world) == ["issued"]


@pytest.mark.parametrize("receipt", ["x", "x" * 64, "чек № 7 от 01.12", "=1+1"])
def test_receipts_are_what_salons_write(
    world: World, arbat: Salon, slip: Paper, receipt: str
) -> None:
    assert present(world, arbat, slip.code, receipt).get_json()["receipt_id"] == receipt


def test_a_voided_one_is_not_taken_nor_a_taken_one_voided(
    world: World, arbat: Salon, shop: Shop
) -> None:
    slip = paper(world, shop)
    issued(world)
    assert present(world, arbat, slip.code).status_code == 200
    with pytest.raises(Exception, match="is redeemed"):
        give_back_of(world, slip.id)
    assert world.balance(slip.member).available == 50_000
    assert world.differences() == []


@pytest.mark.parametrize("place", ["before_commit", "after_commit"])
def test_whatever_happens_on_the_way_the_till_sends_the_same_again(
    world: World, arbat: Salon, slip: Paper, place: str
) -> None:
    def break_down(point: str) -> None:
        if point == f"certificates.redeem:{place}":
            raise RuntimeError(point)

    failpoints.install(break_down)
    try:
        assert present(world, arbat, slip.code, "R-1").status_code == 500
    finally:
        failpoints.install(None)
    assert states(world) == ["issued" if place == "before_commit" else "redeemed"]
    assert present(world, arbat, slip.code, "R-1").status_code == 200
    assert owed(world) == {"certificates_outstanding": 0, "owed_to_salons": 100_000}
    assert world.differences() == []


def test_the_code_is_found_by_its_index(world: World, arbat: Salon, shop: Shop) -> None:
    """Also after our key was changed, when it is looked for by two hashes."""
    member = paper(world, shop).member
    world.change(
        "INSERT INTO certificates (member_id, order_key, part, amount, from_goal, state, language,"
        " ordered_at, code_hash, code_proof) SELECT :member, 'many', n, 10000, 0, 'issued', 'ru',"
        " now(), sha256(CAST(CAST(n AS text) AS bytea)), '' FROM generate_series(1, 20000) AS n",
        member=member,
    )
    world.change_as_owner("ANALYZE certificates")
    plan = world.query(
        "EXPLAIN UPDATE certificates SET state = 'issued'"
        " WHERE code_hash IN (sha256('1'), sha256('2')) AND state = 'issued'"
    )
    assert "uq_certificates_code_hash" in str(plan)

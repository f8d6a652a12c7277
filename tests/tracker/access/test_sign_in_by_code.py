"""Signing in by a code: single use, bound to who asked, and nothing told to strangers."""

from concurrent.futures import ThreadPoolExecutor

import pytest

from tests.signing_in import (
    answer_code,
    ask_code,
    by_code,
    code_sent,
    fresh,
    notices,
    other,
    solved,
    works,
)
from tests.world import World
from tracker.kit.logs import set_up_logs

UNKNOWN = "+79009999999"


@pytest.fixture
def member(world: World) -> int:
    """A member who has just proved the number."""
    return fresh(world)


def test_the_code_opens_a_session_and_proves_the_number(world: World, member: int) -> None:
    response = by_code(world, world.phone(member))
    assert response.status_code == 200, response.get_json()
    assert works(world, response.get_json()["token"])
    assert notices(world, member) == ["signed_in"]
    (row,) = world.query("SELECT now() - proved_at < interval '1 minute' AS fresh FROM numbers")
    assert row.fresh


def test_a_code_is_good_once(world: World, member: int) -> None:
    sign_in = ask_code(world, world.phone(member))
    code = code_sent(world, world.phone(member))
    assert answer_code(world, sign_in, code).status_code == 200
    again = answer_code(world, sign_in, code)
    assert (again.status_code, again.get_json()["code"]) == (409, "code_not_alive")


def test_parallel_answers_with_one_code_open_one_session(world: World, member: int) -> None:
    sign_in = ask_code(world, world.phone(member))
    code = code_sent(world, world.phone(member))
    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda _: answer_code(world, sign_in, code), range(8)))
    assert sorted(one.status_code for one in answers) == [200] + [409] * 7
    assert world.query("SELECT count(*) AS count FROM sessions")[0].count == 1


def test_five_guesses_and_no_more(world: World, member: int) -> None:
    sign_in = ask_code(world, world.phone(member))
    code = code_sent(world, world.phone(member))
    for _ in range(5):
        wrong = answer_code(world, sign_in, other(code))
        assert (wrong.status_code, wrong.get_json()["code"]) == (422, "code_wrong")
    assert answer_code(world, sign_in, code).status_code == 409


def test_a_code_is_bound_to_the_request_that_asked(world: World, member: int) -> None:
    ask_code(world, world.phone(member))
    code = code_sent(world, world.phone(member))
    attackers = ask_code(world, UNKNOWN)
    assert answer_code(world, attackers, code).status_code == 422
    assert world.query("SELECT id FROM sessions") == []


def test_strangers_hear_the_same_as_members(world: World, member: int) -> None:
    flows = [ask_code(world, phone) for phone in (world.phone(member), UNKNOWN)]
    assert len({len(flow) for flow in flows}) == 1
    codes = [code_sent(world, phone) for phone in (world.phone(member), UNKNOWN)]
    wrong = [answer_code(world, flow, other(code)) for flow, code in zip(flows, codes, strict=True)]
    assert {one.status_code for one in wrong} == {422}
    assert len({one.data for one in wrong}) == 1


def test_a_code_that_nobody_was_sent_opens_nothing_and_says_nothing(world: World) -> None:
    """A stranger's code is never sent; somebody who guessed it learns nothing from it either."""
    sign_in = ask_code(world, UNKNOWN)
    guessed = answer_code(world, sign_in, code_sent(world, UNKNOWN))
    wrong = answer_code(world, ask_code(world, UNKNOWN), "000000")
    assert guessed.status_code == wrong.status_code == 422
    assert guessed.data == wrong.data


def test_a_captcha_is_needed_and_good_once(world: World) -> None:
    body = {"phone": UNKNOWN, "captcha": solved(world)}
    assert world.client().post("/api/v1/sign-in/code", json=body).status_code == 202
    again = world.client().post("/api/v1/sign-in/code", json=body)
    assert (again.status_code, again.get_json()["code"]) == (422, "captcha_not_accepted")
    without = world.client().post("/api/v1/sign-in/code", json={"phone": UNKNOWN})
    assert without.status_code == 422


def test_messages_are_limited_alike_for_members_and_strangers(world: World, member: int) -> None:
    said = []
    for phone in (world.phone(member), UNKNOWN):
        for _ in range(5):
            ask_code(world, phone)
        body = {"phone": phone, "captcha": solved(world)}
        said.append(world.client().post("/api/v1/sign-in/code", json=body))
    assert [one.status_code for one in said] == [429, 429]
    assert said[0].data == said[1].data


@pytest.mark.parametrize("sign_in", ["x", "A" * 100, "é", "====", "-_-_"])
def test_a_made_up_sign_in_is_none(world: World, sign_in: str) -> None:
    response = answer_code(world, sign_in, "123456")
    assert (response.status_code, response.get_json()["code"]) == (409, "begin_again")


def test_the_name_of_a_sign_in_is_of_no_other_use(world: World, member: int) -> None:
    sign_in = ask_code(world, world.phone(member))
    for path in ("step-up", "step-up/code"):
        body = {"sign_in": sign_in}
        if path == "step-up":
            body |= {"code": "123456", "kind": "app"}
        response = world.client().post(f"/api/v1/sign-in/{path}", json=body)
        assert response.status_code == 409


def test_neither_number_nor_code_can_be_read_in_the_database(world: World, member: int) -> None:
    sign_in = ask_code(world, world.phone(member))
    code = code_sent(world, world.phone(member))
    token = answer_code(world, sign_in, code).get_json()["token"]
    tables = world.query(
        "SELECT relname AS name FROM pg_class WHERE relnamespace = 'public'::regnamespace"
        " AND relkind = 'r' AND has_table_privilege(oid, 'SELECT')"
    )
    assert {"sessions", "one_time_codes", "notifications"} <= {table.name for table in tables}
    for secret in (world.phone(member), world.phone(member)[2:], token, token[4:], sign_in):
        for table in tables:
            found = world.query(
                f"SELECT 1 FROM {table.name} AS kept WHERE kept::text LIKE :text"
                " OR kept::text LIKE :hex",
                text=f"%{secret}%",
                hex=f"%{secret.encode().hex()}%",
            )
            assert found == [], table.name


def test_nothing_of_it_is_logged(
    world: World, member: int, capfd: pytest.CaptureFixture[str]
) -> None:
    set_up_logs("DEBUG")
    phone = world.phone(member)
    sign_in = ask_code(world, phone)
    code = code_sent(world, phone)
    token = answer_code(world, sign_in, code).get_json()["token"]
    assert answer_code(world, sign_in, code).status_code == 409
    said = "".join(capfd.readouterr())
    for secret in (phone, phone[1:], sign_in, code, token):
        assert secret not in said

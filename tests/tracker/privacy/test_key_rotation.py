"""The key is changed while the service runs: everything is read before, meanwhile and after."""

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

import wsgi
from partners.credentials.service import secrets_of
from tests.world import World, created, day
from tracker.claims.answering import Hand
from tracker.claims.models import Claim
from tracker.claims.service import Filing, file, file_of, note_of
from tracker.kit.clock import SystemClock
from tracker.kit.crypto import CannotDecrypt, Keyring, key_from, new_key
from tracker.kit.database import unit_of_work
from tracker.kit.resealing import KeyNotKnown
from tracker.kit.runtime import Runtime
from tracker.members.queries import EMAIL, emails_of, ids_by_phone, phones_of
from tracker.members.service import Newcomer, join_many, set_email
from tracker.privacy.cli import build
from tracker.relatives.queries import listed
from tracker.relatives.service import Wish, add
from tracker.staff.rules import Role, TokenNotAccepted
from tracker.staff.service import hire, recognise
from tracker.team.enrolling import enrol
from wiring.tools import see_the_key

NEW = key_from(new_key())


def under(world: World, keys: Keyring) -> Runtime:
    """The tools of a process that was started with these keys."""
    return replace(world.tools, settings=replace(world.tools.settings, keys=keys))


def run(tools: Runtime, *words: str) -> Any:
    result = CliRunner().invoke(
        build(wsgi.SEALED, wsgi.HASHED), [*words, "--json"], obj=lambda: tools
    )
    assert result.exit_code == 0, (result.output, result.exception)
    return json.loads(result.stdout)


@pytest.fixture
def old(environ: dict[str, str]) -> bytes:
    return key_from(environ["TRACKER_SECRET_KEY"])


def test_everything_is_sealed_anew_and_the_old_key_can_go(
    world: World, old: bytes, tmp_path: Path
) -> None:
    shop, member = world.shop(), world.member()
    phone = world.phone(member)
    keys = world.tools.settings.keys
    with unit_of_work(world.tools.engine) as session:
        set_email(session, keys, member, "anna@club.example", None)
        add(session, keys, member, "+79000000099", Wish(100, None, "бабушка"))
        token = hire(session, keys, "anna", Role.VIEWER)
        gone = hire(session, keys, "boris", Role.VIEWER)
        enrol(session, keys, "anna", "anna", SystemClock().now())
        hand = Hand(session, keys, world.programme, day(5))
        claim = file(hand, member, Filing(shop.id, "B-1", day(1), 100, "письмо", [b"%PDF-1"]))

    changing, changed = under(world, Keyring(NEW, old)), under(world, Keyring(NEW))
    assert sum(run(changing, "status").values()) == 8
    with unit_of_work(world.tools.engine) as session:
        # Meanwhile both are read, and a number is one member's, whichever key its hash is under.
        assert ids_by_phone(session, changing.settings.keys, [phone]) == {phone: member}
        newcomers = [Newcomer(phone, world.tools.clock.now())]
        now = world.tools.clock.now()
        assert join_many(session, changing.settings.keys, newcomers, now) == {}
        assert recognise(session, changing.settings.keys, token, Role.VIEWER).login == "anna"
    done = run(changing, "rotate")
    assert done == {
        "numbers.sealed": 2,
        "members.email_sealed": 1,
        "relatives.label_sealed": 1,
        "claims.note_sealed": 1,
        "claim_files.sealed": 1,
        "staff_credentials.totp_sealed": 1,
        "webhook_secrets.sealed": 1,
    }
    assert sum(run(changed, "status").values()) == 0
    assert sum(run(changing, "rotate").values()) == 0

    ring = changed.settings.keys
    with unit_of_work(world.tools.engine) as session:
        assert phones_of(session, ring, [member]) == {member: phone}
        assert ids_by_phone(session, ring, [phone]) == {phone: member}
        assert emails_of(session, ring, [member]) == {member: "anna@club.example"}
        assert [one.label for one in listed(session, ring, member)] == ["бабушка"]
        assert secrets_of(session, ring, shop.id)[0].key == shop.secret
        assert note_of(ring, session.get_one(Claim, claim.id)) == "письмо"
        assert file_of(session, ring, claim.id, 1) == b"%PDF-1"
        assert recognise(session, ring, token, Role.VIEWER).login == "anna"
        with pytest.raises(TokenNotAccepted):  # was not used while both keys were there
            recognise(session, ring, gone, Role.VIEWER)
    hashed = world.query("SELECT email_hash FROM members WHERE id = :id", id=member)[0]
    assert bytes(hashed.email_hash) == ring.hash(EMAIL, "anna@club.example")
    world_after = World(changed)
    click = world_after.click(member, shop)
    world_after.tell(shop, created("A-1", click, 100))


def test_a_key_that_is_missing_is_said_and_nothing_is_lost(world: World) -> None:
    member = world.member()
    phone = world.phone(member)
    lost = under(world, Keyring(NEW))
    result = CliRunner().invoke(build(wsgi.SEALED, wsgi.HASHED), ["rotate"], obj=lambda: lost)
    assert result.exit_code == 1
    assert "TRACKER_FORMER_KEYS" in result.output
    assert world.phone(member) == phone


def test_a_process_does_not_start_with_a_key_that_opens_nothing(world: World, old: bytes) -> None:
    settings = world.tools.settings
    see_the_key(replace(settings, keys=Keyring(NEW)))  # nothing was sealed yet
    world.member()
    see_the_key(settings)
    see_the_key(replace(settings, keys=Keyring(NEW, old)))
    with pytest.raises(KeyNotKnown, match="TRACKER_FORMER_KEYS"):
        see_the_key(replace(settings, keys=Keyring(NEW)))
    away = "postgresql://nobody@127.0.0.1:1/nothing"
    see_the_key(replace(settings, keys=Keyring(NEW), database_url=away))


def test_another_members_number_cannot_be_put_in_ones_place(world: World) -> None:
    mine, theirs = world.members(2)
    world.change(
        "UPDATE numbers SET sealed = theirs.sealed FROM numbers AS theirs"
        " WHERE numbers.member_id = :mine AND theirs.member_id = :theirs",
        mine=mine,
        theirs=theirs,
    )
    with pytest.raises(CannotDecrypt):
        world.phone(mine)

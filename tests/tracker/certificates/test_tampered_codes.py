"""Codes at rows where nobody put them: the key is what makes a code, not the table."""

import pytest
from sqlalchemy.exc import IntegrityError
from structlog.testing import capture_logs

from tests.signing_in import at
from tests.tracker.certificates.salon import Paper, Salon, code_for, paper, present, told
from tests.tracker.certificates.saving import NOW, buy, states
from tests.world import Shop, World
from tracker.certificates.codes import code_hash, code_proof, read_code

NO_CODE = "UPDATE certificates SET code_hash = NULL, code_proof = NULL WHERE id = :id"


@pytest.fixture
def world(world: World) -> World:
    """The day on which members have their certificates."""
    return at(world, NOW)


def test_what_is_not_issued_has_no_code_to_be_taken(
    world: World, arbat: Salon, slip: Paper
) -> None:
    """Not even if a row of the sort came to have one."""
    (read,) = [read_code(slip.code)]
    (one,) = buy(world, slip.member, 250)
    world.change(NO_CODE, id=slip.id)
    keys = world.tools.settings.keys
    hashed = code_hash(keys, read or "")
    proof = code_proof(keys, read or "", one.made_for)
    world.change_as_owner("ALTER TABLE certificates DISABLE TRIGGER certificates_keep")
    for state in ("ordered", "review"):
        world.change(
            "UPDATE certificates SET state = :state, code_hash = :hash, code_proof = :proof"
            " WHERE id = :id",
            id=one.id,
            hash=hashed,
            proof=proof,
            state=state,
        )
        assert told(present(world, arbat, slip.code)) == (404, "code_not_accepted")


def test_a_code_is_good_for_the_one_it_was_made_for(world: World, arbat: Salon, shop: Shop) -> None:
    """Whoever can write to the table moves the code of a cheap one to a dear one."""
    cheap, dear = paper(world, shop, 100), paper(world, shop, 5_000)
    columns = "code_hash, code_proof"
    (moved,) = world.query(f"SELECT {columns} FROM certificates WHERE id = :id", id=cheap.id)
    for one in (cheap, dear):
        world.change(NO_CODE, id=one.id)
    world.change(
        f"UPDATE certificates SET ({columns}) = (:hash, :proof) WHERE id = :id",
        id=dear.id,
        hash=moved.code_hash,
        proof=moved.code_proof,
    )
    with capture_logs() as logs:
        assert told(present(world, arbat, cheap.code)) == (404, "code_not_accepted")
    (alarm,) = [log for log in logs if log["event"] == "certificate_code_moved"]
    assert alarm["certificate"] == dear.id
    assert states(world) == ["issued", "issued"]


def test_a_code_that_another_has_replaced_stays_dead(
    world: World, arbat: Salon, slip: Paper
) -> None:
    """Whoever can write to the table puts back what it held before."""
    columns = "code_hash, code_mark, code_proof"
    (kept,) = world.query(f"SELECT {columns} FROM certificates")
    code_for(world, slip.id, slip.member)
    put_back = f"UPDATE certificates SET ({columns}) = (:code_hash, :code_mark, :code_proof)"
    world.change(put_back, **kept._asdict())
    assert told(present(world, arbat, slip.code)) == (404, "code_not_accepted")
    with pytest.raises(IntegrityError, match="has had 2 codes"):
        world.change("UPDATE certificates SET codes = 1")

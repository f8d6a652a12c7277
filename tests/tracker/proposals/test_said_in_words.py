"""Who approves reads roubles and percent; what is hashed stays as it is."""

import pytest

from tests.tracker.adjustments.staff import Pair, proposed
from tests.world import World
from tracker.proposals.contracts import Unit
from tracker.proposals.wording import in_words, see_units

UNITS = {"amount": Unit.KOPECKS, "cashback_bp": Unit.BASIS_POINTS, "id": Unit.PLAIN}


def test_sums_and_rates_are_told_with_their_units() -> None:
    facts = {"amount": 1_250, "id": 17, "later": [{"cashback_bp": 750}], "is_new": True, "by": None}
    assert in_words(facts, UNITS) == {
        "amount": "12.50 RUB",
        "id": 17,
        "later": [{"cashback_bp": "7.50 %"}],
        "is_new": True,
        "by": None,
    }
    assert in_words({"amount": -5}, UNITS) == {"amount": "-0.05 RUB"}


def test_nothing_is_proposed_of_which_a_number_might_count_anything() -> None:
    see_units({"seen": [{"id": 1}], "amount": 5, "said": "7", "is_new": False}, UNITS)
    with pytest.raises(ValueError, match="fee, limit"):
        see_units({"seen": [{"limit": 1}], "fee": 5}, UNITS)


def test_whoever_approves_reads_both(world: World) -> None:
    pair = Pair(world)
    asked = proposed(pair.olga, world.member(), amount="12.50")
    found = pair.anna.get(f"/admin/api/v1/proposals/{asked['id']}").get_json()
    assert found["payload"]["amount"] == 1_250
    assert found["says"]["payload"]["amount"] == "12.50 RUB"
    assert found["says"]["payload"]["member_id"] == found["payload"]["member_id"]
    (listed,) = pair.anna.get("/admin/api/v1/proposals").get_json()["items"]
    assert listed["says"] == found["says"]

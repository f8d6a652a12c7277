"""Counting what the product answered."""

from sandbox.replay.tally import Receipt, Tally


def tally(*receipts: tuple[str, str]) -> Tally:
    """A tally of ``(webhook-id, answer)``; a question mark tells of an attempt without one."""
    counted = Tally()
    counted.add(
        Receipt(("shop", webhook_id), duplicate="200" in answer, in_doubt="?" in answer)
        for webhook_id, answer in receipts
    )
    return counted


def counts(counted: Tally) -> tuple[int, int, int]:
    return counted.sent, counted.accepted, counted.duplicates


def test_each_sending_was_accepted_or_a_duplicate() -> None:
    assert counts(tally(("a", "202"), ("b", "202"), ("a", "200"), ("b", "200"))) == (4, 2, 2)


def test_what_the_product_had_before_is_a_duplicate() -> None:
    assert counts(tally(("a", "200"))) == (1, 0, 1)


def test_a_200_after_a_lost_answer_was_the_lost_one() -> None:
    assert counts(tally(("a", "?200"), ("a", "200"))) == (2, 1, 1)


def test_a_lost_attempt_that_was_not_stored_is_nothing_special() -> None:
    assert counts(tally(("a", "?202"), ("a", "200"))) == (2, 1, 1)


def test_an_event_is_accepted_once_whatever_was_lost() -> None:
    assert counts(tally(("a", "?200"), ("a", "?200"), ("a", "202"))) == (3, 1, 2)

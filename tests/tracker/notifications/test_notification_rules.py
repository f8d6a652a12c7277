"""What follows from a gateway's word; how each kind is sent."""

import pytest

from tracker.notifications.contracts import DEFAULTS, VALUES, Channel, Kind, Topic
from tracker.notifications.ports import Outcome
from tracker.notifications.rules import CODES, MANNERS, State, Step, channel_of, step_after

A_DAY = 86_400


def after(outcome: Outcome, tries: int = 1, **given: object) -> Step:
    known = {"channel": Channel.SMS, "urgent": False, "seconds_left": A_DAY, **given}
    return step_after(outcome, tries=tries, **known)  # type: ignore[arg-type]


def test_every_kind_is_a_code_or_goes_to_members_or_stands_in_for_a_code() -> None:
    assert set(Kind) == CODES | MANNERS.keys() | {Kind.ALREADY_MEMBER}
    assert not CODES & MANNERS.keys()
    assert set(VALUES) == set(Kind)
    assert set(DEFAULTS) == set(Topic)


def test_by_default_cashback_and_claims_go_by_letter_the_rest_by_sms() -> None:
    by_mail = {
        kind
        for kind, manner in MANNERS.items()
        if manner.topic is not Topic.SECURITY and channel_of(manner) is Channel.EMAIL
    }
    assert {MANNERS[kind].topic for kind in by_mail} == {Topic.CASHBACK, Topic.CLAIMS}
    assert channel_of(MANNERS[Kind.SIGNED_IN]) is Channel.SMS


def test_only_what_concerns_security_disturbs_by_night() -> None:
    for manner in MANNERS.values():
        assert manner.urgent == (manner.topic is Topic.SECURITY)


def test_what_was_taken_is_sent_and_what_was_refused_has_failed() -> None:
    assert after(Outcome.ACCEPTED) == Step(State.SENT)
    assert after(Outcome.REFUSED) == Step(State.FAILED)


@pytest.mark.parametrize(("urgent", "first", "longest"), [(True, 2, 60), (False, 30, 3_600)])
def test_waits_grow_up_to_a_limit(urgent: bool, first: int, longest: int) -> None:
    waits = [after(Outcome.TEMPORARY, tries, urgent=urgent).wait for tries in range(1, 60)]
    assert waits[0] == first
    assert waits[-1] == longest
    assert waits == sorted(wait for wait in waits if wait is not None)


@pytest.mark.parametrize("outcome", [Outcome.TEMPORARY, Outcome.UNKNOWN])
def test_nothing_is_tried_once_it_is_of_no_use(outcome: Outcome) -> None:
    assert after(outcome, urgent=True, seconds_left=2) == Step(State.EXPIRED)
    assert after(outcome, urgent=True, seconds_left=3) == Step(State.WAITING, 2)


@pytest.mark.parametrize(
    ("channel", "urgent", "copies"),
    [
        (Channel.SMS, True, 3),
        (Channel.SMS, False, 1),
        (Channel.EMAIL, True, 3),
        (Channel.EMAIL, False, 3),
    ],
)
def test_what_may_have_arrived_is_weighed(channel: Channel, urgent: bool, copies: int) -> None:
    tries = 1
    while after(Outcome.UNKNOWN, tries, channel=channel, urgent=urgent).state is State.WAITING:
        tries += 1
    assert tries == copies
    assert after(Outcome.UNKNOWN, tries, channel=channel, urgent=urgent) == Step(State.UNKNOWN)

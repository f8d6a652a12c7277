"""The cases about signatures, moments and secrets. Pure."""

from webhooks.trials.rules import LET_IN, NOTHING, Attempt, Finding, Outcome, Record, found


def ask_wrong_signature(record: Record) -> str:
    """A signature that is no secret's, or a wrong key."""
    if record.is_unsigned:
        return "Send an event with a wrong key. The answer is 401."
    return (
        "Send an event that is signed with another key: the answer is 401. Then send the same "
        "event, under the same webhook-id, signed rightly: 202 (200 if it was accepted before)."
    )


def wrong_signature(record: Record) -> Finding:
    """An id that was refused and let in tells the shop's own attempt from a stranger's."""
    refused = [one for one in record.attempts if one.outcome is Outcome.SIGNATURE]
    if record.is_unsigned:
        return found(refused[0]) if refused else NOTHING
    named = [one for one in refused if one.webhook_id]
    for one in named:
        for other in record.attempts:
            if other.outcome in LET_IN and other.webhook_id == one.webhook_id:
                return found(one, other)
    if not named:
        return NOTHING
    last = named[-1]
    return Finding((last,), f"refused, as it must be; now {last.webhook_id}, signed rightly")


def hint_wrong_signature(record: Record, attempt: Attempt) -> str:
    """Why an attempt is not the one."""
    if attempt.outcome is Outcome.ACCEPTED and not record.is_unsigned:
        return "rightly signed; the wrong signature is to come under the same webhook-id"
    return ""


def ask_stale(_: Record) -> str:
    """A moment that is long past."""
    return (
        "Send an event that was accepted again with a webhook-timestamp that is more than "
        "5 minutes old, and the signature that belongs to it. The answer is 401."
    )


def stale(record: Record) -> Finding:
    """Told from a live sender whose clock is wrong by an id that was accepted before."""
    for one in record.attempts:
        original = record.original_of(one)
        if one.outcome is Outcome.TIMESTAMP and original:
            return found(original, one)
    return NOTHING


def hint_stale(_: Record, attempt: Attempt) -> str:
    """Why an attempt is not the one."""
    return "its webhook-timestamp is not old enough" if attempt.request else ""


def skip_stale(record: Record) -> str:
    """Why it does not apply."""
    return "nothing is signed here, and no moment is told" if record.is_unsigned else ""


def ask_rotated(_: Record) -> str:
    """A second secret beside the first, and the end of the first."""
    return (
        "Send a new event with the second secret: the answer is 202. The first still holds, and "
        "ends when that event has come. Then send one more with the first: the answer is 401."
    )


def rotated(record: Record) -> Finding:
    """The event by the second secret while the first held, and the first one's end."""
    by_second = next(
        (
            one
            for one in record.accepted
            if one.secret_id == record.second_secret is not None
            and (record.first_ended_at is None or one.received_at < record.first_ended_at)
        ),
        None,
    )
    if by_second is None:
        return NOTHING
    ended = next((one for one in record.attempts if one.outcome is Outcome.ENDED), None)
    if ended is None:
        return Finding((by_second,), "taken by the second secret; now one more with the first")
    return found(by_second, ended)


def hint_rotated(record: Record, attempt: Attempt) -> str:
    """Why an attempt is not the one."""
    if attempt.secret_id == record.first_secret:
        return "it was let in by the first secret; a new event by the second is asked for"
    if attempt.outcome is Outcome.DUPLICATE:
        return "by the second secret, but it came before: a new event is asked for"
    return ""

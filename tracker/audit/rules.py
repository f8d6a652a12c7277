"""What an audited act must say. Pure."""

from tracker.kit.errors import Invalid

MAX_REASON = 500


class ReasonMissing(Invalid):
    """A reason is asked for, of 1 to 500 printable characters."""

    code = "reason_missing"


def check_reason(reason: str | None) -> str | None:
    """The reason without blanks around it. Raises ReasonMissing where one is given and empty."""
    if reason is None:
        return None
    said = reason.strip()
    if not said or len(said) > MAX_REASON or not said.isprintable():
        raise ReasonMissing(fields={"reason": "1 to 500 printable characters are expected"})
    return said

"""What members are told of certificates. Pure."""

from tracker.certificates.rules import reference
from tracker.notifications.contracts import Kind, Notice


def issued_notice(certificate_id: int, member_id: int, amount: int) -> Notice:
    """Once for each: the code is not in it, it is shown to who is signed in."""
    key = reference(certificate_id, "issued")
    return Notice(member_id, Kind.CERTIFICATE_ISSUED, key, {"amount": amount})


def voided_notice(certificate_id: int, member_id: int, amount: int) -> Notice:
    """By staff; of one that is merely too old nothing is told."""
    key = reference(certificate_id, "voided")
    return Notice(member_id, Kind.CERTIFICATE_VOIDED, key, {"amount": amount})

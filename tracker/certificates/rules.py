"""A certificate's way. Pure."""

from enum import StrEnum


class CertificateState(StrEnum):
    """A certificate's way."""

    ORDERED = "ordered"
    """Its money is outstanding; a worker issues it."""
    REVIEW = "review"
    """It waits for the word of staff before it is issued."""
    ISSUED = "issued"
    """The member can be shown its code, and a salon takes it."""
    REDEEMED = "redeemed"
    VOIDED = "voided"
    """By staff, or too old: the money is the member's again."""


OUTSTANDING = frozenset(
    {CertificateState.ORDERED, CertificateState.REVIEW, CertificateState.ISSUED}
)
"""States in which its money is on the account of outstanding certificates."""


class VoidState(StrEnum):
    """What became of a proposed void."""

    PROPOSED = "proposed"
    APPROVED = "approved"
    REJECTED = "rejected"

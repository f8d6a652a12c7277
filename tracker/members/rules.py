"""What a number and an address must look like, and how much of them is shown. Pure."""

from enum import StrEnum

import phonenumbers
from email_validator import EmailNotValidError, validate_email

from tracker.kit.csvfiles import FileInvalid, Row
from tracker.kit.errors import Invalid


class Language(StrEnum):
    """What members are written in."""

    RU = "ru"
    UK = "uk"
    EN = "en"


class Role(StrEnum):
    """Whose number it is that a member has."""

    OWN = "own"
    RELATIVE = "relative"


class Ended(StrEnum):
    """Why a number is a member's no more."""

    CHANGED = "changed"
    """The member has another one."""
    TAKEN_OVER = "taken_over"
    """The operator gave it to somebody else, who proved to hold it."""
    REMOVED = "removed"
    """A relative's: the member took it off the list, or its owner did."""
    CLOSED = "closed"
    """The member left the club."""


class PhoneNotUsable(Invalid):
    """The text is not a mobile number that could be paid to."""

    code = "phone_not_usable"


class EmailNotUsable(Invalid):
    """The text is not an address that could be written to."""

    code = "email_not_usable"


_MAX_TEXT = 254


def normal_phone(text: str, *, region: str = "RU") -> str:
    """E.164 of a number as people write it; raises PhoneNotUsable, which does not repeat it.

    Only the shape is checked: which operator serves a number is a question to the operator, since
    numbers are ported.
    """
    try:
        number = phonenumbers.parse(text[:_MAX_TEXT], region)
    except phonenumbers.NumberParseException as error:
        raise PhoneNotUsable("this is not a phone number", fields={"phone": "no number"}) from error
    if not phonenumbers.is_possible_number(number):
        raise PhoneNotUsable(
            "this has the wrong number of digits for a phone number",
            fields={"phone": "wrong number of digits"},
        )
    return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)


def normal_email(text: str) -> str:
    """An address in the form by which two spellings are one; raises EmailNotUsable.

    Capitals make no difference: no provider that people use tells mailboxes apart by them.
    """
    try:
        if len(text) > _MAX_TEXT:
            raise EmailNotValidError("It is too long.")
        return validate_email(text, check_deliverability=False).normalized.lower()
    except EmailNotValidError as error:
        raise EmailNotUsable("this is not an e-mail address", fields={"email": "no address"}) from (
            error
        )


def mask_phone(phone: str | None) -> str:
    """What staff and logs see of a number: ``+7900*****12``."""
    if phone is None:
        return "erased"
    return phone[:5] + "*" * max(0, len(phone) - 7) + phone[-2:]


def mask_email(email: str | None) -> str | None:
    """What staff see of an address: ``a***@example.org``."""
    if email is None:
        return None
    name, _, host = email.partition("@")
    return f"{name[:1]}***@{host}"


def phone_in(row: Row, column: str) -> str:
    """E.164 of a number in a file's line. Raises FileInvalid."""
    try:
        return normal_phone(row[column])
    except PhoneNotUsable as error:
        said = f"line {row.line}: {column}: {row[column]!r}: {error.detail}"
        raise FileInvalid(said) from error


def email_in(row: Row, column: str) -> str | None:
    """The normal form of an address in a file's line, if there is one. Raises FileInvalid."""
    try:
        return normal_email(row[column]) if row.get(column) else None
    except EmailNotUsable as error:
        said = f"line {row.line}: {column}: {row[column]!r}: {error.detail}"
        raise FileInvalid(said) from error

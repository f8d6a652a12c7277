"""What a number must look like. Pure."""

import phonenumbers

from tracker.kit.csvfiles import FileInvalid, Row
from tracker.kit.errors import Invalid


class PhoneNotUsable(Invalid):
    """The text is not a mobile number that could be paid to."""

    code = "phone_not_usable"


def normal_phone(text: str, *, region: str = "RU") -> str:
    """E.164 of a number as people write it; raises PhoneNotUsable.

    Only the shape is checked: which operator serves a number is a question to the operator, since
    numbers are ported.
    """
    try:
        number = phonenumbers.parse(text, region)
    except phonenumbers.NumberParseException as error:
        raise PhoneNotUsable(f"{text!r} is not a phone number") from error
    if not phonenumbers.is_possible_number(number):
        raise PhoneNotUsable(f"{text!r} has the wrong number of digits")
    return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)


def phone_in(row: Row, column: str) -> str:
    """E.164 of a number in a file's line. Raises FileInvalid."""
    try:
        return normal_phone(row[column])
    except PhoneNotUsable as error:
        raise FileInvalid(f"line {row.line}: {column}: {error.detail}") from error

"""To which numbers codes are sent. Pure.

Whoever owns a dear number earns by each message to it: codes go to mobile numbers of the countries
in which the club has members, and to no others. Which numbers members have is another matter.
"""

from collections.abc import Collection

import phonenumbers
from phonenumbers import PhoneNumberType

from tracker.kit.errors import Invalid

_MOBILE = (PhoneNumberType.MOBILE, PhoneNumberType.FIXED_LINE_OR_MOBILE)


class PhoneNotReachable(Invalid):
    """No codes are sent to numbers of this kind or country."""

    code = "phone_not_reachable"


def takes_codes(phone: str, countries: Collection[str]) -> bool:
    """Whether a number, in E.164, is a mobile one of one of these countries (ISO 3166).

    Numbers of satellites and of services are of no country; those that cost more, or nothing, are
    no mobile ones.
    """
    number = phonenumbers.parse(phone)
    country = phonenumbers.region_code_for_number(number)
    return country in countries and phonenumbers.number_type(number) in _MOBILE

"""What a salon is called, and what it is told when it cannot be served. Pure."""

import re

from tracker.kit.errors import Conflict, Invalid, NotFound, Unauthenticated

MAX_RECEIPT = 64
MAX_NAME = 100

_SLUG = re.compile(r"[a-z0-9](?:[a-z0-9-]{0,62}[a-z0-9])?", re.ASCII)


class SalonNotAccepted(Unauthenticated):
    """The salon's key is missing, unknown, or another salon's."""

    code = "salon_not_accepted"


class CodeNotAccepted(NotFound):
    """There is no certificate to be taken by this code."""

    code = "code_not_accepted"


class CertificateRedeemed(Conflict):
    """The certificate was redeemed already, by another receipt."""

    code = "certificate_redeemed"


class SalonInvalid(Invalid):
    """A salon cannot be called so."""

    code = "salon_invalid"


class SalonNotFound(NotFound):
    """No salon has this slug."""

    code = "salon_not_found"


class SalonTaken(Conflict):
    """There is a salon with this slug, perhaps a closed one."""

    code = "salon_taken"


class SalonClosed(Conflict):
    """The salon was closed, and stays so."""

    code = "salon_closed"


def check_slug(slug: str) -> str:
    """What a salon calls itself. Raises SalonInvalid."""
    if not _SLUG.fullmatch(slug):
        raise SalonInvalid(
            fields={"slug": "lower-case Latin letters, digits and inner hyphens, up to 64"}
        )
    return slug


def check_name(name: str) -> str:
    """What people call a salon, without blanks around it. Raises SalonInvalid."""
    said = name.strip()
    if not said or len(said) > MAX_NAME or not said.isprintable():
        raise SalonInvalid(fields={"name": f"1 to {MAX_NAME} printable characters"})
    return said

"""What the front door says no to, and why. The contract's table of answers, by kind."""

from tracker.kit.errors import (
    Conflict,
    Gone,
    Invalid,
    NotAllowed,
    NotFound,
    TooLarge,
    TooMany,
    Unauthenticated,
    Unsupported,
)

_NOT_LET_IN = "The shop or the signature is not known here."
_CHALLENGE = "Webhook-Signature"


class BodyTooLarge(TooLarge):
    """The body is larger than the dialect allows."""

    def __init__(self, limit: int) -> None:
        super().__init__(f"An event is at most {limit // 1024} KiB")


class MediaNotTaken(Unsupported):
    """Events are application/json in UTF-8, not compressed."""


class MethodNotTaken(NotAllowed):
    """The shop's dialect is not spoken by this method."""

    code = "method_not_allowed"


class EventInvalid(Invalid):
    """The body was read and is wrong: which field and why."""

    code = "event_invalid"


class SignatureNotAccepted(Unauthenticated):
    """No, old or wrong signature. Looks exactly as ShopUnknown does, but for the status."""

    code = "not_let_in"
    is_a_twin = True
    challenge = _CHALLENGE

    def __init__(self) -> None:
        super().__init__(_NOT_LET_IN)


class TimestampNotAccepted(SignatureNotAccepted):
    """Genuinely signed, and too long ago or too far ahead: the shop's clock, or a replay.

    Told apart inside only.
    """


class ShopUnknown(NotFound):
    """No such shop. Looks exactly as SignatureNotAccepted does, but for the status."""

    code = "not_let_in"
    is_a_twin = True
    challenge = _CHALLENGE

    def __init__(self) -> None:
        super().__init__(_NOT_LET_IN)


class WebhookIdReused(Conflict):
    """This webhook-id came before with another body. Both are kept, and staff are told."""

    code = "webhook_id_reused"


class ShopHasLeft(Gone):
    """The shop has left the programme: please stop sending."""

    code = "shop_has_left"


class RateExceeded(TooMany):
    """The shop sends faster than agreed."""

    code = "rate_exceeded"

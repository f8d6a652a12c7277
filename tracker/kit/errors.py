"""The few kinds of errors. Rooms name theirs as sentences and inherit from one of these.

``code`` is stable and public: it stands in problem documents and in ``--json`` output.
"""

from collections.abc import Mapping


class TrackerError(Exception):
    """Anything we say no to. ``detail`` is for the reader; ``fields`` maps a field to its fault."""

    code = "error"
    challenge: str | None = None
    """How to prove who one is, for a ``WWW-Authenticate`` header."""
    is_a_twin = False
    """Another error must look the same to a byte of the document, which leaves out its status."""

    def __init__(self, detail: str = "", *, fields: Mapping[str, str] | None = None) -> None:
        told = (self.__doc__ or "").split("\n")[0].rstrip(".").replace("`", "")
        super().__init__(detail or told)
        self.fields = dict(fields or {})

    @property
    def detail(self) -> str:
        return str(self.args[0])


class Unreadable(TrackerError):
    """The input cannot be read at all."""

    code = "unreadable"


class TooLarge(TrackerError):
    """The input is larger than we read."""

    code = "too_large"


class TooSlow(TrackerError):
    """The input did not come in time."""

    code = "too_slow"


class Unsupported(TrackerError):
    """The input is of a kind that we do not read."""

    code = "unsupported_media_type"


class Invalid(TrackerError):
    """What was sent can be read, and something in it is wrong.

    ``fields`` says where and why.
    """

    code = "invalid"


class Unauthenticated(TrackerError):
    """Who is asking could not be established."""

    code = "unauthenticated"
    challenge = "Bearer"


class Forbidden(TrackerError):
    """Known, but not allowed to."""

    code = "forbidden"


class NotFound(TrackerError):
    """No such thing, or none that the asker may see."""

    code = "not_found"


class NotAllowed(TrackerError):
    """Not by this method."""

    code = "method_not_allowed"


class Conflict(TrackerError):
    """The state of things does not allow it."""

    code = "conflict"


class Gone(TrackerError):
    """It was here and has left for good."""

    code = "gone"


class TooMany(TrackerError):
    """Above a limit.

    ``retry_after`` is in seconds.
    """

    code = "too_many_requests"

    def __init__(self, detail: str = "", *, retry_after: int = 1) -> None:
        super().__init__(detail)
        self.retry_after = retry_after


class Unavailable(TrackerError):
    """Something we depend on is out of reach; trying again later is right."""

    code = "unavailable"

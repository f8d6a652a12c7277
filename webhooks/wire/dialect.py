"""What a dialect is: a wire shape with its vocabulary, turned into our own notices. Pure."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from partners.intake.contracts import PurchaseNotice
from webhooks.wire.letters import Content, Shape
from webhooks.wire.loose import refuse
from webhooks.wire.reading import Faults
from webhooks.wire.scheme import Scheme

MAX_BODY = 256 * 1024
"""Bytes of an event, where a dialect does not say otherwise."""

MAX_FORM = 256 * 1024
"""Bytes of a form or a query string, whatever the dialect: in these keys are looked for, so it is
before anybody is let in. What is long comes in other shapes."""

MAX_NOTICES = 40_000
"""Notices that one event may hold in any dialect."""

LEEWAY = timedelta(days=1)
"""How far ahead of its receipt an event's moments may lie: clocks differ, and some shops tell a
date alone, or forget their zone. What lies ahead counts from its receipt nevertheless."""

Read = Callable[[Content, datetime, Faults], Sequence[PurchaseNotice]]
"""Turns what was kept, and the moment of its receipt, into notices: the same each time.

Notes every field at fault; raises Unreadable for what is not of its shape.
"""


@dataclass(frozen=True, slots=True)
class Dialect:
    """One way in which shops report."""

    name: str
    about: str
    """For staff, in a line."""
    notices: Read
    schemes: tuple[Scheme, ...]
    """In the order in which they are tried: the first that applies decides."""
    shapes: frozenset[Shape] = frozenset({Shape.JSON})
    methods: frozenset[str] = frozenset({"POST"})
    max_body: int = MAX_BODY
    max_form: int = MAX_FORM

    def read(
        self, content: Content, received_at: datetime, *, until: datetime | None = None
    ) -> Sequence[PurchaseNotice]:
        """The notices of an event; none of their moments is later than ``until``, if given.

        Only the door asks for that: what was let in is read again the same each time. Raises
        Unreadable for what is not of its shape, and EventInvalid with every field at fault.
        """
        faults = Faults() if until is None else Faults(until)
        found = self.notices(content, received_at, faults)
        refuse(faults)
        return found

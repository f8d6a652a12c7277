"""Standard Webhooks 1.0 as a scheme. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from partners.credentials.rules import Secret
from webhooks.errors import MediaNotTaken
from webhooks.signatures import match
from webhooks.wire.letters import Letter
from webhooks.wire.scheme import Shown


@dataclass(frozen=True, slots=True)
class StandardWebhooks:
    """A signature over id, moment and body: over the body as it was sent, also over such fields of
    a form as are not kept because another scheme of the dialect is shown keys in them."""

    name: str = "standard-webhooks"
    proves: str = "who wrote every byte of the body, and that it was sent within five minutes"
    is_trusted: bool = True
    fields: tuple[str, ...] = ()

    def applies(self, letter: Letter) -> bool:
        """Whether there is a signature to look at."""
        return "webhook-signature" in letter.headers

    def check(self, letter: Letter, secrets: Sequence[Secret], now: datetime) -> Shown:
        """Let in what is signed with a secret of the shop. Raises SignatureNotAccepted."""
        keys = [one.signing_key for one in secrets]
        event_id, place = match(letter.headers, letter.body, keys, now)
        content = letter.content
        # A signature says nothing about a query string: a signed letter says what is in its body.
        if content is None or content.raw is not letter.body:
            raise MediaNotTaken
        return Shown(secrets[place], event_id, content)


STANDARD = StandardWebhooks()

"""What a scheme is asked, and what it answers. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Protocol

from partners.credentials.rules import Secret
from webhooks.wire import forms
from webhooks.wire.letters import Content, Letter, Shape


@dataclass(frozen=True, slots=True)
class Shown:
    """A letter that a scheme has let in: by which secret, under which id, and what it says."""

    secret: Secret
    event_id: str
    content: Content


class Scheme(Protocol):
    """One way to prove where a letter comes from."""

    @property
    def name(self) -> str:
        """As staff and documents call it."""

    @property
    def proves(self) -> str:
        """What follows from it, for people."""

    @property
    def is_trusted(self) -> bool:
        """Whether it proves who wrote the amounts. What is not trusted confirms nothing."""

    @property
    def fields(self) -> tuple[str, ...]:
        """Fields of a form in which it is shown a key or a signature. Whatever scheme of a dialect
        lets a form in, these are not kept."""

    def applies(self, letter: Letter) -> bool:
        """Whether the letter carries what this scheme looks at."""

    def check(self, letter: Letter, secrets: Sequence[Secret], now: datetime) -> Shown:
        """Let the letter in. Raises SignatureNotAccepted, and NotAnEvent for what cannot be read
        by any dialect. All secrets are tried, in the same time whichever fits."""


def without_keys(shown: Shown, schemes: Sequence[Scheme]) -> Shown:
    """What is kept of a letter: no field of a form in which any of these schemes is shown a key.

    So the bytes that are kept may be fewer than those that were signed, and the signature cannot be
    checked over them again. An id that is the content's own follows the content.
    """
    content = shown.content
    if content.shape is not Shape.FORM:
        return shown
    raw = content.raw
    for field in {field for scheme in schemes for field in scheme.fields}:
        raw = forms.without(raw, field)
    if raw == content.raw:
        return shown
    kept = Content(content.shape, raw)
    event_id = kept.identity if shown.event_id == content.identity else shown.event_id
    return replace(shown, event_id=event_id, content=kept)

"""The dialect bench: what a shop sent, read in another dialect as well. Nothing is booked."""

import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any

from sqlalchemy.orm import Session

from partners.dialects.service import by_ids
from partners.intake.contracts import NoticeKind, PurchaseNotice
from partners.intake.rules import report
from tracker.kit.errors import TrackerError
from tracker.kit.money import format_rubles
from tracker.purchases.contracts import Line, ReturnLine
from webhooks.dialects import named
from webhooks.errors import MediaNotTaken
from webhooks.inbox.queries import received
from webhooks.inbox.work import Event
from webhooks.wire.dialect import LEEWAY, Dialect
from webhooks.wire.letters import Content, Shape

KEPT = 1_000
"""Differing events that are told one by one, and kinds of faults; the others are only counted."""

_STATING = (NoticeKind.CREATED, NoticeKind.UPDATED)
_WORDS = {True: "yes", False: "no"}
_DIGITS = re.compile(r"\d+")
_IN_BRACKETS = re.compile(r"\[[^\]]*\]")


class Outcome(StrEnum):
    """What became of an event in two dialects. Refused is whatever would be set aside."""

    SAME = "same"
    DIFFERS = "differs"
    REFUSED_BY_NEW = "refused_by_new"
    REFUSED_BY_OLD = "refused_by_old"
    REFUSED_BY_BOTH = "refused_by_both"


MATTERS = (Outcome.DIFFERS, Outcome.REFUSED_BY_NEW, Outcome.REFUSED_BY_OLD)
"""What would be otherwise after the change."""


@dataclass(frozen=True, slots=True)
class Reading:
    """What an event says in one dialect: fields by name as text, or why it is refused."""

    said: dict[str, str | None]
    """None: a click was looked for, and none was told."""
    refused: TrackerError | None = None


@dataclass(slots=True)
class Findings:
    """What was found, event by event."""

    outcomes: Counter[Outcome] = field(default_factory=Counter)
    fields: Counter[str] = field(default_factory=Counter)
    """In how many events each field differs."""
    differing: list[dict[str, Any]] = field(default_factory=list)
    faults: dict[tuple[str, str], dict[str, Any]] = field(default_factory=dict)
    """What the new dialect refuses, by code and reason: how many, and an example."""

    @property
    def would_differ(self) -> bool:
        """Whether anything would be otherwise."""
        return any(self.outcomes[one] for one in MATTERS)

    def note(self, event: Event, old: Reading, new: Reading) -> None:
        """Count an event, and remember it where something differs."""
        outcome = _outcome(old, new)
        self.outcomes[outcome] += 1
        if new.refused:
            self._note_faults(event, new.refused)
        changes = _differences(old.said, new.said) if outcome is Outcome.DIFFERS else {}
        self.fields.update({_IN_BRACKETS.sub("[]", name) for name in changes})
        if outcome in MATTERS and len(self.differing) < KEPT:
            self.differing.append(
                {
                    "event": event.id,
                    "webhook_id": event.webhook_id,
                    "outcome": outcome,
                    "fields": changes,
                    "refusal": refusal_of(new.refused or old.refused),
                }
            )

    def _note_faults(self, event: Event, error: TrackerError) -> None:
        said = [f"{name}: {why}" for name, why in error.fields.items()] or [error.detail]
        for reason in dict.fromkeys(_DIGITS.sub("#", one) for one in said):
            key = error.code, reason
            if key in self.faults:
                self.faults[key]["events"] += 1
            elif len(self.faults) < KEPT:
                found = {"code": error.code, "reason": reason, "events": 1, "example": event.id}
                self.faults[key] = found

    def as_json(self) -> dict[str, Any]:
        """All of it, for people and scripts."""
        faults = sorted(self.faults.values(), key=lambda one: (-one["events"], one["reason"]))
        return {
            "events": self.outcomes.total(),
            **{str(one): self.outcomes[one] for one in Outcome},
            "fields": dict(sorted(self.fields.items())),
            "differing": self.differing,
            "differing_left_out": sum(self.outcomes[one] for one in MATTERS) - len(self.differing),
            "faults": faults,
        }


def compare(
    session: Session,
    shop_id: int,
    new: Dialect,
    *,
    since: datetime,
    until: datetime,
    limit: int,
) -> Findings:
    """Read what a shop sent from one moment to before another, both ways; the first ``limit``.

    Each event's old reading is by the dialect in which it was let in, whatever the shop speaks now.
    """
    findings = Findings()
    spoken: dict[int | None, Dialect] = {}
    for portion in received(session, shop_id, since, until):
        unknown = {event.dialect_id for event in portion} - spoken.keys()
        settings = by_ids(session, unknown)
        spoken |= {one: named(found.dialect, found.mapping) for one, found in settings.items()}
        for event in portion[: limit - findings.outcomes.total()]:
            content = Content(Shape(event.shape), event.body)
            old = read_in(spoken[event.dialect_id], content, event.received_at)
            findings.note(event, old, read_in(new, content, event.received_at))
        if findings.outcomes.total() == limit:
            break
    return findings


def read_in(dialect: Dialect, content: Content, received_at: datetime) -> Reading:
    """What some bytes say in a dialect, or why they would be refused or set aside."""
    try:
        if content.shape not in dialect.shapes:
            takes = ", ".join(sorted(dialect.shapes))
            raise MediaNotTaken(f"it is {content.shape}, and the dialect takes {takes}")
        notices = dialect.read(content, received_at, until=received_at + LEEWAY)
        for notice in notices:
            report(notice, shop_id=0, source="")
    except TrackerError as error:
        return Reading({}, error)
    return Reading(dict(_said(notices)))


def refusal_of(error: TrackerError | None) -> dict[str, Any] | None:
    """Why something is refused, for people and scripts."""
    if error is None:
        return None
    return {"code": error.code, "detail": error.detail, "fields": error.fields}


def _outcome(old: Reading, new: Reading) -> Outcome:
    match bool(old.refused), bool(new.refused):
        case True, True:
            return Outcome.REFUSED_BY_BOTH
        case True, False:
            return Outcome.REFUSED_BY_OLD
        case False, True:
            return Outcome.REFUSED_BY_NEW
    return Outcome.SAME if old.said == new.said else Outcome.DIFFERS


def _differences(
    old: Mapping[str, str | None], new: Mapping[str, str | None]
) -> dict[str, dict[str, str | None]]:
    """The fields that differ, each old and new; null where one does not tell it."""
    return {
        name: {"old": old.get(name), "new": new.get(name)}
        for name in dict.fromkeys([*old, *new])
        if old.get(name) != new.get(name)
    }


def _said(notices: Sequence[PurchaseNotice]) -> Iterator[tuple[str, str | None]]:
    """Every field that notices tell, as text; of several notices each under its place."""
    yield "notices", str(len(notices))
    for place, notice in enumerate(notices):
        before = f"notices[{place}]." if len(notices) > 1 else ""
        for name, value in _fields(notice):
            yield before + name, value


def _fields(notice: PurchaseNotice) -> Iterator[tuple[str, str | None]]:
    values = {name: getattr(notice, name) for name in _PLAIN}
    for name, value in values.items():
        if value is not None:
            yield name, _WORDS.get(value) if isinstance(value, bool) else str(value)
        elif name == "click_id" and notice.kind in _STATING:
            yield name, None
    moments = {"at": notice.at if notice.dated else None, "ordered_at": notice.ordered_at}
    for name, moment in moments.items():
        if moment is not None:
            yield name, moment.astimezone(UTC).isoformat()
    if notice.amount is not None:
        yield "amount", format_rubles(notice.amount)
    if notice.return_id is not None and notice.return_lines is None:
        yield "return_lines", "all"
    yield from _lines(notice)


def _lines(notice: PurchaseNotice) -> Iterator[tuple[str, str]]:
    for line in notice.lines:
        name = f"lines[{line.line_id}]"
        yield name, _line(line)
        labels = {"sku": line.sku, "category": line.category}
        yield from ((f"{name}.{label}", text) for label, text in labels.items() if text is not None)
    for back in notice.return_lines or ():
        yield f"return_lines[{back.line_id}]", _line(back)


def _line(line: Line | ReturnLine) -> str:
    return f"{line.quantity} for {format_rubles(line.amount)}"


_PLAIN = (
    "kind",
    "order_id",
    "click_id",
    "currency",
    "return_id",
    "reason",
    "reject_reason",
    "whole",
    "dated",
    "upstream",
)

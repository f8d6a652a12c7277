"""The recorded payloads under tests/payloads, as tests read them: its README says how they look."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from partners.intake.contracts import NoticeKind, PurchaseNotice
from tracker.purchases.contracts import Line, RejectReason, ReturnLine
from webhooks.dialects import named
from webhooks.wire.dialect import Dialect
from webhooks.wire.letters import Content, Letter

ROOT = Path(__file__).parents[2] / "payloads"
STORIES = "stories"
CLICK = "clk_recordedrecordedrec00"
"""The click that payloads name; a test puts a real one in its place."""


@dataclass(frozen=True, slots=True)
class Payload:
    """One recorded request without its key, and what it means."""

    folder: Path
    method: str
    headers: Mapping[str, str]
    query: bytes
    body: bytes
    mapping: Mapping[str, Any] | None
    parked: str | None
    """Why its event is set aside for staff, if it is."""

    @property
    def id(self) -> str:
        return f"{self.dialect_name}-{self.folder.name}"

    @property
    def dialect_name(self) -> str:
        return self.folder.parent.name

    @property
    def dialect(self) -> Dialect:
        return named(self.dialect_name, self.mapping)

    @property
    def content(self) -> Content:
        """What is read of it."""
        content = Letter(self.method, self.headers, self.query, self.body).content
        assert content is not None
        return content

    def meaning(self, received_at: datetime) -> tuple[PurchaseNotice, ...]:
        """The notices that somebody wrote down for it."""
        told = json.loads((self.folder / "notices.json").read_text())
        return tuple(_notice(one, received_at) for one in told)


@dataclass(frozen=True, slots=True)
class Story:
    """Payloads of one order, and the member's cashback that they come to in every order.

    Sums are (pending, available) in kopecks; at 10 % of what is bought.
    """

    path: Path
    order: str
    payloads: tuple[Payload, ...]
    money: Mapping[str, Mapping[str, list[int]]]

    @property
    def id(self) -> str:
        return f"{self.path.parent.parent.name}-{self.path.stem}"


def payload(folder: Path) -> Payload:
    """The payload of a folder."""
    request = json.loads((folder / "request.json").read_text())
    mapping = folder / request.get("mapping", "mapping.json")
    return Payload(
        folder,
        request["method"],
        request["headers"],
        request.get("query", "").encode(),
        (folder / request["body"]).read_bytes() if "body" in request else b"",
        json.loads(mapping.read_text()) if mapping.exists() else None,
        request.get("parked"),
    )


def payloads() -> list[Payload]:
    """All there are, in the same order each time."""
    return [payload(path.parent) for path in sorted(ROOT.glob("*/*/request.json"))]


def stories() -> Iterator[Story]:
    """All there are, in the same order each time."""
    for path in sorted(ROOT.glob(f"*/{STORIES}/*.json")):
        told = json.loads(path.read_text())
        cases = tuple(payload(path.parents[1] / name) for name in told["payloads"])
        yield Story(path, told["order"], cases, told["money"])


def _notice(told: dict[str, Any], received_at: datetime) -> PurchaseNotice:
    given = dict(told)
    for name in ("at", "ordered_at"):
        if name in given:
            at = given[name]
            given[name] = received_at if at == "received" else datetime.fromisoformat(at)
    given["kind"] = NoticeKind(given["kind"])
    given["lines"] = tuple(Line(**line) for line in given.get("lines", ()))
    if "return_lines" in given:
        given["return_lines"] = tuple(ReturnLine(**line) for line in given["return_lines"])
    if "reject_reason" in given:
        given["reject_reason"] = RejectReason(given["reject_reason"])
    return PurchaseNotice(**given)

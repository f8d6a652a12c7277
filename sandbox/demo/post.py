"""Sending letters as shops do, and staff's calls: signed or with a token, over HTTP."""

import base64
import time
from collections.abc import Mapping
from enum import Enum, auto
from typing import Any

import httpx2

from sandbox.demo.orders import Letter
from webhooks.signatures import sign

_SECONDS = 15.0
_LATER = (429, 502, 503, 504)


class Answer(Enum):
    """What the front door made of a letter."""

    ACCEPTED = auto()
    DUPLICATE = auto()
    LATER = auto()
    """Not now, or nobody answered: the same letter is to be sent again."""
    REFUSED = auto()


class NoAnswer(Exception):
    """The service did not answer, or not with what was asked for; it may do so later."""


class Post:
    """The HTTP side of the shops and the staff."""

    def __init__(self, url: str, secrets: Mapping[str, str]) -> None:
        self._secrets = secrets
        self._client = httpx2.Client(
            base_url=url,
            timeout=_SECONDS,
            trust_env=False,  # past any proxy: this is our own machine
        )

    def send(self, letter: Letter) -> Answer:
        """Send it once, signed at this very moment."""
        body = letter.body()
        try:
            response = self._client.post(
                f"/webhooks/{letter.shop}", content=body, headers=self._signed(letter, body)
            )
        except httpx2.TransportError:
            return Answer.LATER
        if response.status_code in _LATER:
            return Answer.LATER
        return {202: Answer.ACCEPTED, 200: Answer.DUPLICATE}.get(
            response.status_code, Answer.REFUSED
        )

    def ask(self, path: str, token: str) -> Any:
        """What staff see at a path. Raises NoAnswer."""
        return self._call("GET", path, token).json()

    def approve(self, period: str, sha256: str, token: str) -> None:
        """Approve a month's sealed list. Raises NoAnswer."""
        path = f"/admin/api/v1/settlements/{period}/approve"
        self._call("POST", path, token, json={"sha256": sha256})

    def metrics(self) -> dict[str, float]:
        """The product's figures, by name without their prefix. Raises NoAnswer."""
        lines = self._call("GET", "/metrics", "").text.splitlines()
        pairs = (line.rpartition(" ") for line in lines if line.startswith("tracker_"))
        return {name.removeprefix("tracker_"): float(value) for name, _, value in pairs}

    def _signed(self, letter: Letter, body: bytes) -> dict[str, str]:
        key = base64.b64decode(self._secrets[letter.shop].removeprefix("whsec_"))
        moment = str(int(time.time()))
        return {
            "Content-Type": "application/json",
            "webhook-id": letter.webhook_id,
            "webhook-timestamp": moment,
            "webhook-signature": sign(key, letter.webhook_id, moment, body),
        }

    def _call(
        self, method: str, path: str, token: str, json: Mapping[str, str] | None = None
    ) -> httpx2.Response:
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        try:
            response = self._client.request(method, path, headers=headers, json=json)
        except httpx2.TransportError as error:
            raise NoAnswer(f"{path}: {error}") from error
        if response.status_code != httpx2.codes.OK:
            raise NoAnswer(f"{path}: {response.status_code} {response.text}")
        return response

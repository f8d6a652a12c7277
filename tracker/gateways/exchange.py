"""One request, one bounded reply, over HTTP. Knows nothing of what is said."""

import os
import ssl
import time
from collections.abc import Mapping
from dataclasses import dataclass

import httpx2

from tracker.gateways.doubts import Doubt, Doubtful
from tracker.gateways.punctual import PunctualTransport, at_most

MAX_REPLY = 4 << 20
"""Bytes of a reply: a page of 5,000 statement lines takes about a quarter of it."""

_SECONDS_TO_CONNECT = 5.0
_LIMITS = httpx2.Limits(max_connections=8, max_keepalive_connections=4)


@dataclass(frozen=True, slots=True)
class Reply:
    """What came back, whole; ``media_type`` is lower-case, without parameters."""

    status: int
    media_type: str
    body: bytes
    retry_after: str = ""


class Exchange:
    """Requests to one server, with a bearer token, over connections that are kept.

    ``timeout`` (seconds) bounds each wait on the network, and a request with its reply as a whole.
    Redirects, proxies and credentials of the environment are not followed.
    """

    def __init__(self, base_url: str, token: str, timeout: float) -> None:
        address = httpx2.URL(base_url)
        if address.scheme not in ("http", "https") or not address.host:
            raise ValueError(f"not the address of an HTTP server: {base_url!r}")
        self._base_url = base_url.rstrip("/")
        self._headers = {
            "Authorization": f"Bearer {token}",
            "Accept": "application/json",
            "Accept-Encoding": "identity",
        }
        self._seconds = timeout
        self._trust = _trust_for(address)
        self._mine: tuple[int, httpx2.Client] | None = None

    def get(self, path: str, params: Mapping[str, str] | None = None) -> Reply:
        """Raises Doubtful when nothing whole came back."""
        return self._ask("GET", path, params=params)

    def post(self, path: str, document: object) -> Reply:
        """Raises Doubtful when nothing whole came back."""
        return self._ask("POST", path, document=document)

    def _ask(
        self,
        method: str,
        path: str,
        *,
        params: Mapping[str, str] | None = None,
        document: object = None,
    ) -> Reply:
        deadline = time.monotonic() + self._seconds
        url = self._base_url + path
        try:
            with (
                at_most(self._seconds),
                self._client().stream(method, url, params=params, json=document) as response,
            ):
                body = _whole(response, deadline)
        except (httpx2.ConnectError, httpx2.ConnectTimeout, httpx2.PoolTimeout) as error:
            raise Doubtful(Doubt.NOT_CONNECTED) from error
        except httpx2.TimeoutException as error:
            raise Doubtful(Doubt.TIMEOUT) from error
        except httpx2.HTTPError as error:
            raise Doubtful(Doubt.CONNECTION_LOST) from error
        media_type = response.headers.get("Content-Type", "").partition(";")[0].strip().lower()
        retry_after = response.headers.get("Retry-After", "")
        return Reply(response.status_code, media_type, body, retry_after)

    def _client(self) -> httpx2.Client:
        """This process's client: a forked child must not speak over its parent's connections."""
        if self._mine is None or self._mine[0] != os.getpid():
            self._mine = (os.getpid(), self._new_client())
        return self._mine[1]

    def _new_client(self) -> httpx2.Client:
        seconds = self._seconds
        return httpx2.Client(
            headers=self._headers,
            timeout=httpx2.Timeout(
                connect=min(seconds, _SECONDS_TO_CONNECT), read=seconds, write=seconds, pool=seconds
            ),
            transport=PunctualTransport(self._trust, _LIMITS),
            follow_redirects=False,
            trust_env=False,
        )


def _trust_for(address: httpx2.URL) -> ssl.SSLContext:
    """The system's authorities, read once and before any fork (20 ms); for plain HTTP, nobody."""
    if address.scheme == "https":
        return ssl.create_default_context()
    return ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)


def _whole(response: httpx2.Response, deadline: float) -> bytes:
    """The body as sent. Raises Doubtful when it is too long or drips in too slowly."""
    body = bytearray()
    for chunk in response.iter_raw():
        body += chunk
        if len(body) > MAX_REPLY:
            raise Doubtful(Doubt.TOO_LARGE)
        if time.monotonic() > deadline:
            raise Doubtful(Doubt.TIMEOUT)
    return bytes(body)

"""Sockets at the door: requests written by hand, answers read as they come."""

import json
import select
import socket
from http.client import HTTPResponse

from tests.webhooks.letters import headers
from tests.world import Shop


def begin(port: int, shop: Shop, raw: bytes, length: str) -> socket.socket:
    """A connection with the head of a good message, and a header that tells its length."""
    client = socket.create_connection(("127.0.0.1", port), timeout=15)
    lines = [f"POST /webhooks/{shop.slug} HTTP/1.1", "Host: tracker.example", length]
    lines += [f"{name}: {value}" for name, value in headers(shop.secret, raw).items()]
    client.sendall("\r\n".join([*lines, "", ""]).encode())
    return client


def whole(port: int, shop: Shop, raw: bytes) -> socket.socket:
    """A connection on which a good message was sent."""
    client = begin(port, shop, raw, f"Content-Length: {len(raw)}")
    client.sendall(raw)
    return client


def end(client: socket.socket) -> tuple[int, str]:
    """The status and the code of the answer."""
    response = HTTPResponse(client)
    response.begin()
    return answer(response)


def answer(response: HTTPResponse) -> tuple[int, str]:
    """The status and the code; errors must be problem documents, all must be JSON."""
    document = json.loads(response.read())
    if response.status >= 400:
        assert response.headers["Content-Type"] == "application/problem+json"
    return response.status, document.get("code", "")


def has_news(client: socket.socket, within: float = 0.0) -> bool:
    """Whether anything came on a connection, be it its end."""
    return bool(select.select([client], [], [], within)[0])

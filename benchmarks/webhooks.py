"""Webhooks as shops send them: whole HTTP requests, signed beforehand. Pure."""

import itertools
import json
from collections.abc import Iterator, Sequence
from datetime import datetime

from benchmarks.seed import EPOCH, Shop
from webhooks.signatures import sign

NUMBERS = itertools.count(1)
"""Webhook-ids and orders never come twice in a run."""


def event(order: str, click_id: str, amounts: Sequence[int], ordered_at: datetime) -> bytes:
    """The body of a ``purchase.created`` with lines of so many roubles each."""
    lines = [
        {
            "line_id": str(place),
            "sku": f"SKU-{place:04d}",
            "category": "home",
            "quantity": 1,
            "amount": f"{amount}.00",
        }
        for place, amount in enumerate(amounts, start=1)
    ]
    data = {
        "order_id": order,
        "click_id": click_id,
        "ordered_at": ordered_at.isoformat(),
        "currency": "RUB",
        "lines": lines,
    }
    told = {"type": "purchase.created", "timestamp": ordered_at.isoformat(), "data": data}
    return json.dumps(told).encode()


def sample(number: int) -> bytes:
    """A body such as shops send most: one line, some 300 bytes."""
    return event(f"order-{number}", f"clk_{number:022d}", [1530], EPOCH)


def requests(shops: Sequence[Shop], count: int, now: float) -> Iterator[bytes]:
    """Signed requests, spread evenly over the shops; ``now`` is in Unix seconds."""
    timestamp = str(int(now))
    for shop in itertools.islice(itertools.cycle(shops), count):
        number = next(NUMBERS)
        yield request(shop, f"msg_{number:012d}", timestamp, sample(number))


def request(shop: Shop, webhook_id: str, timestamp: str, body: bytes) -> bytes:
    """One signed request, whole."""
    signature = sign(shop.key, webhook_id, timestamp, body)
    head = (
        f"POST /webhooks/{shop.slug} HTTP/1.1\r\nHost: bench.example\r\n"
        f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n"
        f"webhook-id: {webhook_id}\r\nwebhook-timestamp: {timestamp}\r\n"
        f"webhook-signature: {signature}\r\n\r\n"
    )
    return head.encode() + body

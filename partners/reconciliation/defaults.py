"""How statements are written where nobody has saved anything else: by the shop's dialect. Pure.

Of a network the report that it gives out, its columns called as the fields of its own messages. CJ
has none here: there an order's number is made of three columns.
"""

from collections.abc import Mapping
from typing import Any

_CSV = {"kind": "csv", "encoding": "utf-8", "delimiter": ","}
_RUBLES = {"unit": "rubles", "decimal": "."}

FORMATS: Mapping[str, Mapping[str, Any]] = {
    "native": {
        "file": _CSV,
        "columns": {
            "order_id": "order_id",
            "ordered_at": "ordered_at",
            "amount": "amount",
            "status": "status",
        },
        "statuses": {"open": "open", "confirmed": "confirmed", "returned": "returned"},
        "numbers": _RUBLES,
    },
    "admitad": {
        "file": _CSV,
        "columns": {
            "order_id": "order_id",
            "ordered_at": "time",
            "amount": "order_sum",
            "status": "payment_status",
            "click_id": "subid",
        },
        # "pending" was confirmed once and was put on hold again.
        "statuses": {
            "new": "open",
            "pending": "open",
            "approved": "confirmed",
            "declined": "returned",
        },
        "numbers": _RUBLES,
        "dates": {"format": "unix"},
    },
    "awin": {
        "file": _CSV,
        "columns": {
            "order_id": "orderRef",
            "ordered_at": "transactionDate",
            "amount": "saleAmount",
            "status": "commissionStatus",
        },
        "statuses": {
            "pending": "open",
            "approved": "confirmed",
            "declined": "returned",
            "deleted": "returned",
        },
        "numbers": _RUBLES,
        "dates": {"format": "iso8601", "zone": "UTC"},
    },
    "impact": {
        "file": _CSV,
        "columns": {
            "order_id": "Oid",
            "ordered_at": "EventDate",
            "amount": "Amount",
            "status": "State",
        },
        "statuses": {"PENDING": "open", "APPROVED": "confirmed", "REVERSED": "returned"},
        "numbers": _RUBLES,
        "dates": {"format": "iso8601", "zone": "UTC"},
    },
}

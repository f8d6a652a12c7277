"""What the API document says of control totals: the question and its answers."""

from typing import Any

from tracker.kit.documents import MONEY, a_list, an_object, answer, refusal, schema_ref
from tracker.purchases.days import Word
from webhooks.door.document import ANY_PROOF, SIGNED_HEADERS
from webhooks.totals.reading import MAX_COUNT
from webhooks.totals.rules import MAX_BUCKETS, MAX_ORDERS
from webhooks.wire.reading import MAX_ID_BYTES

_COUNT = {"type": "integer", "minimum": 0, "maximum": MAX_COUNT}
_HASH = {"type": "string", "pattern": "^[0-9a-f]{64}$"}
_DATE = {"type": "string", "format": "date"}
_ID = {"type": "string", "minLength": 1, "maxLength": MAX_ID_BYTES}
_WORD = {"enum": [str(word) for word in Word]}
_BOUND = {"type": ["string", "null"], "maxLength": MAX_ID_BYTES}
_BOUNDS = {"from": _BOUND, "to": _BOUND}

_TALLY = an_object({"count": _COUNT, "sum": MONEY})
_TOTALS = {
    "count": _COUNT,
    "sum": MONEY,
    "by_status": an_object({str(word): _TALLY for word in Word}),
    "hash": _HASH,
}
_BUCKET = an_object({"count": _COUNT, "sum": MONEY, "hash": _HASH}, _BOUNDS)
_ORDER = an_object({"order_id": _ID, "amount": MONEY, "status": _WORD})

_NOTES = {
    "inbox": an_object({"state": {"type": "string"}}, {"reason": {"type": "string"}}),
    "known": an_object({"date": {"type": ["string", "null"], "format": "date"}}),
}
_MISSING = an_object({"order_id": _ID, "amount": MONEY, "status": _WORD}, _NOTES)


def _differing(value: dict[str, Any]) -> dict[str, Any]:
    return an_object({"order_id": _ID, "ours": value, "theirs": value}, _NOTES)


_LISTS = {
    "missing": _MISSING,
    "extra": _ORDER,
    "amount_mismatch": _differing(MONEY),
    "status_mismatch": _differing(_WORD),
}

SCHEMAS: dict[str, Any] = {
    "ControlTotals": {
        "description": "A day's figures, or ranges of it, or the orders of a range",
        **an_object(
            {"date": _DATE},
            {
                **_TOTALS,
                **_BOUNDS,
                "buckets": a_list(_BUCKET, least=1, most=MAX_BUCKETS),
                "orders": a_list(_ORDER, most=MAX_ORDERS),
            },
        ),
        "anyOf": [{"required": list(_TOTALS)}, {"required": ["buckets"]}, {"required": ["orders"]}],
    },
    "ControlTotalsCompared": an_object(
        {"date": _DATE, "status": {"enum": ["match", "differs"]}},
        {
            "booking": {**_COUNT, "description": "Accepted events that are not booked yet"},
            "ours": an_object(_TOTALS),
            "buckets": a_list(_BUCKET, most=MAX_BUCKETS),
            **{name: a_list(row, most=MAX_ORDERS) for name, row in _LISTS.items()},
        },
    ),
}

_REFUSALS = {
    400: "Unreadable",
    401: "No, old or wrong signature",
    404: "No such shop",
    410: "The shop has left the programme",
    413: "Too large",
    415: "Not application/json, or compressed",
    422: "Readable but wrong: which field and why",
    429: "Above the rate; see Retry-After",
    503: "Cannot be compared now; try again",
}

DOCUMENT: dict[str, Any] = {
    "security": ANY_PROOF,
    "parameters": SIGNED_HEADERS,
    "requestBody": {
        "required": True,
        "content": {"application/json": {"schema": schema_ref("ControlTotals")}},
    },
    "responses": {
        "200": answer("Compared: match or differs", schema_ref("ControlTotalsCompared")),
        **{str(code): refusal(said) for code, said in _REFUSALS.items()},
    },
}

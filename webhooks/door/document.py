"""What the API document says of the front door: what opens it, our own events, the answers."""

from typing import Any

from partners.intake.contracts import NoticeKind
from tracker.kit.documents import MONEY, a_list, an_object, answer, refusal, schema_ref
from webhooks.wire.reading import MAX_ID_BYTES, MAX_ITEMS, MAX_QUANTITY, MAX_TEXT

_SIGNATURE = (
    "Standard Webhooks: `v1,` and the base64 HMAC-SHA256 of `<webhook-id>.<webhook-timestamp>."
    "<body>`, by the key that stands behind `whsec_`. Needs `webhook-id` and `webhook-timestamp` "
    "(Unix seconds, no more than five minutes off)."
)
_KEY = "The `whkey_` form of a shop's secret, where its dialect takes keys in headers"
_URL_KEY = (
    "The `whurl_` form of a shop's secret in the address, where its dialect takes such keys: it "
    "proves little, and what came by it confirms nothing"
)

SECURITY: dict[str, Any] = {
    "standard-webhooks": {
        "type": "apiKey",
        "in": "header",
        "name": "webhook-signature",
        "description": _SIGNATURE,
    },
    "header-key": {"type": "apiKey", "in": "header", "name": "x-api-key", "description": _KEY},
    "header-key-bearer": {"type": "http", "scheme": "bearer", "description": _KEY},
    "header-key-basic": {"type": "http", "scheme": "basic", "description": f"{_KEY}: as password"},
    "url-key": {"type": "apiKey", "in": "query", "name": "key", "description": _URL_KEY},
    "url-key-postback": {
        "type": "apiKey",
        "in": "query",
        "name": "postback_key",
        "description": f"{_URL_KEY}. Of the dialect admitad",
    },
}
"""The ways in which a shop may prove that an event is its own; its dialect says which it takes."""

KEYS = [{name: list[str]()} for name in SECURITY if name != "standard-webhooks"]
ANY_PROOF = [{"standard-webhooks": list[str]()}, *KEYS]

SIGNED_HEADERS = [
    {"in": "header", "name": name, "required": False, "description": said, "schema": schema}
    for name, said, schema in (
        (
            "webhook-id",
            "The event's id, the same when it is sent again",
            {"type": "string", "minLength": 1, "maxLength": 200},
        ),
        ("webhook-timestamp", "Of this attempt, in Unix seconds", {"type": "string"}),
        ("webhook-signature", _SIGNATURE, {"type": "string"}),
    )
]

_ID = {"type": "string", "minLength": 1, "maxLength": MAX_ID_BYTES}
_TEXT = {"type": ["string", "null"], "maxLength": MAX_TEXT}
_MOMENT = {"type": "string", "format": "date-time"}
_QUANTITY = {"type": "integer", "minimum": 1, "maximum": MAX_QUANTITY}

_BOUGHT = an_object(
    {"line_id": _ID, "quantity": _QUANTITY, "amount": MONEY}, {"sku": _TEXT, "category": _TEXT}
)
_CAME_BACK = an_object({"line_id": _ID, "quantity": _QUANTITY, "amount": MONEY})
_PURCHASE = an_object(
    {
        "order_id": _ID,
        "ordered_at": _MOMENT,
        "currency": {"type": "string", "pattern": "^[A-Z]{3}$", "examples": ["RUB"]},
        "lines": a_list(_BOUGHT, least=1, most=MAX_ITEMS),
    },
    {"click_id": {"type": ["string", "null"], "maxLength": MAX_ID_BYTES}},
)
_RETURN = an_object(
    {"order_id": _ID, "return_id": _ID},
    {
        "lines": {**a_list(_CAME_BACK, least=1, most=MAX_ITEMS), "type": ["array", "null"]},
        "reason": _TEXT,
    },
)
_DATA = {
    NoticeKind.CREATED: _PURCHASE,
    NoticeKind.UPDATED: _PURCHASE,
    NoticeKind.CONFIRMED: an_object({"order_id": _ID}),
    NoticeKind.RETURNED: _RETURN,
    NoticeKind.CANCELLED: an_object({"order_id": _ID}, {"reason": _TEXT}),
}


def _name(kind: NoticeKind) -> str:
    return f"Purchase{kind.capitalize()}"


SCHEMAS: dict[str, Any] = {
    **{
        _name(kind): an_object(
            {"type": {"const": f"purchase.{kind}"}, "timestamp": _MOMENT, "data": data}
        )
        for kind, data in _DATA.items()
    },
    "NativeEvent": {
        "description": "An event in our own dialect",
        "oneOf": [schema_ref(_name(kind)) for kind in _DATA],
        "discriminator": {
            "propertyName": "type",
            "mapping": {f"purchase.{kind}": schema_ref(_name(kind))["$ref"] for kind in _DATA},
        },
    },
    "DialectEvent": {
        "description": "Whatever the shop's own dialect says, where that is not ours",
        "type": ["object", "array"],
    },
    "Stored": an_object(
        {"id": {"type": "string"}, "status": {"enum": ["accepted", "duplicate"]}},
    ),
}

_ANSWERS = {
    200: "The same event came before: nothing happens twice",
    202: "Stored durably, once",
}
_REFUSALS = {
    400: "Unreadable",
    401: "No, old or wrong signature",
    404: "No such shop",
    405: "Not by this method, in the shop's dialect",
    409: "The webhook-id was used for another body",
    410: "The shop has left the programme",
    413: "Too large",
    415: "Of a media type that the shop's dialect does not use",
    422: "Readable but wrong: which field and why",
    429: "Above the shop's rate; see Retry-After",
    503: "Cannot store now; try again",
}
_RESPONSES = {
    **{str(code): answer(said, schema_ref("Stored")) for code, said in _ANSWERS.items()},
    **{str(code): refusal(said) for code, said in _REFUSALS.items()},
}

_FREE_FORM = {"type": "object", "additionalProperties": {"type": "string"}}

BY_POST: dict[str, Any] = {
    "security": ANY_PROOF,
    "parameters": SIGNED_HEADERS,
    "requestBody": {
        "required": True,
        "content": {
            "application/json": {
                "schema": {"anyOf": [schema_ref("NativeEvent"), schema_ref("DialectEvent")]}
            },
            "application/x-www-form-urlencoded": {"schema": _FREE_FORM},
            "application/xml": {"schema": {}},
        },
    },
    "responses": _RESPONSES,
}

BY_GET: dict[str, Any] = {
    "security": KEYS,
    "parameters": [
        {
            "in": "query",
            "name": "query",
            "required": False,
            "description": "Names and values as the shop's dialect has them",
            "style": "form",
            "explode": True,
            "schema": _FREE_FORM,
        }
    ],
    "responses": _RESPONSES,
}

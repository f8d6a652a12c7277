"""What the edge answers a device that is signed in, or is not."""

from typing import Any

from flask import Response, jsonify, request

from tracker.access.cookies import remember_session
from tracker.access.guard import cookie_name
from tracker.access.rules import Kind
from tracker.access.sessions import Device, Opened
from tracker.access.signin.rules import Step
from tracker.kit.documents import refusal

UNREADABLE: dict[str, Any] = {
    "400": refusal("The body cannot be read"),
    "422": refusal("Refused, or a field is wrong"),
}
"""What every route with a body may answer."""

REFUSALS: dict[str, Any] = UNREADABLE | {
    "403": refusal("Sent by a page of another site, or there is nothing to prove it by"),
    "409": refusal("Begun too long ago, or the code is no longer good"),
    "429": refusal("Tried too often: by the number, or from here"),
}
"""What every sign-in may hear instead."""


def old_token() -> str | None:
    """The token that a browser came with. It is never gone on with: whoever set it knows it."""
    return request.cookies.get(cookie_name())


def signed_in_as(opened: Opened, device: Device) -> Response:
    """The answer that begins a session: a cookie for a browser, the token for an app."""
    said: dict[str, Any] = {
        "step": Step.SIGNED_IN,
        "session_id": opened.id,
        "expires_at": opened.expires_at.isoformat(),
    }
    if device.kind is Kind.APP:
        return jsonify(said | {"token": opened.token})
    return remember_session(jsonify(said), opened, device)

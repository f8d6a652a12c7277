"""The cookies of a browser: the session's, one by which it is known as a device, and what a
referral link left.

No script of a page can read them, no other site's page sends them along with what changes
something, and where the service is reached by https they go over nothing else.
"""

import re
import secrets
from datetime import timedelta
from typing import Any

from flask import Request, Response

from tracker.access.guard import cookie_name, is_secure
from tracker.access.rules import Kind, lasts
from tracker.access.sessions import Device, Opened

_DEVICE = "tracker_device"
_DEVICE_LASTS = timedelta(days=400)
"""As long as browsers let a cookie last."""

_TOUCH = "tracker_referral"
_MAX_TOUCH = 200

REMEMBERED: dict[str, Any] = {
    "Set-Cookie": {
        "description": "To a browser: the session, and the name that it has as a device",
        "schema": {"type": "string"},
    }
}
"""What the API document says of answers that begin a session."""

FORGOTTEN: dict[str, Any] = {
    "Set-Cookie": {
        "description": "The session's cookie, to be forgotten",
        "schema": {"type": "string"},
    }
}
"""And of those that end one."""

_NAME = re.compile(r"[A-Za-z0-9_-]{22,64}")


def device_of(request: Request, kind: Kind, name: str | None = None) -> Device:
    """What a request says of the device that it comes from.

    An app says its ``name`` itself, a browser says it by its cookie or is given one now.
    """
    agent = request.user_agent.string
    if kind is Kind.APP:
        return Device(kind, name, agent)
    known = request.cookies.get(_device_cookie(), "")
    return Device(kind, known if _NAME.fullmatch(known) else secrets.token_urlsafe(16), agent)


def has_own_name(device: Device) -> bool:
    """Whether a device's name is long enough to be known to it alone: not ``iPhone``."""
    return device.name is not None and _NAME.fullmatch(device.name) is not None


def remember_session(response: Response, opened: Opened, device: Device | None = None) -> Response:
    """Let a browser keep its session, and its own name where ``device`` is given."""
    # Without a time the browser forgets it when it is closed.
    age = lasts(remembered=True) if opened.remembered else None
    _set(response, cookie_name(), opened.token, age)
    if device is not None and device.name:
        _set(response, _device_cookie(), device.name, _DEVICE_LASTS)
    return response


def forget_session(response: Response) -> Response:
    """Let a browser forget its session; as a device it stays known."""
    _set(response, cookie_name(), "", timedelta(0))
    return response


def remember_touch(response: Response, token: str, age: timedelta) -> Response:
    """Let a browser keep what a referral link left."""
    _set(response, _named(_TOUCH), token, age)
    return response


def touch_of(request: Request) -> str | None:
    """What a referral link left with the browser that a request comes from."""
    token = request.cookies.get(_named(_TOUCH), "")
    return token if 0 < len(token) <= _MAX_TOUCH else None


def _device_cookie() -> str:
    return _named(_DEVICE)


def _named(name: str) -> str:
    return ("__Host-" if is_secure() else "") + name


def _set(response: Response, name: str, value: str, age: timedelta | None) -> None:
    response.set_cookie(
        name, value, max_age=age, path="/", secure=is_secure(), httponly=True, samesite="Lax"
    )

"""Clients that carry who they are."""

from typing import Any

from werkzeug.test import Client, TestResponse


class Cabinet(Client):
    """A client whose requests carry a session's token."""

    def __init__(self, application: Any, token: str) -> None:
        super().__init__(application)
        self.token = token

    def open(self, *args: Any, **options: Any) -> TestResponse:
        """Send a request."""
        headers = {"Authorization": f"Bearer {self.token}", **(options.pop("headers", None) or {})}
        return super().open(*args, headers=headers, **options)

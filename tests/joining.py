"""People who join: what they send, and where they read their codes."""

from dataclasses import dataclass, field
from typing import Any

from werkzeug.test import Client, TestResponse

from tests.signing_in import code_sent, solved
from tests.world import World

PASSWORD = "Korova-9-letit"


@dataclass(slots=True)
class Newcomer:
    """Somebody who wants to join, with a device of their own."""

    world: World
    phone: str = "+79001234567"
    email: str = "anna@example.org"
    token: str = ""
    client: Client = field(init=False)

    def __post_init__(self) -> None:
        self.client = self.world.client()

    def send(self, step: str, **body: Any) -> TestResponse:
        """Take a step."""
        json = {"joining": self.token, **body}
        return self.client.post(f"/api/v1/joining/{step}", json=json)

    def begin(self, **more: Any) -> TestResponse:
        """Ask for the first code."""
        body = {"phone": self.phone, "captcha": solved(self.world), **more}
        response = self.client.post("/api/v1/joining", json=body)
        if response.status_code == 202:
            self.token = response.get_json()["joining"]
        return response

    def prove_phone(self) -> TestResponse:
        """Answer the code that came by SMS."""
        return self.send("phone-code", code=code_sent(self.world, self.phone))

    def prove_email(self) -> TestResponse:
        """Answer the code that came by mail."""
        return self.send("email-code", code=code_sent(self.world, self.email))

    def finish(self, password: str = PASSWORD, **more: Any) -> TestResponse:
        """Give the password."""
        return self.send("password", **{"password": password, "kind": "app", **more})

    def up_to_the_password(self, **more: Any) -> None:
        """All steps but the last."""
        steps = [
            self.begin(**more),
            self.prove_phone(),
            self.send("email", email=self.email),
            self.prove_email(),
        ]
        assert [one.status_code for one in steps] == [202, 200, 202, 200], steps[-1].get_json()

    def join(self, **more: Any) -> str:
        """All steps; the session's token."""
        self.up_to_the_password(**more)
        response = self.finish()
        assert response.status_code == 201, response.get_json()
        return str(response.get_json()["token"])

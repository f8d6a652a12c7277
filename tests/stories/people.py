"""People of the stories who do all by the members' API, as their phones would."""

from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qs, urlsplit

from werkzeug.test import Client

from tests.clients import Cabinet
from tests.joining import PASSWORD, Newcomer
from tests.signing_in import at, by_password
from tests.world import World, day
from tracker.kit.database import unit_of_work
from tracker.members.queries import ids_by_phone


@dataclass(slots=True)
class Person:
    """Somebody with a telephone, a mailbox and an app."""

    world: World
    phone: str
    email: str
    language: str = "ru"
    id: int = 0
    """The member, after joining."""
    token: str = ""

    def joins(self, on: float, browser: Client | None = None) -> None:
        """Join on a day of the story, perhaps with a browser that has been somewhere before."""
        newcomer = Newcomer(at(self.world, day(on)), self.phone, self.email)
        if browser is not None:
            newcomer.client = browser
        newcomer.up_to_the_password(language=self.language)
        response = newcomer.finish()
        assert response.status_code == 201, response.get_json()
        with unit_of_work(self.world.tools.engine) as session:
            keys = self.world.tools.settings.keys
            self.id = ids_by_phone(session, keys, [self.phone])[self.phone]

    def app(self, on: float, name: str = "") -> Cabinet:
        """A client that carries the session; signed in by the number or by another name."""
        then = at(self.world, day(on))
        if not self.token or name:
            response = by_password(then, name or self.phone, PASSWORD, remember_me=True)
            assert response.status_code == 200, response.get_json()
            self.token = response.get_json()["token"]
        return Cabinet(then.app, self.token)

    def sees(self, path: str, on: float, name: str = "") -> Any:
        """What a path shows the member on a day."""
        response = self.app(on, name).get(f"/api/v1{path}")
        assert response.status_code == 200, response.get_json()
        return response.get_json()

    def goes_to(self, slug: str, on: float) -> str:
        """Follow the club's link to a shop: the click id in the shop's address."""
        way = self.app(on).get(f"/go/{slug}")
        assert way.status_code == 302, way.get_json()
        place = urlsplit(way.headers["Location"])
        assert place.netloc == f"{slug}.example"
        return parse_qs(place.query)["click"][0]

    def money(self, on: float) -> dict[str, str]:
        """What is not nothing of the balance."""
        shown = self.sees("/balance", on)
        return {
            name: amount
            for name, amount in shown.items()
            if name != "next_payment" and amount != "0.00"
        }

    def lines(self, on: float) -> list[tuple[str, str, str]]:
        """Kind, status and amount of each line of the history, the latest first."""
        items = self.sees("/history", on)["items"]
        return [(one["kind"], one["status"], one["amount"]) for one in items]

    def told(self) -> list[str]:
        """What was queued for the member, but for notices of sign-ins; all in one language."""
        rows = self.world.query(
            "SELECT kind, language FROM notifications"
            " WHERE member_id = :id AND kind <> 'signed_in' ORDER BY id",
            id=self.id,
        )
        assert {row.language for row in rows} <= {self.language}
        return [row.kind for row in rows]

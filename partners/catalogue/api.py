"""`/api/v1/catalogue`: shops, sections, search. Anybody may look."""

from collections.abc import Callable
from hashlib import blake2b
from typing import Any

from flask import Response, request
from flask.views import MethodView

from partners.catalogue.keeper import Keeper
from partners.catalogue.rules import read_cursor
from partners.catalogue.schemas import (
    CatalogueFilter,
    CataloguePage,
    SectionsShown,
    ShopShown,
    Spoken,
)
from partners.catalogue.shelves import Wanted
from tracker.kit.documents import refusal
from tracker.kit.http import Blueprint
from tracker.kit.runtime import Runtime
from tracker.members.rules import Language

MAX_AGE = 10
"""Seconds for which others may keep an answer without asking again."""

_HEADERS = {
    "ETag": {"schema": {"type": "string"}, "description": "Another one for each other answer"},
    "Cache-Control": {"schema": {"type": "string"}},
}
_WITH_LANGUAGE = _HEADERS | {"Content-Language": {"schema": {"type": "string"}}}
_SAME = {"description": "Still the answer that `If-None-Match` names", "headers": _HEADERS}
_WRONG = refusal("A parameter that cannot be read; which one and why")


def build(tools: Runtime) -> Blueprint:
    """The blueprint, with a memory of its own."""
    blueprint = Blueprint(
        "catalogue",
        __name__,
        url_prefix="/api/v1/catalogue",
        description="Shops that take part, what they pay and how long it takes",
    )
    keeper = Keeper(tools.engine)

    def documented(schema: type) -> Callable[[Any], Any]:
        def decorated(view: Any) -> Any:
            told = blueprint.doc(security=[], responses={"304": _SAME, "422": _WRONG})(view)
            return blueprint.response(200, schema, headers=_WITH_LANGUAGE)(told)

        return decorated

    @blueprint.route("")
    class Catalogue(MethodView):
        """The shops."""

        @blueprint.arguments(CatalogueFilter(), location="query")
        @documented(CataloguePage)
        def get(self, asked: dict[str, Any]) -> Response:
            """Shops of a section, of a subsection, or with a name like what is searched for."""
            language = _language(asked)
            wanted = Wanted(
                language,
                section=asked.get("section"),
                subsection=asked.get("subsection"),
                search=asked["q"].strip(),
                sort=asked.get("sort"),
            )
            after = read_cursor(asked["cursor"]) if "cursor" in asked else None
            shelves = keeper.at(tools.clock.now())
            body = shelves.page(wanted, after=after, limit=asked["limit"])
            return _answer(body, language, asked)

    @blueprint.route("/sections")
    class Sections(MethodView):
        """The sections."""

        @blueprint.arguments(Spoken(), location="query")
        @documented(SectionsShown)
        def get(self, asked: dict[str, Any]) -> Response:
            """The six sections and their subsections, in three languages, with their shops."""
            language = _language(asked)
            return _answer(keeper.at(tools.clock.now()).sections(language), language, asked)

    @blueprint.route("/<slug>")
    class OneShop(MethodView):
        """A shop."""

        @blueprint.arguments(Spoken(), location="query")
        @documented(ShopShown)
        def get(self, asked: dict[str, Any], slug: str) -> Response:
            """A shop that takes part now."""
            language = _language(asked)
            return _answer(keeper.at(tools.clock.now()).shop(slug, language), language, asked)

    return blueprint


def _language(asked: dict[str, Any]) -> Language:
    if "language" in asked:
        chosen: Language = asked["language"]
        return chosen
    return Language(request.accept_languages.best_match(list(Language)) or Language.RU)


def _answer(body: bytes, language: Language, asked: dict[str, Any]) -> Response:
    """The body, or that it is the one that is known already."""
    tag = blake2b(body, digest_size=16, person=language.encode()).hexdigest()
    if request.if_none_match.contains_weak(tag):
        response = Response(status=304)
        del response.headers["Content-Type"]
    else:
        response = Response(body, mimetype="application/json")
    response.set_etag(tag)
    response.content_language.add(language)
    response.cache_control.public = True
    response.cache_control.max_age = MAX_AGE
    if "language" not in asked:
        response.vary.add("Accept-Language")
    return response

"""How the catalogue is asked for and what it looks like outside."""

from marshmallow import Schema, fields, validate

from partners.catalogue.rules import MAX_SEARCH, Sort
from partners.shops.rules import Section
from tracker.clicks.rules import OnHoldEnd
from tracker.kit.fields import Percent
from tracker.members.rules import Language

MAX_PAGE = 200
_MAX_CURSOR = 2_000

_SEARCHABLE = validate.Regexp(
    r"^[^\x00-\x1f\x7f-\x9f]*$", error="Control characters are not searched for."
)
_CURSOR = validate.Regexp(r"^[A-Za-z0-9_-]+$", error="None that this list gave.")


class Spoken(Schema):
    """In which language."""

    language = fields.Enum(
        Language,
        by_value=True,
        metadata={"description": "Goes before Accept-Language. Neither: ru"},
    )


class CatalogueFilter(Spoken):
    """Which shops."""

    section = fields.Enum(Section, by_value=True)
    subsection = fields.String(
        validate=validate.Length(1, 200),
        metadata={"description": "As `/api/v1/catalogue/sections` tells it"},
    )
    q = fields.String(
        load_default="",
        validate=[validate.Length(max=MAX_SEARCH), _SEARCHABLE],
        metadata={
            "description": "Part of a name, in Russian, Ukrainian or English, Cyrillic or Latin"
        },
    )
    sort = fields.Enum(
        Sort,
        by_value=True,
        metadata={"description": "Neither: by name; with `q`, what answers it best first"},
    )
    cursor = fields.String(
        validate=[validate.Length(1, _MAX_CURSOR), _CURSOR],
        metadata={"description": "`next` of the page before, everything else as it was"},
    )
    limit = fields.Integer(load_default=50, validate=validate.Range(1, MAX_PAGE))


class ExpectedConfirmation(Schema):
    """When cashback is confirmed, as promised now."""

    days = fields.Integer(
        required=True, metadata={"description": "After the purchase, at most; sooner at its word"}
    )
    policy = fields.Enum(
        OnHoldEnd,
        by_value=True,
        required=True,
        metadata={"description": "What happens then when the shop has said nothing"},
    )


class ShopShown(Schema):
    """A shop."""

    slug = fields.String(required=True)
    name = fields.String(required=True, metadata={"description": "In the language asked for"})
    section = fields.Enum(Section, by_value=True, required=True)
    subsection = fields.String(required=True)
    site_url = fields.String(required=True, allow_none=True)
    cashback_percent = Percent(required=True, metadata={"description": "Of the sum paid"})
    expected_confirmation = fields.Nested(ExpectedConfirmation, required=True)
    go = fields.String(required=True, metadata={"description": "Where a member goes shopping"})


class CataloguePage(Schema):
    """A page of shops; pass ``next`` as the cursor of the next page."""

    items = fields.List(fields.Nested(ShopShown), required=True)
    next = fields.String(required=True, allow_none=True)
    count = fields.Integer(required=True, metadata={"description": "Shops on all pages"})


class NamesShown(Schema):
    """A name in each language."""

    ru = fields.String(required=True)
    uk = fields.String(required=True)
    en = fields.String(required=True)


class SubsectionShown(Schema):
    """A subsection; one that has no name of its own is called as the shops say."""

    slug = fields.String(required=True)
    name = fields.String(required=True, metadata={"description": "In the language asked for"})
    names = fields.Nested(NamesShown, required=True)
    shops = fields.Integer(required=True)


class SectionShown(SubsectionShown):
    """A section."""

    subsections = fields.List(fields.Nested(SubsectionShown), required=True)


class SectionsShown(Schema):
    """The six sections."""

    items = fields.List(fields.Nested(SectionShown), required=True)

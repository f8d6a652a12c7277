"""The shops of a replay: which one sells a thing, and on what terms. All follow from CRC-32."""

from zlib import crc32

from sandbox.catalogue.sections import SECTIONS
from sandbox.catalogue.shop_rows import ShopRow

SHOPS = 660
_MARGIN_PERCENT = 2


def shop_of(stock_code: str) -> str:
    """The slug of the shop that sells a thing; the case of its code does not matter."""
    return _slug(_crc(stock_code.upper()) % SHOPS)


def replay_shops() -> list[ShopRow]:
    """All the shops, whether the file has anything of theirs or not."""
    return [_shop(number) for number in range(SHOPS)]


def _shop(number: int) -> ShopRow:
    slug = _slug(number)
    section = SECTIONS[number % len(SECTIONS)]
    cashback_percent = 1 + _crc(f"rate:{slug}") % 50
    return ShopRow(
        slug=slug,
        name=f"Shop {number:03d}",
        section=section.slug,
        subsection=section.subsections[0].slug,
        site_url=f"https://{slug}.example/",
        link_template=f"https://{slug}.example/?click={{click_id}}",
        hold_days=1 + _crc(f"hold:{slug}") % 90,
        on_hold_end="confirm",
        cashback_percent=str(cashback_percent),
        commission_percent=str(cashback_percent + _MARGIN_PERCENT),
        status="active",
    )


def _slug(number: int) -> str:
    return f"shop-{number:03d}"


def _crc(text: str) -> int:
    return crc32(text.encode())

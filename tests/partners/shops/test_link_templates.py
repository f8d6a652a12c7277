"""Link templates: what may be imported, and that no value leads anywhere else."""

import re
from urllib.parse import unquote, urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from partners.shops.links import (
    MAX_ADDRESS,
    LinkNotUsable,
    leads_to,
    read_link_template,
    template_of,
)

GOOD = [
    "https://shop.example/{click_id}",
    "https://shop.example/?click={click_id}",
    "https://shop.example?click={click_id}",
    "http://127.0.0.1:8090/in/{click_id}?sub={sub_id}&from={shop}",
    "https://xn--e1afmkfd.xn--p1ai/{click_id}",
    "https://net.example/go?to=https%3A%2F%2Fshop.example%2F&p[id]={click_id}#top",
    "https://shop.example/{click_id}/{click_id}",
    "HTTPS://Shop.Example/{click_id}",
    "https://shop.example/@club/{click_id}",
]
BAD = [
    "",
    "shop.example/{click_id}",
    "//shop.example/{click_id}",
    "javascript:alert({click_id})",
    "ftp://shop.example/{click_id}",
    "https://shop.example",
    "https://shop.example/",
    "https:///{click_id}",
    "https:/shop.example/{click_id}",
    "https://shop.example{click_id}",
    "https://{click_id}.example/",
    "https://{shop}.example/{click_id}",
    "https://shop.example:{sub_id}/{click_id}",
    "https://shop.example:99999/{click_id}",
    "https://shop.example:/{click_id}",
    "{click_id}://shop.example/",
    "https://user@shop.example/{click_id}",
    "https://user:word@shop.example/{click_id}",
    "https://{sub_id}@shop.example/{click_id}",
    "https://shop.example\\@evil.example/{click_id}",
    "https://shop.example/\\{click_id}",
    "https://shop.example#@evil.example/{click_id}",
    "https://shop.example/#{click_id}",
    "https://shop.example/{click_id}#{sub_id}",
    "https://shop.example./{click_id}",
    "https://-shop.example/{click_id}",
    "https://shop..example/{click_id}",
    "https://shop.example。evil.example/{click_id}",
    "https://магазин.рф/{click_id}",
    "https://[::1]/{click_id}",
    "https://shop.example/{click_id}/{phone}",
    "https://shop.example/{click_id}/{}",
    "https://shop.example/{{click_id}}",
    "https://shop.example/{click_id",
    "https://shop.example/click_id}{click_id}",
    "https://shop.example/{CLICK_ID}",
    "https://shop.example/ {click_id}",
    "https://shop.example/\t{click_id}",
    "https://shop.example/\n{click_id}",
    "https://shop.example/{click_id}\r\nSet-Cookie: a=b",
    "https://shop.example/%0d%0a{click_id}",
    "https://shop.example/%{click_id}",
    "https://shop.example/%4{click_id}",
    "https://shop.example/%zz{click_id}",
    "https://shop.example/чай/{click_id}",
    'https://shop.example/"{click_id}',
    "https://shop.example/<{click_id}>",
    "https://shop.example/\x00{click_id}",
    "https://shop.example/" + "a" * 2_000 + "{click_id}",
]
EVIL = ["//evil.example", "\\\\evil.example", "%0d%0aLocation: //evil.example", "@evil.example"]
EVIL += ["\r\nX: y", ".evil.example", "。evil.example", "..", "/../..", "#", "?", ":80", "x" * 4096]
EVIL += ["\x00", "\ud800", "\u2028", "{click_id}", "{sub_id}", "javascript:alert(1)", "%2e%2e%2f"]

values = st.one_of(st.text(max_size=60), st.sampled_from(EVIL))


@pytest.mark.parametrize("text", GOOD)
def test_these_may_be_imported(text: str) -> None:
    assert read_link_template(text) == text


@pytest.mark.parametrize("text", BAD)
def test_these_may_not(text: str) -> None:
    with pytest.raises(ValueError, match=r"\w"):
        read_link_template(text)


@given(st.sampled_from(GOOD), values, values, values)
def test_no_value_changes_where_a_link_leads(text: str, click: str, sub: str, shop: str) -> None:
    given_values = {"click_id": click, "sub_id": sub, "shop": shop}
    try:
        address = template_of(text).filled(given_values)
    except LinkNotUsable:
        assert is_refused("".join(given_values.values()))
        return
    for seen in (address, unquote_once_as_browsers_do(address)):
        assert origin_of(seen) == origin_of(text)
    assert re.fullmatch(r"[!-~]+", address)
    assert not set(address) & set('\\"<>^`{|}')


def is_refused(value: str) -> bool:
    """Control marks have no business in a link, nor have novels."""
    return bool(re.search("[\x00-\x1f\x7f]", value)) or len(value) > 200


def unquote_once_as_browsers_do(address: str) -> str:
    """Browsers take a backslash for a slash, and leave tabs and line ends out."""
    return re.sub(r"[\t\r\n]", "", address.replace("\\", "/"))


def origin_of(address: str) -> tuple[str, str | None, int | None, str | None]:
    parts = urlsplit(address)
    return parts.scheme, parts.hostname, parts.port, parts.username


@given(values)
def test_a_value_arrives_as_it_was_given(value: str) -> None:
    template = template_of("https://shop.example/?a={click_id}&b={sub_id}")
    try:
        address = template.filled({"click_id": "clk_1", "sub_id": value})
    except LinkNotUsable:
        assert is_refused(value)
        return
    assert unquote(address.rpartition("&b=")[2]) == re.sub("[\ud800-\udfff]", "?", value)


def test_what_is_not_given_is_left_empty() -> None:
    template = template_of("https://shop.example/?a={click_id}&b={sub_id}")
    assert template.filled({"click_id": "clk_1"}) == "https://shop.example/?a=clk_1&b="


@pytest.mark.parametrize(
    "address",
    [
        "https://shop.example.evil.example/",
        "https://shop.example@evil.example/",
        "https://shop.example:80/",
        "https://shop.example\\.evil.example/",
        "https://evil.example/https://shop.example/",
        "http://shop.example/",
        "//shop.example/",
        "https://shop.example/\r\nX: y",
        "https://shop.example/%0D",
        "https://shop.example/" + "a" * MAX_ADDRESS,
    ],
)
def test_the_last_look_sees_what_leads_elsewhere(address: str) -> None:
    assert not leads_to(address, "https://shop.example")
    assert leads_to("https://shop.example/a", "https://shop.example")

"""Whom a request came from, by each door."""

from dataclasses import replace

import pytest
from flask import Flask
from werkzeug.test import Client

from tests.doors import Carried
from tracker.kit.bodies import Bodies
from tracker.kit.bridge import Bridge
from tracker.kit.http import client_address, set_up_http
from tracker.kit.runtime import Runtime


def address(tools: Runtime, peer: str, forwarded: str | None = None, *, proxies: int = 0) -> str:
    app = Flask("test")
    set_up_http(app, replace(tools, settings=replace(tools.settings, proxies=proxies)))
    headers = {} if forwarded is None else {"X-Forwarded-For": forwarded}
    with app.test_request_context(environ_base={"REMOTE_ADDR": peer}, headers=headers):
        return client_address()


@pytest.mark.parametrize(
    ("peer", "counts_as"),
    [
        ("192.0.2.7", "192.0.2.7"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
        ("::ffff:192.0.2.7", "192.0.2.7"),
        ("fe80::1%eth0", "fe80::/64"),
        ("", ""),
        ("unix:", "unix:"),
    ],
)
def test_an_address_or_its_network(tools: Runtime, peer: str, counts_as: str) -> None:
    assert address(tools, peer) == counts_as


def test_what_a_sender_says_of_itself_is_not_believed(tools: Runtime) -> None:
    assert address(tools, "192.0.2.7", "198.51.100.1") == "192.0.2.7"
    assert address(tools, "192.0.2.7", "198.51.100.1, 203.0.113.9") == "192.0.2.7"


def test_what_our_proxies_say_is(tools: Runtime) -> None:
    spoofed = "198.51.100.1, 203.0.113.9"
    assert address(tools, "10.0.0.1", spoofed, proxies=1) == "203.0.113.9"
    assert address(tools, "10.0.0.1", f"{spoofed}, 10.0.0.2", proxies=2) == "203.0.113.9"
    assert address(tools, "10.0.0.1", "2001:db8::1:2", proxies=1) == "2001:db8::/64"
    assert address(tools, "10.0.0.1", "203.0.113.9", proxies=2) == "203.0.113.9"
    assert address(tools, "10.0.0.1", None, proxies=1) == "10.0.0.1"
    assert address(tools, "10.0.0.1", "", proxies=1) == "10.0.0.1"


@pytest.mark.parametrize(
    ("told", "counts_as"),
    [
        ("203.0.113.9:50123", "203.0.113.9"),
        ("[2001:db8::1]:443", "2001:db8::/64"),
        ("[2001:db8::1]", "2001:db8::/64"),
        ("[2001:db8::1", "2001:db8::/64"),
        ("203.0.113.9:", "203.0.113.9:"),
    ],
)
def test_a_port_makes_no_other_sender(tools: Runtime, told: str, counts_as: str) -> None:
    """Or each connection would have a budget of its own behind a proxy that tells ports."""
    assert address(tools, "10.0.0.1", told, proxies=1) == counts_as


def test_the_door_on_a_loop_hands_on_whom_it_serves(tools: Runtime) -> None:
    """Budgets go by it: a request without an address would share one with all others."""
    app = Flask("test")
    set_up_http(app, tools)
    app.add_url_rule("/", view_func=client_address)
    bridge = Bridge(app, Bodies(seconds=1, room=0), threads=1, waiting=1, limit=1)
    answer = Client(Carried(bridge)).get("/", headers={"X-Forwarded-For": "203.0.113.9"})
    assert answer.text == "127.0.0.1"

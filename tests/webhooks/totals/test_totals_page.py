"""docs/control-totals.md is true: its commands are run, its bodies sent, its client is used."""

import json
import subprocess
import sys
import threading
from base64 import b64encode
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from random import Random
from typing import Any

from werkzeug.serving import make_server

from tests.docs.pages import blocks, code, matches, table
from tests.webhooks.totals.day import books, trade
from tests.webhooks.totals.exchange import PAGE, asking, client_shown, expected, numbers, question
from tests.world import Shop, World, cancelled, confirmed, created, day
from tracker.kit.money import MAX_KOPECKS, format_rubles
from tracker.purchases.days import Order, Word
from webhooks.inbox.models import ParkedReason
from webhooks.totals import api, queries, reading, rules
from webhooks.totals.reading import list_sha256
from webhooks.wire.reading import MAX_ID_BYTES

DAY = "2010-12-01"
ORDERS = [
    Order("A-1001", 153_000, Word.OPEN),
    Order("A-1002", 9_990, Word.CONFIRMED),
    Order("A-1003", 25_000, Word.OPEN),
    Order("B-7", 0, Word.RETURNED),
]


def shown(heading: str) -> list[Any]:
    """The JSON under a heading."""
    return [
        json.loads(one.text)
        for one in blocks(PAGE)
        if one.language == "json" and one.heading == heading
    ]


def test_the_commands_print_what_is_shown(tmp_path: Path) -> None:
    pairs = [one for one in blocks(PAGE) if one.language in ("sh", "text")]
    script = "".join(f"{one.text}\nprintf '\\036'\n" for one in pairs if one.language == "sh")
    done = subprocess.run(
        ["/bin/bash", "-euo", "pipefail", "-c", script],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    )
    outputs = [one.text for one in pairs if one.language == "text"]
    for expected_text, got in zip(outputs, done.stdout.split("\036")[:-1], strict=True):
        assert matches(expected_text, got), got
    assert list_sha256(ORDERS) in done.stdout


def test_the_commands_sort_and_count_as_we_do(tmp_path: Path) -> None:
    """Also what is short, long, without cents, and sorted by bytes alone."""
    orders = [
        Order("A", 5, Word.OPEN),
        Order("A-1", 50, Word.OPEN),
        Order("A 1", 100, Word.CONFIRMED),
        Order("a", 0, Word.RETURNED),
        Order("Ё", 10**13 + 1, Word.OPEN),
        Order("я", 700, Word.OPEN),
        Order("😀", 710, Word.OPEN),
        Order("ﬀ", 1, Word.OPEN),
    ]
    texts = ["0.05", "0.5", "1", "0", "100000000000.01", "7.00", "7.1", "0.01"]
    rows = [f"{one.order_id},{text},{one.word}" for one, text in zip(orders, texts, strict=True)]
    first = next(one.text for one in blocks(PAGE) if one.language == "sh")
    script = first.replace(first[: first.index("lines()")], "")
    (tmp_path / "orders.csv").write_text("\n".join(["order_id,amount,status", *reversed(rows), ""]))
    done = subprocess.run(
        ["/bin/bash", "-euo", "pipefail", "-c", script],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    )
    assert done.stdout.split()[-1] == list_sha256(orders)


def test_the_bodies_get_the_answers_shown(house: World, shop: Shop) -> None:
    foreign = created("A-1003", None, 250, at=day(0))
    foreign["data"]["currency"] = "USD"
    events = [
        created("A-1001", None, 1530, at=day(0)),
        created("A-1002", None, 99.9, at=day(0)),
        confirmed("A-1002", at=day(1)),
        created("B-7", None, 10, at=day(0)),
        cancelled("B-7", at=day(1)),
        foreign,
    ]
    house.tell_all(shop, {str(number): event for number, event in enumerate(events)})
    ask = asking(house, shop)
    first, match, differs = shown("The first question")
    assert first == question(DAY, ORDERS)
    assert without_hashes(ask(first)) == without_hashes(differs)
    (narrowing,) = shown("Narrowing down")
    for bucket in narrowing["buckets"]:
        inside = [one for one in ORDERS if (one.order_id >= "B") == (bucket["from"] == "B")]
        assert bucket["count"] == len(inside)
        assert bucket["sum"] == format_rubles(sum(one.amount for one in inside))
        bucket["hash"] = list_sha256(inside)
    assert [one["to"] for one in ask(narrowing)["buckets"]] == ["B"]
    orders, found = shown("The orders themselves")
    assert ask(orders) == found
    del foreign["data"]["currency"]
    house.tell(shop, foreign | {"data": foreign["data"] | {"currency": "RUB"}})
    assert ask(first) == match


def without_hashes(answer: dict[str, Any]) -> dict[str, Any]:
    answer["ours"].pop("hash")
    for bucket in answer["buckets"]:
        bucket.pop("hash")
    return answer


@contextmanager
def served(house: World) -> Iterator[str]:
    server = make_server("127.0.0.1", 0, house.app, threaded=True)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def test_the_client_finds_what_was_lost(house: World, shop: Shop, tmp_path: Path) -> None:
    draw = Random(5)
    sent = list(trade(1_500, draw))
    arrived = [event for event in sent if draw.random() >= 0.03]
    house.tell_all(shop, {str(number): event for number, event in enumerate(arrived)})
    theirs = books(sent)
    rows = [f"{one.order_id},{format_rubles(one.amount)},{one.word}" for one in theirs]
    (tmp_path / "totals.py").write_text(client_shown())
    secret = "whsec_" + b64encode(shop.secret).decode()

    def run(url: str, rows: list[str], key: str = secret) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "totals.py", f"{url}/webhooks/{shop.slug}", key, DAY],
            cwd=tmp_path,
            input="\n".join(["order_id,amount,status", *rows]),
            capture_output=True,
            text=True,
            check=False,
            timeout=60,
        )

    with served(house) as url:
        done = run(url, rows)
        assert done.returncode == 1, done.stderr
        assert numbers(json.loads(done.stdout)) == expected(books(arrived), theirs)
        house.tell_all(shop, {f"again-{number}": event for number, event in enumerate(sent)})
        done = run(url, rows)
        assert (done.returncode, done.stderr) == (0, ""), done.stdout
        refused = run(url, rows, "whsec_AAAA")
        assert refused.stderr.startswith("401: ")
        assert refused.returncode == 2
        for row, why in (
            ("A-1,1.00,new", "row 1: the status 'new'"),
            ("A-1,1.00", "row 1: it has not every column"),
            ("A-1,1.00,open,more", "row 1: it has not every column"),
            ("A-1,1.005,open", "row 1: the amount '1.005'"),
            ('A-1,"1,00",open', "row 1: the amount '1,00'"),
        ):
            refused = run(url, [row])
            assert (refused.returncode, refused.stdout) == (2, "")
            assert refused.stderr.startswith(why)
        assert run(url, rows, "whsec_A").returncode == 2
    away = run(url, rows)
    assert (away.returncode, away.stderr[:14]) == (2, "could not ask:")


def test_the_limits_are_those_of_the_code() -> None:
    limits = {row["0"]: row["1"] for row in table(PAGE, "Limits").rows}
    assert limits["body"].startswith(f"{api.MAX_BODY // 1024 // 1024} MiB ({api.MAX_BODY:,} bytes)")
    assert limits["`orders`"].startswith(f"up to {rules.MAX_ORDERS:,} ")
    assert limits["`buckets`"].startswith(f"1 to {rules.MAX_BUCKETS:,},")
    assert limits["`count`"] == f"`0` to `{reading.MAX_COUNT}`"
    assert limits["`sum`, `amount`"] == f'`"0"` to `"{format_rubles(MAX_KOPECKS)}"`'
    assert limits["`from`, `to`"] == f"up to {MAX_ID_BYTES} bytes"
    assert f"the last {queries.MOST_EVENTS:,} " in limits["events looked into for `inbox`"]
    assert limits["rate"].startswith(f"{300 // api.SHARE} a second")
    assert f"{api.AT_ONCE} at once" in limits["rate"]
    assert "'20s'" in str(api._TIME_LIMIT)
    assert limits["time to answer"].startswith("20 seconds")


def test_the_words_are_those_of_the_code() -> None:
    assert f"up to {rules.PIECES}," in PAGE
    assert "a thirtieth" in PAGE
    assert api.SHARE == 30
    (refusal,) = table(PAGE, "Answers").rows
    assert code(refusal["`code`"]) == [rules.TotalsInvalid.code]
    (reason,) = [
        row["inbox"]["reason"]
        for one in shown("The orders themselves")
        for row in one.get("missing", [])
    ]
    assert reason in list(ParkedReason)

"""`tracker shops conformance` as staff run it, in a process of its own."""

import json
import os
import pty
import re
import signal
import subprocess
import sys
from base64 import b64decode
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any

import pytest
from click.testing import CliRunner, Result

import wsgi
from partners.credentials.rules import Secret
from partners.dialects.service import speak
from tests.races.held import wait_until
from tests.webhooks.letters import body, headers, problem, send, stored
from tests.webhooks.trials.acting import CAREFUL, Actor
from tests.world import Shop, World
from tracker.kit.clock import SystemClock, moscow_date
from tracker.kit.database import unit_of_work
from tracker.staff.rules import Role
from tracker.staff.service import hire
from webhooks.trials.cases import CASES
from webhooks.trials.cli import conformance

BY_TITLE = {one.title: one.name for one in CASES}


@contextmanager
def started(
    environ: Mapping[str, str], *arguments: str, stdin: int = subprocess.DEVNULL
) -> Iterator[subprocess.Popen[str]]:
    process = subprocess.Popen(
        [
            sys.executable,
            "-c",
            "from wiring.start import main; main()",
            "shops",
            "conformance",
            *arguments,
        ],
        env={**os.environ, **environ},
        cwd=Path(wsgi.__file__).parent,
        stdin=stdin,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        yield process
    finally:
        process.kill()
        process.communicate()


def follow(conversation: IO[str] | None, actor: Actor) -> Iterator[str]:
    """Read what the command says line by line, and do what it asks for."""
    assert conversation is not None
    for line in conversation:
        if found := re.fullmatch(r"  secret  whsec_(\S+)", line.rstrip()):
            actor.secrets.append(Secret(0, b64decode(found[1])))
        elif found := re.fullmatch(r"\d/\d (.+)", line.strip()):
            actor.act(BY_TITLE[found[1]])
        elif line.startswith("  … "):
            actor.act(line[4:].strip())
        yield line


def run(world: World, *arguments: str) -> Result:
    return CliRunner().invoke(conformance, list(arguments), obj=lambda: world.tools)


def reports(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def name_of(shop: Shop) -> str:
    return f"conformance-{shop.slug}-{moscow_date(SystemClock().now())}"


def forms(actor: Actor) -> list[str]:
    """Every form of every secret of the trial, as it could be written down by mistake."""
    return [form for one in actor.secrets for form in [*one.shown.values(), one.key.hex()]]


def test_a_shop_follows_what_the_command_says(
    house_environ: dict[str, str], house: World, shop: Shop, tmp_path: Path
) -> None:
    actor = Actor(house, shop, CAREFUL)
    with started(house_environ, shop.slug, "--out", str(tmp_path)) as process:
        said = "".join(follow(process.stdout, actor))
        assert process.wait(20) == 0, said
    assert len(actor.secrets) == 2
    assert f"passed: {tmp_path}" in said
    assert reports(tmp_path) == [f"{name_of(shop)}.json", f"{name_of(shop)}.md"]
    figures = json.loads((tmp_path / f"{name_of(shop)}.json").read_text())
    assert figures["result"] == "passed"
    assert (figures["shop"], figures["dialect"]) == (shop.slug, "native")
    assert {one["case"]: one["result"] for one in figures["cases"]} == {
        one.name: "not_asked" if one.is_optional else "ticked" for one in CASES
    }
    assert [one["status"] for one in figures["attempts"]] == actor.answers
    assert [one["secret"] for one in figures["attempts"]] == [
        *["first"] * 6,
        None,
        "first",
        "second",
        None,
    ]
    assert figures["attempts"][0]["says"] == "created T-1"
    page = (tmp_path / f"{name_of(shop)}.md").read_text()
    assert page.startswith(f"# Conformance of {shop.slug}, {figures['date']}\n\n**Passed.**")
    assert "| Partial return | ticked | #1, #5 |  |" in page
    for text in (page, json.dumps(figures)):
        assert not [one for one in forms(actor) if one in text]
        assert "100.00" not in text, "no word of a body"
    assert stored(house, shop) == []


def test_json_stands_alone_on_standard_output(
    house_environ: dict[str, str], house: World, shop: Shop, tmp_path: Path
) -> None:
    actor = Actor(house, shop, CAREFUL)
    options = ("--json", "--only", "first", "--only", "duplicate", "--out", str(tmp_path))
    with started(house_environ, shop.slug, *options) as process:
        assert list(follow(process.stderr, actor))
        assert process.stdout is not None
        figures = json.loads(process.stdout.read())
        assert process.wait(20) == 0
    assert figures.pop("reports") == [
        str(tmp_path / f"{name_of(shop)}{ending}") for ending in (".json", ".md")
    ]
    assert figures == json.loads((tmp_path / f"{name_of(shop)}.json").read_text())


@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_stopped_it_takes_its_secrets_back_and_reports_what_there_was(
    how: signal.Signals, house_environ: dict[str, str], house: World, shop: Shop, tmp_path: Path
) -> None:
    actor = Actor(house, shop, {"first": CAREFUL["first"]})
    with started(house_environ, shop.slug, "--out", str(tmp_path)) as process:
        for line in follow(process.stdout, actor):
            if "Duplicate" in line:
                process.send_signal(how)
        assert process.wait(20) == 1
        assert process.stderr is not None
        assert "Traceback" not in process.stderr.read()
    raw = body()
    signed = headers(actor.secrets[0].key, raw)
    problem(send(house, shop.slug, raw, signed), 401, "not_let_in")
    figures = json.loads((tmp_path / f"{name_of(shop)}.json").read_text())
    assert (figures["result"], figures["broken_off"]) == ("broken_off", "interrupted")
    results = [one["result"] for one in figures["cases"]]
    assert results == ["ticked", "failed", *["not_asked"] * (len(CASES) - 2)]
    open_trials = "SELECT count(*) FROM trials WHERE shop_id = :shop AND closed_at IS NULL"
    assert house.query(open_trials, shop=shop.id)[0][0] == 0


def test_a_case_is_left_out_and_all_is_stopped_from_the_keyboard(
    house_environ: dict[str, str], house: World, shop: Shop, tmp_path: Path
) -> None:
    keyboard, stdin = pty.openpty()
    actor = Actor(house, shop, {})
    with started(house_environ, shop.slug, "--out", str(tmp_path), stdin=stdin) as process:
        for line in follow(process.stdout, actor):
            if "1/7" in line:
                os.write(keyboard, b"s\n")
            if "2/7" in line:
                os.write(keyboard, b"q\n")
        assert process.wait(20) == 1
    os.close(keyboard)
    os.close(stdin)
    figures = json.loads((tmp_path / f"{name_of(shop)}.json").read_text())
    assert figures["broken_off"] == "stopped by hand"
    first, second, third, *_ = figures["cases"]
    assert (first["result"], first["why"]) == ("failed", "left out by hand")
    assert (second["result"], third["result"]) == ("failed", "not_asked")


def test_killed_it_leaves_secrets_that_end_by_themselves(
    house_environ: dict[str, str], house: World, shop: Shop, tmp_path: Path
) -> None:
    actor = Actor(house, shop, {})
    with started(house_environ, shop.slug, "--lasting", "3s", "--out", str(tmp_path)) as process:
        for line in follow(process.stdout, actor):
            if "First event" in line:
                process.kill()

    def knocks() -> int:
        raw = body()
        return send(house, shop.slug, raw, headers(actor.secrets[0].key, raw)).status_code

    wait_until(lambda: knocks() == 401)
    options = ("--only", "first", "--timeout", "0s", "--out", str(tmp_path))
    assert run(house, shop.slug, *options).exit_code == 1


def test_the_trial_ends_though_a_case_is_waited_for(
    house: World, shop: Shop, tmp_path: Path
) -> None:
    options = ("--lasting", "1s", "--only", "first", "--out", str(tmp_path))
    result = run(house, shop.slug, *options)
    assert result.exit_code == 1
    assert "First event: failed; it did not come in time" in result.stdout


def test_a_second_report_of_a_day_leaves_the_first_alone(
    house: World, shop: Shop, tmp_path: Path
) -> None:
    for _ in range(3):
        arguments = ("--only", "first", "--timeout", "0s", "--out", str(tmp_path))
        assert run(house, shop.slug, *arguments).exit_code == 1
    name = name_of(shop)
    expected = [f"{name}{more}{ending}" for more in ("", "-2", "-3") for ending in (".json", ".md")]
    assert reports(tmp_path) == sorted(expected)
    first = json.loads((tmp_path / f"{name}.json").read_text())
    assert first["result"] == "failed"
    assert first["attempts"] == []


def test_the_cases_are_listed(house: World) -> None:
    rows: list[dict[str, Any]] = json.loads(run(house, "--list", "--json").stdout)
    assert [one["case"] for one in rows] == [one.name for one in CASES]
    assert [one["case"] for one in rows if one["asked"] != "yes"] == ["stale"]
    assert "rotated-key" in run(house, "--list").stdout
    assert "purchase.created" in rows[0]["what"]


def test_the_cases_are_listed_in_the_words_of_the_shops_dialect(house: World, shop: Shop) -> None:
    with unit_of_work(house.tools.engine) as session:
        speak(session, shop.id, "awin")
    result = run(house, shop.slug, "--list", "--json")
    rows: list[dict[str, Any]] = json.loads(result.stdout)
    assert rows[0]["what"].startswith("Send an order that you have not sent yet, as it is placed.")
    assert not any("purchase." in one["what"] for one in rows)


def test_wrong_usage(house: World, shop: Shop, tmp_path: Path) -> None:
    assert run(house).exit_code == 2
    assert run(house, shop.slug, "--only", "second").exit_code == 2
    assert run(house, shop.slug, "--out", str(tmp_path / "nowhere")).exit_code == 2
    assert type(run(house, "no-such-shop").exception).__name__ == "ShopNotFound"
    sql = "SELECT count(*) FROM trials WHERE shop_id = :shop"
    assert house.query(sql, shop=shop.id)[0][0] == 0


def test_only_an_administrator_opens_a_trial(house: World, shop: Shop, tmp_path: Path) -> None:
    key = house.tools.settings.keys
    tokens = {}
    for role in (Role.OPERATOR, Role.ADMIN):
        with unit_of_work(house.tools.engine) as session:
            tokens[role] = hire(session, key, f"{role}-of-{shop.slug}", role)
    options = ("--only", "first", "--timeout", "0s", "--out", str(tmp_path))
    refused = run(house, shop.slug, *options, "--token", tokens[Role.OPERATOR])
    assert type(refused.exception).__name__ == "RoleTooLow"
    assert run(house, shop.slug, *options, "--token", tokens[Role.ADMIN]).exit_code == 1
    figures = json.loads((tmp_path / f"{name_of(shop)}.json").read_text())
    assert figures["by"] == f"admin-of-{shop.slug}"

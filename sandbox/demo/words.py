"""What a person is told besides figures: where to look next, and how it ended."""

from collections.abc import Sequence
from pathlib import Path

from sandbox.demo.board import Board, day_of, rub
from sandbox.demo.outcome import RUNS
from sandbox.demo.preparing import OPERATOR


def command_of(script: str, data: Path) -> str:
    """How to call the console script from where the person is, so that it finds the stack."""
    name = script if Path(script).name == "tracker" else "tracker"
    if data == Path(".tracker").resolve():
        return name
    return f"{name} --data {data}"


def where_to_look(url: str, command: str, data: Path) -> str:
    """For a stack without sample traffic."""
    return _lined_up(
        [
            ("another terminal", f"{command} ledger proof"),
            ("what it can do", f"{command} --help"),
            ("the API's document", f"{url}/openapi.json"),
            ("short messages, mail", f"{command} sandbox messages"),
            ("health and figures", f"{url}/health/ready  {url}/metrics"),
            ("logs", f"{data / 'logs'}"),
        ]
    )


def where_to_look_in_demo(
    url: str, command: str, data: Path, tokens: dict[str, str], period: str
) -> str:
    """For the demonstration; the calls work as they stand."""
    bearer = f"-H 'Authorization: Bearer {tokens[OPERATOR]}'"
    return _lined_up(
        [
            ("purchases", f"curl -s {bearer} '{url}/admin/api/v1/purchases?limit=3'"),
            ("months", f"curl -s {bearer} {url}{RUNS}"),
            ("one month", f"{command} settlement status --period {period}"),
            ("every kopeck", f"{command} ledger proof"),
            ("the inbox", f"{command} inbox status"),
            ("messages", f"{command} sandbox messages"),
            ("the API's document", f"{url}/openapi.json"),
            ("figures, logs", f"{url}/metrics  {data / 'logs'}"),
            ("to read", "README.md, docs/architecture.md"),
        ]
    )


def how_it_ended(board: Board, months: Sequence[str], proof: str, data: Path) -> str:
    """The last word."""
    now, tally = board.figures, board.tally
    return _lined_up(
        [
            ("business date", day_of(board.moment)),
            ("events", f"{tally.accepted} accepted, {tally.duplicates} duplicates"),
            (
                "purchases",
                f"{now.pending} pending, {now.confirmed} confirmed, {now.rejected} rejected,"
                f" {now.nobodys} nobody's",
            ),
            (
                "cashback",
                f"{rub(now.pending_sum)} pending, {rub(now.available_sum)} available,"
                f" {rub(now.paid_sum)} paid out",
            ),
            *(("month settled", month) for month in months or ["none yet"]),
            ("ledger proof", proof),
            ("kept in", f"{data}; started again, it goes on from there"),
        ]
    )


def _lined_up(pairs: Sequence[tuple[str, str]]) -> str:
    width = max(len(name) for name, _ in pairs)
    return "\n".join(f"  {name:<{width}}  {text}" for name, text in pairs)

"""The board, at a terminal and in a log."""

import io
from datetime import datetime
from pathlib import Path

import pytest
from rich.console import Console

from sandbox.demo.board import Board, Figures, Month, day_of, rub, standing
from sandbox.demo.outcome import tallied
from sandbox.demo.screen import PlainScreen, line_of, panel_of, screen_for
from sandbox.demo.traffic import Tally
from sandbox.demo.words import how_it_ended
from tracker.kit.clock import MOSCOW

NOON = datetime(2011, 1, 3, 12, tzinfo=MOSCOW)


@pytest.fixture
def board() -> Board:
    """In the middle of a demonstration."""
    tally = Tally(accepted=325, duplicates=9)
    figures = Figures(
        waiting=2,
        pending=127,
        confirmed=50,
        rejected=19,
        nobodys=8,
        pending_sum=8_776_019,
        available_sum=-3_050,
        paid_sum=2_463_088,
    )
    payouts = [*[("withheld", 90_050)] * 2, *[("prepared", 10_000)] * 10, *[("paid", 82_102)] * 30]
    month = Month("2011-01", "running", tallied(payouts))
    return Board("http://127.0.0.1:8000", tally, NOON, figures, month)


def drawn(board: Board, width: int = 110) -> str:
    console = Console(file=io.StringIO(), width=width, force_terminal=True, color_system=None)
    with console.capture() as captured:
        console.print(panel_of(board))
    return captured.get()


def test_a_line_for_logs(board: Board) -> None:
    assert line_of(board) == (
        "2011-01-03  events 325 +9 duplicates | purchases 127 pending, 50 confirmed, 19 rejected"
        " | 87,760.19 RUB pending, -30.50 RUB available, 24,630.88 RUB paid out | inbox 2"
    )


def test_a_panel_for_people(board: Board) -> None:
    text = drawn(board, width=140)
    for part in (
        "3 January 2011",
        "325 accepted, 9 duplicates; 2 in the inbox",
        "127 pending → 50 confirmed, 19 rejected; 8 nobody's",
        "87,760.19 RUB pending → -30.50 RUB available → 24,630.88 RUB paid out",
        "2011-01 running: 30 paid, 24,630.60 RUB; 10 prepared, 1,000.00 RUB; 2 withheld, 1,801.00",
        "Ctrl-C",
    ):
        assert part in text
    assert "sent again" not in text


def test_a_panel_before_anything_happened_and_on_a_narrow_terminal(board: Board) -> None:
    empty = Board(board.url, Tally(), NOON)
    assert "the first run is prepared" in drawn(empty)
    assert max(map(len, drawn(board, width=60).splitlines())) <= 60


def test_trouble_is_told(board: Board) -> None:
    board.tally.sent_again, board.tally.refused = 3, 1
    assert "3 sent again, 1 refused" in drawn(board)


def test_a_month_in_which_nobody_was_due_anything(board: Board) -> None:
    board.month = Month("2011-01", "done")
    assert "2011-01 done: nobody was due anything" in drawn(board)


def test_the_last_word_tells_paid_and_withheld_apart(board: Board) -> None:
    paid = standing(tallied([("withheld", 990_691), ("paid", 8_797_706)]))
    assert paid == "1 paid, 87,977.06 RUB; 1 withheld, 9,906.91 RUB"
    said = how_it_ended(board, [f"2011-01: {paid}"], "ok", Path("/data"))
    assert f"month settled  2011-01: {paid}" in said
    assert "month settled  none yet" in how_it_ended(board, [], "ok", Path("/data"))


def test_a_log_gets_news_at_once_and_figures_now_and_then(
    board: Board, capsys: pytest.CaptureFixture[str]
) -> None:
    with screen_for(Console(file=io.StringIO())) as screen:
        assert isinstance(screen, PlainScreen)
        screen.show(board)
        board.tell("something happened")
        screen.show(board)
    first, second = capsys.readouterr().out.splitlines()
    assert first == line_of(board)
    assert second == "2011-01-03  something happened"


def test_news_scroll_by_at_a_terminal(board: Board) -> None:
    output = io.StringIO()
    console = Console(file=output, width=110, force_terminal=True, color_system=None)
    with screen_for(console) as screen:
        board.tell("something happened")
        screen.show(board)
    assert "3 January 2011  something happened" in output.getvalue()


def test_words() -> None:
    assert day_of(datetime(2011, 2, 1, tzinfo=MOSCOW)) == "1 February 2011"
    assert [rub(0), rub(1_234_567_89), rub(-5)] == ["0.00 RUB", "1,234,567.89 RUB", "-0.05 RUB"]

"""The board, at a terminal and in a log."""

import io
from datetime import datetime

import pytest
from rich.console import Console

from sandbox.demo.board import Board, Figures, Month, day_of, rub
from sandbox.demo.screen import PlainScreen, line_of, panel_of, screen_for
from sandbox.demo.traffic import Tally
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
        open_payouts=12,
    )
    month = Month("2011-01", "running", 42, 2_463_088)
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
    text = drawn(board)
    for part in (
        "3 January 2011",
        "325 accepted, 9 duplicates; 2 in the inbox",
        "127 pending → 50 confirmed, 19 rejected; 8 nobody's",
        "87,760.19 RUB pending → -30.50 RUB available → 24,630.88 RUB paid out",
        "2011-01 running: 30 of 42 phones, 24,630.88 RUB",
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


@pytest.mark.parametrize(
    ("state", "paid"), [("prepared", 0), ("approved", 0), ("running", 30), ("done", 42)]
)
def test_how_much_of_a_month_is_paid(board: Board, state: str, paid: int) -> None:
    board.month = Month("2011-01", state, 42, 2_463_088)
    assert board.paid_of_month == paid


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

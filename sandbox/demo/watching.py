"""Reading the product's figures for the board."""

from sandbox.demo.board import Board, Figures
from sandbox.demo.post import NoAnswer, Post


class Watching:
    """Keeps the board's figures fresh."""

    def __init__(self, post: Post, board: Board) -> None:
        self._post = post
        self._board = board

    def look(self) -> None:
        """Read them once; while nobody answers, the old ones stand."""
        try:
            found = self._post.metrics()
        except NoAnswer:
            return
        self._board.figures = figures_from(found)


def figures_from(metrics: dict[str, float]) -> Figures:
    """Figures of the board from those of ``/metrics``."""
    told = {name: int(value) for name, value in metrics.items()}
    return Figures(
        waiting=told["inbox_waiting"],
        pending=told["purchases_pending"] + told["purchases_awaiting_staff"],
        confirmed=told["purchases_confirmed"],
        rejected=told["purchases_rejected"],
        nobodys=told["purchases_unattributed"],
        pending_sum=told["members_pending_kopecks"],
        available_sum=told["members_available_kopecks"],
        in_flight_sum=told["members_in_flight_kopecks"],
        paid_sum=told["paid_out_kopecks"],
    )

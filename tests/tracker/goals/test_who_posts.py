"""Whoever makes money available puts it aside for goals in the same moment."""

import ast
from pathlib import Path

import tracker

POST_BY_THEMSELVES = {
    "goals/service.py": "what is put aside",
    "reconciliation/settling.py": "sent and paid: nothing becomes available",
    "settlement/delivery/answers.py": "chunks of one kind; what comes back is put aside after",
    "settlement/delivery/sending.py": "sent: nothing becomes available",
}
"""Modules that call the ledger without `post_and_put_aside`, and why they may."""


def test_nobody_else_posts_without_putting_aside() -> None:
    home = Path(tracker.__file__).parent
    found = set()
    for path in home.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if not isinstance(node, ast.ImportFrom):
                continue
            names = {one.name for one in node.names}
            whole = node.module == "tracker.ledger" and "service" in names
            if whole or (
                node.module == "tracker.ledger.service" and names & {"post", "post_alike"}
            ):
                found.add(path.relative_to(home).as_posix())
    assert found - {name for name in found if name.startswith("certificates/")} == set(
        POST_BY_THEMSELVES
    )

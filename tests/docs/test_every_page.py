"""What holds for every page: the commands that it shows exist, and its links lead somewhere."""

import re
import shlex
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.docs.pages import ROOT, blocks
from tests.docs.product import fault_of

PAGES = sorted([ROOT / "README.md", *(ROOT / "docs").rglob("*.md")])
COMPLETE = (
    "webhooks.md",
    "own-format.md",
    "conformance.md",
    "ledger.md",
    "members.md",
    "operations.md",
    "salons.md",
)


def names(pages: list[Path]) -> list[str]:
    return [str(path.relative_to(ROOT)) for path in pages]


@pytest.mark.parametrize("name", names(PAGES))
def test_the_commands_shown_exist(name: str) -> None:
    for line in command_lines((ROOT / name).read_text()):
        words = shlex.split(line, comments=True)
        assert fault_of(words[1:]) == "", line


def command_lines(text: str) -> Iterator[str]:
    """Every command line of ours, in blocks that show what to type and in running text."""
    for block in blocks(text):
        if block.language not in ("sh", "console"):
            continue
        for line in block.text.splitlines():
            typed = line.removeprefix("$ ") if block.language == "console" else line
            if block.language == "console" and not line.startswith("$ "):
                continue
            found = re.search(r"(?:^|\$\(|/|=\S+ )(tracker .*)$", typed.strip())
            if found:
                yield re.split(r"[|>)]", found[1])[0]
    yield from re.findall(r"`(tracker [a-z][^`…|]*)`", text)


@pytest.mark.parametrize("name", COMPLETE)
def test_the_links_lead_somewhere(name: str) -> None:
    text = (ROOT / "docs" / name).read_text()
    for target in re.findall(r"\]\(([^)\s]+)\)", text):
        address, _, anchor = target.partition("#")
        if not address.startswith("http"):
            path = ROOT / "docs" / (address or name)
            assert path.exists(), target
            assert not anchor or anchor in anchors(path.read_text()), target


def anchors(text: str) -> set[str]:
    """What headings are called in addresses."""
    titles = re.findall(r"^#+ +(.*)$", text, re.M)
    return {re.sub(r"[^\w\- ]", "", title.lower()).replace(" ", "-") for title in titles}

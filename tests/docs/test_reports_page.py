"""docs/finance/reports.md is true: its reports take what it says, and its requests work."""

import shlex
from urllib.parse import parse_qsl, urlsplit

from tests.docs.pages import ROOT, blocks, code, table
from tests.tracker.reports.asking import Auditor, writes
from tests.tracker.reports.pasts import lives_through_a_winter
from tests.world import World
from wiring.reports import REPORTS

PAGE = (ROOT / "docs" / "finance" / "reports.md").read_text()


def test_the_reports_are_these_and_take_this() -> None:
    told = {
        code(row["report"])[0]: set(code(row["can be asked for"]))
        for row in table(PAGE, "Reports").rows
    }
    for name, takes in told.items():
        assert takes == set(map(str, REPORTS[name].takes)), name
    assert len(told) >= 10


def test_its_requests_work(world: World) -> None:
    lives_through_a_winter(world)
    auditor = Auditor(world)
    lines = "".join(sh_blocks()).replace("\\\n", " ").splitlines()
    last = ""
    for command in [line for line in lines if line.startswith("curl ")]:
        words = shlex.split(command.replace("$ID", last))
        url = next(word for word in words if word.startswith("$API"))
        path = url.removeprefix("$API/admin/api/v1/reports")
        if "-d" in words:
            said = auditor.post(path, format="csv", period="2011-01")
            last = str(said.get_json()["id"])
            writes(world)
        else:
            said = auditor.get(urlsplit(path).path, **dict(parse_qsl(urlsplit(path).query)))
        assert said.status_code in (200, 202), (command, said.get_json())


def sh_blocks() -> list[str]:
    return [one.text for one in blocks(PAGE) if one.language == "sh"]

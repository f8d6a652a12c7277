"""Workbooks that are small as files and large when read: bounded in memory, time and pieces."""

import base64
import io
import zipfile
from typing import Any

import pytest
from sqlalchemy.orm import Session

from partners.reconciliation import desk as desk_of_staff
from partners.reconciliation import parts, slow_files, workbooks, working
from partners.reconciliation.claims import Claim, hold_on
from partners.reconciliation.formats import StatementFormat, check
from partners.reconciliation.reading import Reader
from partners.reconciliation.rules import StatementRefused
from partners.reconciliation.schemas import MAX_SAMPLE, MAX_SAMPLE_UNPACKED
from tests.partners.reconciliation.conftest import Desk
from tests.partners.reconciliation.sheets import IN_A_BOOK, book
from tests.partners.reconciliation.test_statement_memory import peak
from tests.partners.reconciliation.test_statements_by_two import joins
from tracker.staff.rules import Role

MIB = 1024**2
XLSX = check(IN_A_BOOK)
GOOD = book(("A-1", "01.12.2010", 100, "выполнен", 1, ""))
NAMES = 'xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"'
TEXTS, STYLES = "xl/sharedStrings.xml", "xl/styles.xml"


def packed(name: str, raw: bytes, how: int = zipfile.ZIP_DEFLATED) -> bytes:
    """The workbook with one part otherwise."""
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(GOOD)) as old, zipfile.ZipFile(out, "w", how) as new:
        for one in old.namelist():
            new.writestr(one, raw if one == name else old.read(one))
    return out.getvalue()


def texts(content: bytes) -> bytes:
    return packed(TEXTS, f"<sst {NAMES}>".encode() + content + b"</sst>")


def with_many_texts(size: int) -> bytes:
    """Texts that are added to those of the workbook, up to so many bytes."""
    with zipfile.ZipFile(io.BytesIO(GOOD)) as old:
        raw = old.read(TEXTS).replace(b"</sst>", b"")
    piece = "<si><t>а€😀</t></si>".encode()
    return packed(TEXTS, raw + piece * ((size - len(raw)) // len(piece)) + b"</sst>")


def refused(raw: bytes, unpacked: int = workbooks.MAX_XML) -> str:
    with pytest.raises(StatementRefused) as caught:
        list(Reader(XLSX, unpacked).read(io.BytesIO(raw)))
    return caught.value.detail


def tries(desk: Desk, sample: bytes) -> tuple[int, dict[str, object]]:
    answer = desk.world.client().post(
        "/admin/api/v1/shops/shop/statement-format/try",
        headers={"Authorization": f"Bearer {joins(desk, 'olga', Role.OPERATOR)}"},
        json={"format": IN_A_BOOK, "sample": base64.b64encode(sample).decode()},
    )
    return answer.status_code, answer.get_json()


def test_a_sample_is_refused_by_what_it_comes_out_at(desk: Desk) -> None:
    sample = with_many_texts(191 * MIB)
    assert len(sample) <= MAX_SAMPLE
    status, said = tries(desk, sample)
    assert status == 422
    assert said["detail"] == f"the workbook comes out larger than {MAX_SAMPLE_UNPACKED // MIB} MiB"


def test_a_sample_is_read_with_no_transaction_open(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    pool: Any = desk.world.tools.engine.pool
    seen = []

    def watched(form: StatementFormat, unpacked: int) -> Reader:
        seen.append(pool.checkedout())
        return Reader(form, unpacked)

    monkeypatch.setattr(desk_of_staff, "Reader", watched)
    assert tries(desk, GOOD)[0] == 200
    assert seen == [0]


def test_texts_take_their_bytes_and_little_more() -> None:
    raw = with_many_texts(4 * MIB)
    top, why = peak(raw, XLSX)
    assert not why
    assert top < 24 * MIB


def test_texts_and_styles_are_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    assert "over 65,536 styles" in refused(
        packed(STYLES, f"<styleSheet {NAMES}><cellXfs>".encode() + b"<xf/>" * 70_000)
    )
    monkeypatch.setattr(parts, "MAX_TEXTS", 100)
    assert "more texts than 100" in refused(texts(b"<si/>" * 101))


def test_a_text_is_bounded() -> None:
    assert "a text of the workbook has over" in refused(
        texts(b"<si><t>" + b"x" * 2 * MIB + b"</t></si>")
    )


@pytest.mark.parametrize("how", [zipfile.ZIP_LZMA, zipfile.ZIP_BZIP2])
def test_what_would_be_unpacked_at_one_go_is_refused(how: int) -> None:
    """Its told size holds only what is unpacked piece by piece."""
    raw = packed(TEXTS, b" " * 100 * MIB, how)
    assert len(raw) < 64 * 1024
    top, why = peak(raw, XLSX)
    assert "packed otherwise" in why
    assert top < 4 * MIB


def test_a_list_of_millions_of_parts_is_not_read() -> None:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as made:
        for number in range(40_000):
            made.writestr(f"{number}", b"")
    top, why = peak(out.getvalue(), XLSX)
    assert "over 2,000 parts" in why
    assert top < 4 * MIB


def test_texts_in_runs_are_whole_and_not_pronounced() -> None:
    runs = (
        b"<si><r><t>A</t></r><r><rPr><b/></rPr><t>-1</t></r><rPh><t>no</t></rPh></si>"
        b"<si><t>01.12.2010</t></si>"
    )
    found = parts.Texts(io.BytesIO(f"<sst {NAMES}>".encode() + runs + b"</sst>"))
    assert [found[0], found[1], len(found)] == ["A-1", "01.12.2010", 2]
    for place in (-1, 2):
        with pytest.raises(IndexError):
            found[place]


def test_the_lease_is_renewed_before_a_line_is_read(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Texts come before all lines, and there may be many."""
    told: list[int] = []

    def noted(session: Session, held: Claim, line: int) -> None:
        told.append(line)
        hold_on(session, held, line)

    monkeypatch.setattr(working, "hold_on", noted)
    monkeypatch.setattr(slow_files, "REST", -1.0)
    desk.writes(IN_A_BOOK)
    made = desk.sends_raw(GOOD)
    assert made.state == "matched"
    assert told
    assert set(told) == {0}

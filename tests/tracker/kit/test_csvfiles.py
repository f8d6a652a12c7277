"""CSV files from outside: what is wrong with them is told by line and column."""

from pathlib import Path

import pytest

from tracker.kit.csvfiles import FileInvalid, Row, instant, read_rows


def rows(folder: Path, raw: str | bytes, *required: str) -> list[Row]:
    path = folder / "given.csv"
    path.write_bytes(raw if isinstance(raw, bytes) else raw.encode())
    return list(read_rows(path, required=required))


def fault(folder: Path, raw: str | bytes, *required: str) -> str:
    with pytest.raises(FileInvalid) as caught:
        rows(folder, raw, *required)
    return caught.value.detail


def test_columns_go_by_their_names(tmp_path: Path) -> None:
    found = rows(tmp_path, "b,a\r\n 2 ,1\r\n\r\n4,3\r\n", "a", "b")
    assert found == [{"a": "1", "b": "2"}, {"a": "3", "b": "4"}]
    assert [row.line for row in found] == [2, 4]


def test_a_mark_at_the_beginning_is_passed_over(tmp_path: Path) -> None:
    assert rows(tmp_path, b"\xef\xbb\xbfslug,name\nshop,\xd0\xaf\n", "slug") == [
        {"slug": "shop", "name": "Я"}
    ]


def test_quotes_hold_commas_and_line_breaks(tmp_path: Path) -> None:
    (row,) = rows(tmp_path, 'a,b\n"1, 2","x\ny"\n', "a")
    assert row == {"a": "1, 2", "b": "x\ny"}


def test_columns_that_may_be_absent_may_be_empty(tmp_path: Path) -> None:
    assert rows(tmp_path, "a,b\n1,\n", "a") == [{"a": "1", "b": ""}]


@pytest.mark.parametrize(
    ("raw", "said"),
    [
        ("", "line 1: no column a, b"),
        ("a\n1\n", "line 1: no column b"),
        ("a;b\n1;2\n", "line 1: no column a, b; values are separated by ',', not ';'"),
        ("A,B\n1,2\n", "line 1: no column a, b"),
        ("a,b,a\n1,2,3\n", "line 1: column a stands twice"),
        ("a,b\n1\n", "line 2: not as many values"),
        ("a,b\n1,2\n1,2,3\n", "line 3: not as many values"),
        ("a,b\n1,2\n ,2\n", "line 3: a is empty"),
        (b"a,b\n\xff,2\n", "given.csv is not in UTF-8"),
        ("a,b\n1,2\n".encode("utf-16"), "given.csv is not in UTF-8"),
        ("a,b\n1,2\n1,x\0y\n", "line 3: b has a NUL character"),
        ("a,b\n" + "x" * 200_000 + ",2\n", "given.csv is not a CSV file"),
    ],
)
def test_faults_are_told_by_line(tmp_path: Path, raw: str | bytes, said: str) -> None:
    assert said in fault(tmp_path, raw, "a", "b")


def moment(text: str) -> Row:
    row = Row(at=text)
    row.line = 7
    return row


def test_moments_have_an_offset() -> None:
    assert instant(moment("2010-12-01T08:26:00+03:00"), "at").isoformat() == (
        "2010-12-01T08:26:00+03:00"
    )


@pytest.mark.parametrize(
    "text",
    [
        "0001-01-01T00:00:00+03:00",
        "1999-12-31T23:59:59Z",
        "2100-01-01T00:00:00Z",
        "9999-12-31T23:59:59-03:00",
        "2010-12-01T00:00:00+23:59",
    ],
)
def test_moments_that_are_none_are_told_by_line_and_column(text: str) -> None:
    with pytest.raises(FileInvalid, match=r"line 7: at (must lie|has an offset)"):
        instant(moment(text), "at")


@pytest.mark.parametrize(
    "text", ["", "today", "2010-12-01", "2010-12-01T08:26:00", "2010-02-30T00:00Z"]
)
def test_other_moments_are_told_by_line_and_column(text: str) -> None:
    with pytest.raises(FileInvalid, match="line 7: at "):
        instant(moment(text), "at")

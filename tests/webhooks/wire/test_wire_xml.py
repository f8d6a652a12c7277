"""Plain XML: flat records, and nothing that reaches beyond its own bytes."""

from pathlib import Path

import pytest

from webhooks.wire import xml
from webhooks.wire.xml import MAX_DEPTH, NotPlainXml

NAMESPACE = "urn:sample"


def records(raw: bytes) -> list[dict[str, str]]:
    return xml.records(raw, root="Rows", record="Row", namespace=NAMESPACE)


def test_fields_of_records_are_read() -> None:
    raw = """<?xml version='1.0' encoding='utf-8'?>
    <!-- a remark --><?target an instruction?>
    <Rows xmlns="urn:sample"><Row kind="x"><A> 1 </A><B/><C><![CDATA[<ф>]]></C></Row><Row/></Rows>
    """
    assert records(raw.encode()) == [{"A": "1", "B": "", "C": "<ф>"}, {}]


def test_a_namespace_may_be_left_out_and_a_byte_order_mark_may_stand() -> None:
    assert records(b"\xef\xbb\xbf<Rows><Row><A>1</A></Row></Rows>") == [{"A": "1"}]


def test_references_to_characters_are_read() -> None:
    assert records(b"<Rows><Row><A>&amp;&#1092;&#x444;</A></Row></Rows>") == [{"A": "&фф"}]


BOMB = b"""<!DOCTYPE Rows [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;&a;&a;">
<!ENTITY c "&b;&b;&b;&b;&b;&b;&b;&b;&b;&b;">]><Rows><Row><A>&c;</A></Row></Rows>"""


@pytest.mark.parametrize(
    ("raw", "why"),
    [
        (BOMB, "entities"),
        (b"<!DOCTYPE Rows><Rows/>", "document types"),
        (b'<!DOCTYPE Rows SYSTEM "http://192.0.2.1/x.dtd"><Rows/>', "document types"),
        (b"<Rows><Row><A>&secret;</A></Row></Rows>", "not XML"),
        (b"<Rows>", "not XML"),
        (b"", "not XML"),
        (b"<Rows/><Rows/>", "not XML"),
        (b"<" * 4096, "not XML"),
        (b"<Rows><Row><A>\0</A></Row></Rows>", "not XML"),
        (b"<Rows><Row><A>&#0;</A></Row></Rows>", "not XML"),
        (b"<Rows><Row><A>&#xD800;</A></Row></Rows>", "not XML"),
        (b'<Rows><Row a="1" a="2"/></Rows>', "not XML"),
        (b"<Rows>\xff</Rows>", "not UTF-8"),
        ('<?xml version="1.0"?><Rows/>'.encode("utf-16"), "not UTF-8"),
        (b'<?xml version="1.0" encoding="windows-1251"?><Rows/>', "declared as windows-1251"),
        (b"<a>" * (MAX_DEPTH + 1), "nested deeper"),
        (b"<a>" * 100_000, "nested deeper"),
        (b"<Other/>", "the root is not Rows"),
        (b'<Rows xmlns="urn:other"/>', "the root is not Rows"),
        (b"<Rows><Other/></Rows>", "something else than Row"),
        (b"<Rows><Row><A>1</A><A>1</A></Row></Rows>", "stands twice"),
        (b"<Rows><Row><A>1<B/>2</A></Row></Rows>", "not a plain value"),
    ],
)
def test_what_is_not_plain_is_refused(raw: bytes, why: str) -> None:
    with pytest.raises(NotPlainXml, match=why):
        records(raw)


def test_a_file_of_this_machine_is_not_read(tmp_path: Path) -> None:
    secret = tmp_path / "secret"
    secret.write_text("do not tell")
    raw = (
        f'<!DOCTYPE Rows [<!ENTITY x SYSTEM "file://{secret}">]><Rows><Row><A>&x;</A></Row></Rows>'
    )
    with pytest.raises(NotPlainXml):
        records(raw.encode())


def test_there_is_a_limit_to_elements() -> None:
    with pytest.raises(NotPlainXml, match="more than 300000 elements"):
        records(b"<Rows>" + b"<Row/>" * 300_000 + b"</Rows>")

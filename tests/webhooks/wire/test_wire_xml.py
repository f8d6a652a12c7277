"""Plain XML: flat records, and nothing that reaches beyond its own bytes."""

import tracemalloc
from contextlib import nullcontext
from pathlib import Path

import pytest

from webhooks.wire import xml
from webhooks.wire.xml import (
    MAX_ATTRIBUTES,
    MAX_DEPTH,
    MAX_ELEMENTS,
    MAX_NAME,
    MAX_VALUE,
    NotPlainXml,
)

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


@pytest.mark.parametrize(
    "raw",
    [
        b'<x:Rows xmlns:x="urn:sample"><x:Row><x:A>1</x:A></x:Row></x:Rows>',
        b'<x:Rows xmlns:x="urn:sample"><y:Row xmlns:y="urn:sample"><A>1</A></y:Row></x:Rows>',
        b'<x:Rows xmlns:x="urn:sample"><Row xmlns:x="urn:other" ><A>1</A></Row></x:Rows>',
        b'<Rows xmlns="urn:sample"><Row xmlns=""><A>1</A></Row></Rows>',
        b'<Rows xmlns="urn:&#115;ample"><Row xml:lang="ru"><A>1</A></Row></Rows>',
    ],
)
def test_a_namespace_goes_by_what_it_is_and_not_by_its_prefix(raw: bytes) -> None:
    assert records(raw) == [{"A": "1"}]


def test_what_is_of_another_namespace_is_another_field() -> None:
    row = b'<Row><A>1</A><x:A>2</x:A><A xmlns="urn:other">3</A></Row>'
    assert records(b'<Rows xmlns:x="urn:other">%s</Rows>' % row) == [
        {"A": "1", "x:A": "2", "foreign:A": "3"}
    ]


def test_names_and_attributes_may_have_their_full_length() -> None:
    attributes = b"".join(b' a%d="%s"' % (n, b"v" * MAX_VALUE) for n in range(MAX_ATTRIBUTES))
    name = b"a" * MAX_NAME
    raw = b"<Rows><Row%s><%s>1</%s></Row></Rows>" % (attributes, name, name)
    assert records(raw) == [{name.decode(): "1"}]


NAMESPACE_BOMBS = {
    "one long namespace of many names": b'<Rows xmlns:x="%s"><Row>%s</Row></Rows>'
    % (b"u" * 400_000, b"".join(b"<x:a%x/>" % number for number in range(3_000))),
    "one long namespace of many attributes": b'<Rows xmlns:x="%s"><Row %s/></Rows>'
    % (b"u" * 400_000, b" ".join(b'x:a%x=""' % number for number in range(3_000))),
    "a namespace as long as it may be": b'<Rows xmlns:x="%s"><Row>%s</Row></Rows>'
    % (b"u" * MAX_VALUE, b"".join(b"<x:a%x/>" % number for number in range(40_000))),
}


@pytest.mark.parametrize("raw", NAMESPACE_BOMBS.values(), ids=NAMESPACE_BOMBS)
def test_a_namespace_is_not_written_out_before_every_name(raw: bytes) -> None:
    is_read = b"u" * (MAX_VALUE + 1) not in raw
    tracemalloc.start()
    with nullcontext() if is_read else pytest.raises(NotPlainXml, match="longer than"):
        records(raw)
    most = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert most < 32 * len(raw)


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
        (b"<Rows><Row><x:A>1</x:A></Row></Rows>", "stands for no namespace"),
        (b'<Rows><Row xmlns:x="urn:sample"/><x:Row/></Rows>', "stands for no namespace"),
        (b'<Rows xmlns:x=""><x:Row/></Rows>', "stands for no namespace"),
        (b"<Rows><Row><%s/></Row></Rows>" % (b"a" * (MAX_NAME + 1)), "longer than 200"),
        (b'<Rows %s=""/>' % (b"a" * (MAX_NAME + 1)), "longer than 200"),
        (b'<Rows a="%s"/>' % (b"a" * (MAX_VALUE + 1)), "longer than 200 and 1000"),
        (
            b"<Rows%s/>" % b"".join(b' a%d=""' % n for n in range(MAX_ATTRIBUTES + 1)),
            "more than 20",
        ),
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
    with pytest.raises(NotPlainXml, match=f"more than {MAX_ELEMENTS} elements"):
        records(b"<Rows>" + b"<Row/>" * 300_000 + b"</Rows>")

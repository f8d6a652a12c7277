"""Plain XML: a list of flat records, and nothing that reaches beyond its own bytes. Pure.

No document type, so no entity of its own and nothing to fetch; UTF-8 whatever it declares; bounded
in depth and number, so that it takes no more memory than its length lets one expect.
"""

import re
from xml.etree.ElementTree import Element, ParseError, TreeBuilder

from defusedxml import DefusedXmlException
from defusedxml.ElementTree import DefusedXMLParser

from tracker.kit.errors import Unreadable

MAX_DEPTH = 8
MAX_ELEMENTS = 300_000

_DECLARED = re.compile(r"""<\?xml[^>]*?\sencoding\s*=\s*["']([A-Za-z0-9._-]+)["']""")
_TAKEN = ("utf-8", "utf8", "us-ascii")


class NotPlainXml(Unreadable):
    """Not UTF-8, not XML, or XML that does more than to tell of records."""


class _Builder(TreeBuilder):
    """Builds elements while they are few and flat."""

    def __init__(self) -> None:
        super().__init__()
        self._depth = 0
        self._count = 0

    def start(self, tag: str, attrs: dict[str, str], /) -> Element:
        """An element begins. Raises NotPlainXml when it is one too many."""
        self._depth += 1
        self._count += 1
        if self._depth > MAX_DEPTH:
            raise NotPlainXml(f"nested deeper than {MAX_DEPTH}")
        if self._count > MAX_ELEMENTS:
            raise NotPlainXml(f"more than {MAX_ELEMENTS} elements")
        return super().start(tag, attrs)

    def end(self, tag: str, /) -> Element:
        """An element ends."""
        self._depth -= 1
        return super().end(tag)


def records(raw: bytes, *, root: str, record: str, namespace: str) -> list[dict[str, str]]:
    """The fields of all records under the root; blanks around values do not count.

    Names are taken with the namespace, and without any. Raises NotPlainXml.
    """
    tree = _decode(raw)
    if _name(tree, namespace) != root:
        raise NotPlainXml(f"the root is not {root}")
    found = []
    for child in tree:
        if _name(child, namespace) != record:
            raise NotPlainXml(f"in {root} stands something else than {record}")
        found.append(_fields(child, record, namespace))
    return found


def _fields(element: Element, record: str, namespace: str) -> dict[str, str]:
    fields: dict[str, str] = {}
    for child in element:
        name = _name(child, namespace)
        if len(child):
            raise NotPlainXml(f"{name[:50]} of a {record} is not a plain value")
        if name in fields:
            raise NotPlainXml(f"{name[:50]} stands twice in one {record}")
        fields[name] = (child.text or "").strip()
    return fields


def _name(element: Element, namespace: str) -> str:
    return element.tag.removeprefix(f"{{{namespace}}}")


def _decode(raw: bytes) -> Element:
    try:
        text = raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise NotPlainXml(f"not UTF-8 at byte {error.start}") from error
    declared = _DECLARED.match(text)
    if declared and declared[1].lower() not in _TAKEN:
        raise NotPlainXml(f"declared as {declared[1][:40]}; only UTF-8 is read")
    parser = DefusedXMLParser(
        target=_Builder(), forbid_dtd=True, forbid_entities=True, forbid_external=True
    )
    try:
        parser.feed(text)
        tree: Element = parser.close()
    except DefusedXmlException as error:
        raise NotPlainXml("document types and entities are not read") from error
    except ParseError as error:
        line, column = error.position
        raise NotPlainXml(f"not XML at line {line}, column {column}") from error
    return tree

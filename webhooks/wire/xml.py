"""Plain XML: a list of flat records, and nothing that reaches beyond its own bytes. Pure.

No document type, so no entity of its own and nothing to fetch; UTF-8 whatever it declares; bounded
in depth and number. Namespaces are looked up here and not by the parser, which would write each out
before every name that is in it: so nothing grows longer than it was sent, and a document takes no
more memory than its length lets one expect.
"""

import re
from xml.etree.ElementTree import Element, TreeBuilder
from xml.sax import SAXParseException
from xml.sax.handler import ContentHandler
from xml.sax.xmlreader import AttributesImpl

from defusedxml import DefusedXmlException
from defusedxml.expatreader import DefusedExpatParser

from tracker.kit.errors import Unreadable

MAX_DEPTH = 8
MAX_ELEMENTS = 300_000
MAX_ATTRIBUTES = 20
"""Of one element, declarations of namespaces among them."""
MAX_NAME = 200
"""Characters of the name of an element or an attribute."""
MAX_VALUE = 1_000
"""Characters of the value of an attribute."""

_DECLARED = re.compile(r"""<\?xml[^>]*?\sencoding\s*=\s*["']([A-Za-z0-9._-]+)["']""")
_TAKEN = ("utf-8", "utf8", "us-ascii")
_XMLNS = "xmlns"


class NotPlainXml(Unreadable):
    """Not UTF-8, not XML, or XML that does more than to tell of records."""


class _Builder(ContentHandler):
    """Builds elements while they are few, flat and short; those of the namespace, and of none, go
    by their own names, and any other keeps its prefix or is said to be foreign."""

    def __init__(self, namespace: str) -> None:
        super().__init__()
        self._namespace = namespace
        self._tree = TreeBuilder()
        self._scopes: list[dict[str, str]] = []
        """The namespaces that each open element declares, by prefix."""
        self._count = 0

    def startElement(self, name: str, attrs: "AttributesImpl[str]") -> None:  # noqa: N802
        """An element begins. Raises NotPlainXml when it is one too many, or too large."""
        self._count += 1
        if len(self._scopes) >= MAX_DEPTH:
            raise NotPlainXml(f"nested deeper than {MAX_DEPTH}")
        if self._count > MAX_ELEMENTS:
            raise NotPlainXml(f"more than {MAX_ELEMENTS} elements")
        if len(name) > MAX_NAME:
            raise NotPlainXml(f"the name of an element is longer than {MAX_NAME} characters")
        self._scopes.append(_declared(attrs))
        # Attributes tell nothing: they are not even kept.
        self._tree.start(self._known(name), {})

    def endElement(self, name: str) -> None:  # noqa: N802
        """An element ends."""
        self._tree.end(self._known(name))
        self._scopes.pop()

    def characters(self, content: str) -> None:
        """A piece of text."""
        self._tree.data(content)

    def close(self) -> Element:
        """The root."""
        return self._tree.close()

    def _known(self, name: str) -> str:
        """Raises NotPlainXml for a prefix that stands for nothing."""
        prefix, _, local = name.rpartition(":")
        found = (scope[prefix] for scope in reversed(self._scopes) if prefix in scope)
        namespace = next(found, "")
        if prefix and not namespace:
            raise NotPlainXml(f"the prefix {prefix[:50]!r} stands for no namespace")
        if namespace in ("", self._namespace):
            return local
        return name if prefix else f"foreign:{name}"


def _declared(attrs: "AttributesImpl[str]") -> dict[str, str]:
    """The namespaces that an element declares, by prefix. Raises NotPlainXml."""
    if len(attrs) > MAX_ATTRIBUTES:
        raise NotPlainXml(f"more than {MAX_ATTRIBUTES} attributes of one element")
    declared = {}
    for name, value in attrs.items():
        if len(name) > MAX_NAME or len(value) > MAX_VALUE:
            raise NotPlainXml(f"an attribute longer than {MAX_NAME} and {MAX_VALUE} characters")
        kind, _, prefix = name.partition(":")
        if kind == _XMLNS:
            declared[prefix] = value
    return declared


def records(raw: bytes, *, root: str, record: str, namespace: str) -> list[dict[str, str]]:
    """The fields of all records under the root; blanks around values do not count.

    Names are taken with the namespace, and without any. Raises NotPlainXml.
    """
    tree = _decode(raw, namespace)
    if tree.tag != root:
        raise NotPlainXml(f"the root is not {root}")
    found = []
    for child in tree:
        if child.tag != record:
            raise NotPlainXml(f"in {root} stands something else than {record}")
        found.append(_fields(child, record))
    return found


def _fields(element: Element, record: str) -> dict[str, str]:
    fields: dict[str, str] = {}
    for child in element:
        name = child.tag
        if len(child):
            raise NotPlainXml(f"{name[:50]} of a {record} is not a plain value")
        if name in fields:
            raise NotPlainXml(f"{name[:50]} stands twice in one {record}")
        fields[name] = (child.text or "").strip()
    return fields


def _decode(raw: bytes, namespace: str) -> Element:
    try:
        text = raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise NotPlainXml(f"not UTF-8 at byte {error.start}") from error
    declared = _DECLARED.match(text)
    if declared and declared[1].lower() not in _TAKEN:
        raise NotPlainXml(f"declared as {declared[1][:40]}; only UTF-8 is read")
    # Here already: a parser that is stopped in the midst of one still expands what follows.
    if "<!DOCTYPE" in text:
        raise NotPlainXml("document types and entities are not read")
    builder = _Builder(namespace)
    parser = DefusedExpatParser(forbid_dtd=True)
    parser.setContentHandler(builder)
    try:
        parser.feed(text)
        parser.close()
    except DefusedXmlException as error:
        raise NotPlainXml("document types and entities are not read") from error
    except SAXParseException as error:
        line, column = error.getLineNumber(), error.getColumnNumber()
        raise NotPlainXml(f"not XML at line {line}, column {column}") from error
    return builder.close()

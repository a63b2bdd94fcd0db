"""XML from strangers, as events: no entities, no network, no tree, no more tags than allowed."""

from __future__ import annotations

import re
from typing import Any

from mmbm.errors import UnreadableFile
from mmbm.io.markup import Document, check_marks, named
from mmbm.text import sentence

__all__ = ["check_xml", "feed_xml"]

_CHUNK = 2**16  # bytes
_DOCUMENT_TYPE = re.compile(rb"<\x00?!\x00?(?:D\x00?O\x00?C\x00?T|E\x00?N\x00?T)")


def check_xml(content: bytes, what: Document) -> None:
    """Refuse what would be slow or large before it is parsed. Raises TooLarge, UnreadableFile."""
    check_marks(content.count(b"<"), what)
    if _DOCUMENT_TYPE.search(content):  # its entities could grow without end
        raise UnreadableFile(sentence("io.document.type", document=named(what)))


def feed_xml(content: bytes, target: Any, what: Document) -> None:
    """Send the events of ``content`` to a parser target. Raises UnreadableFile, and as it does."""
    from lxml import etree

    check_xml(content, what)
    parser = etree.XMLParser(target=target, resolve_entities=False, no_network=True, huge_tree=True)
    try:
        for start in range(0, len(content), _CHUNK):
            parser.feed(content[start : start + _CHUNK])
        parser.close()
    except etree.XMLSyntaxError as exc:
        raise UnreadableFile(sentence("io.document.not_xml", document=named(what))) from exc

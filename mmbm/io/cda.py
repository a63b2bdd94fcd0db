"""Clinical documents of HL7 CDA (CCDA): the narrative of their sections, in reading order.

The coded entries beside the narrative repeat it for machines, and are not read.
"""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Mapping

from mmbm.errors import NoSignal, UnreadableFile
from mmbm.io.markup import Page, named
from mmbm.io.note_text import InnerReader, NoteText
from mmbm.io.xml_events import feed_xml
from mmbm.text import sentence

__all__ = ["read_cda"]


def read_cda(content: bytes, inner: InnerReader, most: int) -> NoteText:
    """The narrative, or the document that stands in its place. Raises as ``inner`` does."""
    target = _Narrative(most)
    feed_xml(content, target, "cda")
    if target.document is not None:
        found = inner(target.document)
        return NoteText(found.text, "cda", found.pages, found.charset, found.warnings)
    text = target.page.text()
    if not any(char.isalnum() for char in text):
        raise NoSignal(sentence("io.cda.no_text"))
    return NoteText(text, "cda", warnings=target.page.warnings())


class _Narrative:
    """A parser target that follows ``section/title`` and ``section/text``."""

    def __init__(self, most: int) -> None:
        self.page = Page(most)
        self._path: list[str] = []
        self._within = 0  # depth inside a title or text
        self._base64: list[str] | None = None
        self._is_base64 = False
        self.document: bytes | None = None  # of a nonXMLBody

    def start(self, tag: str, attributes: Mapping[str, str]) -> None:
        """An element begins."""
        name = tag.rpartition("}")[2]
        parent = self._path[-1] if self._path else ""
        self._path.append(name)
        if self._within:
            self._within += 1
            self.page.start(name, attributes)
        elif parent == "section" and name in ("title", "text"):
            self._within = 1
            self.page.start("div", {})
        elif parent == "nonXMLBody" and name == "text":
            self._base64 = []
            self._is_base64 = attributes.get("representation") == "B64"

    def end(self, tag: str) -> None:
        """An element ends."""
        name = self._path.pop()
        if self._within:
            self._within -= 1
            self.page.end(name if self._within else "div")
        elif self._base64 is not None:
            text, self._base64 = "".join(self._base64), None
            self.document = _decoded(text) if self._is_base64 else text.encode()

    def data(self, text: str) -> None:
        """Words, or the encoded document."""
        if self._within:
            self.page.data(text)
        elif self._base64 is not None:
            self._base64.append(text)

    def close(self) -> None:
        """The document ends."""


def _decoded(text: str) -> bytes:
    try:
        return base64.b64decode(re.sub(r"\s", "", text), validate=True)
    except (binascii.Error, ValueError) as exc:
        raise UnreadableFile(sentence("io.document.base64", document=named("cda"))) from exc

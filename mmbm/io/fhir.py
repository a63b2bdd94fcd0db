"""Notes in FHIR resources, JSON or XML: narratives, conclusions and the documents they carry.

Source: HL7 FHIR R4 and R5; ``text``, ``presentedForm``, ``content.attachment``, ``section``.
"""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Iterator
from typing import Any

from mmbm.errors import InputError, MMBMError, NoSignal, UnreadableFile, UnsupportedFile
from mmbm.io.markup import named, page_text
from mmbm.io.note_text import InnerReader, NoteText
from mmbm.io.xml_events import check_xml
from mmbm.text import Sentence, sentence

__all__ = ["from_xml", "is_fhir", "read_fhir"]

_NAMESPACE = "{http://hl7.org/fhir}"
_DEEPEST = 20
_WORDS = ("conclusion", "description", "summary", "valueString", "contentString", "comment")
_FORMS = ("presentedForm", "content")  # documents: of one list, the first that is read
_RESOURCES = ("entry", "contained", "section")


def is_fhir(value: Any) -> bool:
    """Whether parsed JSON is a FHIR resource."""
    return isinstance(value, dict) and isinstance(value.get("resourceType"), str)


def from_xml(content: bytes) -> dict[str, Any]:
    """A FHIR resource in XML, in the manner of its JSON. Raises UnreadableFile."""
    from lxml import etree

    check_xml(content, "fhir")
    parser = etree.XMLParser(resolve_entities=False, no_network=True, huge_tree=True)
    try:
        root = etree.fromstring(content, parser)
    except etree.XMLSyntaxError as exc:
        raise UnreadableFile(sentence("io.document.not_xml", document=named("fhir"))) from exc
    value = _element(root, 0)
    return value if isinstance(value, dict) else {}


def _element(element: Any, depth: int) -> Any:
    from lxml import etree

    if element.tag == "{http://www.w3.org/1999/xhtml}div":
        return etree.tostring(element, encoding="unicode", with_tail=False)
    if element.get("value") is not None:
        return element.get("value")
    name = str(element.tag).removeprefix(_NAMESPACE)
    value: dict[str, Any] = {"resourceType": name} if name[:1].isupper() else {}
    for child in element if depth < 4 * _DEEPEST else ():
        if isinstance(child.tag, str):
            inner = _element(child, depth + 1)
            key = child.tag.rpartition("}")[2]
            if key[:1].isupper():  # <resource><Patient>…
                return inner
            value[key] = [*_each(value[key]), inner] if key in value else inner
    return value


def read_fhir(resources: list[Any], inner: InnerReader, most: int) -> NoteText:
    """What the resources say in words.

    Raises: NoSignal where they say nothing; UnsupportedFile where they only link to a document.
    """
    found = _Found(inner, most)
    for resource in resources:
        found.resource(resource, 0)
    if not found.texts:
        if found.refused is not None:
            raise found.refused
        if sentence("io.fhir.linked") in found.says:
            raise UnsupportedFile(sentence("io.fhir.only_linked"))
        raise NoSignal(sentence("io.fhir.no_text"))
    return NoteText("\n\n".join(found.texts), "fhir", warnings=tuple(dict.fromkeys(found.says)))


class _Found:
    """Texts in reading order, none twice."""

    def __init__(self, inner: InnerReader, most: int) -> None:
        self._inner, self._most = inner, most
        self.texts: list[str] = []
        self.says: list[Sentence] = []
        self.refused: MMBMError | None = None

    def resource(self, value: Any, depth: int) -> None:
        if not isinstance(value, dict) or depth > _DEEPEST:
            return
        if value.get("status") == "entered-in-error":
            self.says.append(sentence("io.fhir.in_error"))
            return
        narrative = value.get("text")
        if isinstance(value.get("title"), str) and isinstance(narrative, dict):
            self.string(value["title"])
        if isinstance(narrative, dict) and isinstance(narrative.get("div"), str):
            text, says = page_text(narrative["div"], self._most)
            self.add(text)
            self.says += says
        for name in _WORDS:
            if isinstance(value.get(name), str):
                self.string(value[name])
        for note in _each(value.get("note")):
            if isinstance(note, dict) and isinstance(note.get("text"), str):
                self.string(note["text"])
        for name in _FORMS:
            self.documents(list(_each(value.get(name))))
        for message in _each(value.get("payload")):
            self.documents([message])
        if value.get("resourceType") == "Binary":
            self.documents([value])
        for name in _RESOURCES:
            for part in _each(value.get(name)):
                inner = part.get("resource", part) if isinstance(part, dict) else part
                self.resource(inner, depth + 1)

    def documents(self, forms: list[Any]) -> None:
        """One document in several formats, of which the first readable one counts."""
        refused: MMBMError | None = None
        for form in forms:
            if not isinstance(form, dict):
                continue
            if isinstance(form.get("contentString"), str):
                self.string(form["contentString"])
                return
            form = form.get("attachment") or form.get("contentAttachment") or form
            if not isinstance(form, dict) or not isinstance(form.get("data"), str):
                if isinstance(form, dict) and form.get("url"):
                    self.says.append(sentence("io.fhir.linked"))
                continue
            try:
                read = self._inner(_decoded(form["data"]))
            except InputError as exc:
                refused = refused or exc
                continue
            self.add(read.text)
            self.says += read.warnings
            return
        if refused is not None:
            self.refused = self.refused or refused
            self.says.append(sentence("io.fhir.unread"))

    def string(self, text: str) -> None:
        """Words that a system may have left in markup."""
        try:
            self.add(self._inner(text.encode("utf-8", "replace")).text)
        except InputError:
            self.says.append(sentence("io.fhir.unread"))

    def add(self, text: str) -> None:
        words = " ".join(text.split())
        if any(char.isalnum() for char in words) and not any(
            words in " ".join(earlier.split()) for earlier in self.texts
        ):
            self.texts.append(text.strip("\r\n"))


def _decoded(text: str) -> bytes:
    try:
        return base64.b64decode(re.sub(r"\s", "", text), validate=True)
    except (binascii.Error, ValueError) as exc:
        raise UnreadableFile(sentence("io.document.base64", document=named("fhir"))) from exc


def _each(value: Any) -> Iterator[Any]:
    if isinstance(value, list):
        yield from value
    elif value is not None:
        yield value

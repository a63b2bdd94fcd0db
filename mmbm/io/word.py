"""Word documents (.docx, .docm, .dotx, .dotm, Transitional and Strict): all text that is seen.

Headers first, then the body, footnotes, endnotes and footers. Parts are found by their
relationships, and unpacked only as far as they are needed and allowed.
"""

from __future__ import annotations

import io
import posixpath
import zipfile
import zlib
from dataclasses import dataclass
from typing import Any
from urllib.parse import unquote

from mmbm.config import Limits
from mmbm.errors import InputError, MMBMError, TooLarge, UnreadableFile, UnsupportedFile
from mmbm.io.note_text import InnerReader, NoteText
from mmbm.io.word_left_out import LeftOut
from mmbm.io.word_story import Story
from mmbm.io.xml_events import check_xml, feed_xml
from mmbm.text import Sentence, sentence

__all__ = ["read_word"]

_PART_BYTES = 32 * 2**20  # of all parts that are read, unpacked
_IMPORTED_BYTES = 4 * 2**20  # of all imported parts together
_ENTRIES = 2000


def read_word(content: bytes, inner: InnerReader, limits: Limits) -> NoteText:
    """What the document shows. Raises UnreadableFile, UnsupportedFile, TooLarge."""
    if content.count(b"PK\x01\x02") > _ENTRIES:
        raise TooLarge(sentence("io.word.parts", limit=_ENTRIES))
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            return _Document(_Package(archive), inner, limits).found()
    except (MMBMError, MemoryError):
        raise
    except (zipfile.BadZipFile, zlib.error, EOFError, OSError, KeyError, ValueError) as exc:
        raise UnreadableFile(sentence("io.word.damaged")) from exc
    except (RuntimeError, NotImplementedError) as exc:  # zipfile's words for these two
        raise UnsupportedFile(sentence("io.word.packed")) from exc


@dataclass(frozen=True, slots=True)
class _Relation:
    kind: str  # the last word of its type: header, footnotes, aFChunk, …
    target: str  # name of the part, or an address outside
    external: bool


class _Package:
    """The parts of a document, each unpacked when it is asked for."""

    def __init__(self, archive: zipfile.ZipFile) -> None:
        self._archive = archive
        self._names = {name.lower(): name for name in archive.namelist()}
        self._left = _PART_BYTES

    def read(self, name: str) -> bytes:
        """One part, whatever size its entry claims. Raises TooLarge; KeyError where missing."""
        info = self._archive.getinfo(self._names[name.lower()])
        if info.file_size > self._left:
            raise TooLarge(sentence("io.word.unpacks", megabytes=_PART_BYTES / 2**20))
        with self._archive.open(info) as part:
            content = part.read(self._left)
        self._left -= len(content)
        return content

    def has(self, name: str) -> bool:
        return name.lower() in self._names

    def under(self, folder: str) -> bool:
        return any(name.startswith(folder) for name in self._names)

    def relations(self, name: str) -> dict[str, _Relation]:
        """What a part refers to, by id; "" is the package itself."""
        folder, base = posixpath.split(name)
        listed = posixpath.join(folder, "_rels", f"{base}.rels")
        if not self.has(listed):
            return {}
        content = self.read(listed)
        found: dict[str, _Relation] = {}
        for element in _root(content):
            target = unquote(element.get("Target", ""))
            inside = posixpath.normpath(posixpath.join("/", folder, target)).lstrip("/")
            found[element.get("Id", "")] = _Relation(
                element.get("Type", "").rpartition("/")[2],
                inside,
                element.get("TargetMode") == "External",
            )
        return found


def _root(content: bytes) -> Any:
    from lxml import etree

    check_xml(content, "word")
    try:
        return etree.fromstring(content, etree.XMLParser(resolve_entities=False, no_network=True))
    except etree.XMLSyntaxError as exc:
        raise UnreadableFile(sentence("io.word.damaged")) from exc


class _Document:
    """Reads the parts in the order in which they are seen."""

    def __init__(self, package: _Package, inner: InnerReader, limits: Limits) -> None:
        self._package, self._inner, self._limits = package, inner, limits
        self._main = self._main_part()
        self._relations = package.relations(self._main)
        self._hidden_styles = self._styles()
        self._left_out = LeftOut()
        self._says: list[Sentence] = []
        self._read_in: dict[str, str] = {}  # the text of each imported part
        self._imported_bytes = 0

    def found(self) -> NoteText:
        """The whole text."""
        body = self._story(self._main)
        lines = [*self._margins("header", body.sections), *body.lines]
        lines += self._notes("footnotes", "f", body.notes)
        lines += self._notes("endnotes", "e", body.notes)
        lines += self._margins("footer", body.sections)
        text = "\n".join(lines).strip("\n")
        return NoteText(
            text, "docx", warnings=(*self._left_out.sentences(), *dict.fromkeys(self._says))
        )

    def _main_part(self) -> str:
        for relation in self._package.relations("").values():
            if relation.kind == "officeDocument" and self._package.has(relation.target):
                if relation.target.lower().startswith(("xl/", "ppt/")):
                    break
                return relation.target
        if self._package.has("word/document.xml"):
            return "word/document.xml"
        kinds = {"xl/": "excel", "ppt/": "powerpoint"}
        what = next((w for folder, w in kinds.items() if self._package.under(folder)), "archive")
        raise UnsupportedFile(sentence(f"io.word.not_word.{what}"))

    def _story(self, name: str) -> Story:
        relations = self._relations if name == self._main else self._package.relations(name)
        story = Story(
            self._limits.notes_characters,
            self._hidden_styles,
            self._left_out,
            lambda id_: self._imported(relations.get(id_)),
        )
        feed_xml(self._package.read(name), story, "word")
        return story

    def _imported(self, relation: _Relation | None) -> str:
        """The text of a part that stands for itself: a web page, a mail, another document."""
        if relation is None or relation.external or not self._package.has(relation.target):
            self._left_out.linked = True
            return ""
        if relation.target not in self._read_in:
            self._read_in[relation.target] = self._import(relation.target)
        return self._read_in[relation.target]

    def _import(self, name: str) -> str:
        content = self._package.read(name)
        self._imported_bytes += len(content)
        if self._imported_bytes > _IMPORTED_BYTES:
            raise TooLarge(sentence("io.word.imports", megabytes=_IMPORTED_BYTES // 2**20))
        try:
            found = self._inner(content)
        except TooLarge:
            raise
        except InputError as exc:
            self._says.append(sentence("io.word.import_unread", reason=exc.sentence))
            return ""
        self._says += found.warnings
        return found.text

    def _margins(self, kind: str, sections: list[dict[str, str]]) -> list[str]:
        """The lines of headers or footers, each text once; those of even pages where in use."""
        shown: dict[str, None] = {}
        for section in sections:
            for page in ("first", "default", "even"):
                relation = self._relations.get(section.get(f"{kind} {page}", ""))
                if page == "first" and not section.get("title"):
                    continue
                if relation is None or (page == "even" and not self._even_pages()):
                    continue
                if self._package.has(relation.target):
                    shown[relation.target] = None
        texts = ("\n".join(self._story(name).lines).strip() for name in shown)
        return [text for text in dict.fromkeys(texts) if text]

    def _even_pages(self) -> bool:
        settings = self._named("settings")
        return bool(settings) and b"evenAndOddHeaders" in self._package.read(settings)

    def _notes(self, kind: str, letter: str, referred: list[str]) -> list[str]:
        name = self._named(kind)
        if not name or not any(note.startswith(letter) for note in referred):
            return []
        return [line for line in self._story(name).lines if line.strip()]

    def _named(self, kind: str) -> str:
        targets = (r.target for r in self._relations.values() if r.kind == kind)
        return next((name for name in targets if self._package.has(name)), "")

    def _styles(self) -> frozenset[str]:
        """The ids of styles whose text is hidden, by themselves or by what they build on."""
        name = self._named("styles")
        if not name:
            return frozenset()
        content = self._package.read(name)
        own: dict[str, bool] = {}
        based: dict[str, str] = {}
        for style in _root(content):
            if not isinstance(style.tag, str) or not style.tag.endswith("}style"):
                continue
            at = {key.rpartition("}")[2]: value for key, value in style.attrib.items()}
            key = at.get("styleId", "")
            for element in style.iter():
                local = str(element.tag).rpartition("}")[2]
                value = next((v for k, v in element.attrib.items() if k.endswith("}val")), "1")
                if local == "basedOn":
                    based[key] = value
                elif local == "vanish":
                    own[key] = value.lower() not in ("0", "false", "off")
        return frozenset(key for key in {*own, *based} if _inherits(key, own, based))


def _inherits(key: str, own: dict[str, bool], based: dict[str, str]) -> bool:
    for _ in range(20):
        if key in own:
            return own[key]
        if key not in based:
            return False
        key = based[key]
    return False

"""Everything that MMBM says stands in the tables, in both languages, and is said somewhere."""

import ast
import copy
import json
import pickle
import re
import string
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

import mmbm.errors
from mmbm.errors import NoSignal
from mmbm.text import LANGUAGES, Sentence, into, name_of, placeholders, sentence, table
from tests.made_sentences import ROOT, called, calls, sources
from tests.made_terms import english

TEXT = ROOT / "mmbm" / "text"
OWN = {"list.and", "name.plain", "text.plain"}  # said by mmbm.text itself
ERRORS = set(mmbm.errors.__all__)
# Rooms whose sentences still stand where they are raised.
OPEN: tuple[str, ...] = ()
# Rooms whose texts are words to read or to write with, not things to say.
WORD_LISTS = (
    "branches/notes/", "data/masking.py", "data/sources/nih.py", "data/sources/openi.py",
    "data/synthesis/", "branches/audio/space.py",
    "branches/image/space.py", "io/language.py", "io/markup.py",
    "io/pdf.py", "io/terms.py", "io/wanted.py", "io/word_story.py", "privacy/names.py",
)  # fmt: skip


def test_the_tables_have_the_same_codes_in_order():
    for language in LANGUAGES:
        content = (TEXT / f"{language}.json").read_text(encoding="utf-8")
        codes = [code for code, _ in json.loads(content, object_pairs_hook=list)]
        assert codes == sorted(set(codes)), language
        assert codes == list(table("en"))


def test_all_languages_take_the_same_values_in_the_same_form():
    for code, words in table("en").items():
        forms = {(name, form) for _, name, form, _ in string.Formatter().parse(words) if name}
        chinese = string.Formatter().parse(table("zh")[code])
        assert {(name, form) for _, name, form, _ in chinese if name} == forms, code


@pytest.mark.parametrize("path", sources(), ids=lambda p: str(p.relative_to(ROOT)))
def test_every_code_asked_for_is_in_the_tables_with_the_values_given(path):
    for call in calls(path):
        assert call.codes, f"{call.place}: no sentence for {call.code}"
        for code in call.codes:
            if call.values != {"**"}:
                assert placeholders(code) == call.values, f"{call.place}: {code}"


def test_every_code_in_the_tables_is_asked_for():
    asked = {code for path in sources() for call in calls(path) for code in call.codes}
    assert set(table("en")) - asked == OWN


def closed(path: Path) -> bool:
    room = path.relative_to(ROOT / "mmbm").with_suffix("").parts[0]
    return room not in OPEN


MODULES = [p for p in sources() if p.is_relative_to(ROOT / "mmbm") and closed(p)]


@pytest.mark.parametrize("path", MODULES, ids=lambda p: str(p.relative_to(ROOT)))
def test_no_refusal_is_a_bare_text(path):
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
            bare = any(isinstance(arg, ast.Constant | ast.JoinedStr) for arg in node.args)
            assert not (node.func.id in ERRORS and bare), f"{path.name}:{node.lineno}"


def texts_of(path: Path):
    """The texts in a file that are no docstrings, with their lines; values are left out."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    skipped = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Expr):  # a docstring
            skipped.add(id(node.value))
        if isinstance(node, ast.Raise) and called(node.exc) not in ERRORS:  # nobody reads it
            skipped |= {id(part) for part in ast.walk(node)}
        if called(node).startswith("typer."):  # help stays in English
            skipped |= {id(part) for part in ast.walk(node)}
        if isinstance(node, ast.JoinedStr):
            skipped |= {id(part) for part in node.values}
    for node in ast.walk(tree):
        if id(node) in skipped:
            continue
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            yield node.lineno, node.value
        elif isinstance(node, ast.JoinedStr):
            parts = (str(p.value) if isinstance(p, ast.Constant) else "1" for p in node.values)
            yield node.lineno, "".join(parts)


@pytest.mark.parametrize("path", MODULES, ids=lambda p: str(p.relative_to(ROOT)))
def test_no_warning_is_a_bare_text(path):
    if path.relative_to(ROOT / "mmbm").as_posix().startswith(WORD_LISTS):
        return
    for line, text in texts_of(path):
        words = re.findall(r"(?<![^ ])[A-Za-z][a-z']+[,;:.]?(?= |$)", text)
        assert len(words) < 5 or text.startswith("import "), f"{path.name}:{line}: {text}"


def sample(code: str) -> dict[str, object]:
    """A value for each placeholder: a number where it is formatted as one."""
    parsed = string.Formatter().parse(table("en")[code])
    return {name: 12.0 if form and form[-1] in "fg%" else 12 for _, name, form, _ in parsed if name}


def lists_names(code: str) -> bool:
    """Whether a sentence is a data set's files, or its name, licence and authors."""
    return code.startswith(("source.layout.", "card.source.", "card.licence_of."))


@pytest.mark.parametrize("code", [code for code in table("en") if lists_names(code)])
def test_between_names_stand_chinese_words(code):
    said = Sentence(code, {}).into("zh")
    assert re.search("[\u4e00-\u9fff]", said) or code == "card.licence_of.openi"
    assert not re.search(
        r"\b(?:and|or|of|the|with|for|each|use|adults|labels|cite|copy|listed|folder)\b", said
    )


@pytest.mark.parametrize("code", [code for code in table("en") if not lists_names(code)])
def test_every_sentence_is_drawn_in_chinese_without_a_word_of_english(code):
    said = Sentence(code, sample(code)).into("zh")
    assert english(said) == [], said
    assert "{" not in said + str(Sentence(code, sample(code)))


def test_a_sentence_is_its_english_words_and_goes_into_another_language():
    said = sentence("io.dicom.frames", frames=600, limit=512)
    assert said == "The file has 600 frames; at most 512 are read. Export the chest X-ray alone."
    assert said.into("en") == said
    assert said.into("zh") == "文件有 600 帧，最多读取 512 帧。请仅导出胸片。"
    assert into("zh", "a name") == "a name"
    assert NoSignal(said).into("zh") == said.into("zh")


def test_sentences_within_a_sentence_go_into_the_language_too():
    years = sentence("patient.years", count=58.2)
    said = sentence("patient.age_differs", notes=years, header=sentence("patient.months", count=7))
    assert "58 years, the DICOM header 7 months" in said
    assert "58 岁，DICOM 文件头为 7 个月" in said.into("zh")
    steps = tuple(sentence(f"io.dicom.turn.{step}") for step in ("transposed", "mirrored"))
    both = sentence("io.dicom.turned", turn=steps, direction="?")
    assert "stored transposed and mirrored (" in both and "以转置和左右镜像存储" in both.into("zh")
    three = sentence("io.pdf.page.stamp", pages=(1, 2, 5))
    assert three.endswith(": 1, 2 and 5.") and three.into("zh").endswith("：1、2和5。")


@dataclass(frozen=True)
class Holder:
    said: tuple[str, ...] = ()
    name: str = ""


def test_a_sentence_stays_one_on_every_way_that_cases_take():
    said = sentence("patient.age_differs", notes=sentence("patient.years", count=58), header="?")
    held = replace(Holder((said,)), name="x")
    ways = [
        pickle.loads(pickle.dumps(said)), copy.deepcopy(said), next(iter(dict.fromkeys([said]))),
        held.said[0], pickle.loads(pickle.dumps(NoSignal(said))).args[0],
        Sentence.decoded(json.loads(json.dumps(said.coded()))),
    ]  # fmt: skip
    for again in ways:
        assert again == said and again.into("zh") == said.into("zh")
    assert json.dumps([said], ensure_ascii=False) == json.dumps([str(said)], ensure_ascii=False)


def test_an_unknown_code_or_a_missing_value_is_a_mistake():
    with pytest.raises(KeyError):
        sentence("io.file.no_such")
    with pytest.raises(KeyError):
        sentence("io.dicom.frames", frames=600)


def test_a_name_that_no_table_has_is_shown_plainly():
    assert name_of("finding", "viral") == "If pneumonia: viral"
    assert name_of("finding", "pleural_plaque") == "Pleural plaque"
    assert name_of("finding", "pleural_plaque").into("zh") == "Pleural plaque"

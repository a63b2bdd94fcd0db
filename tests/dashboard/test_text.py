import ast
import itertools
import json
import re
from pathlib import Path

import pytest

import dashboard
from dashboard.text import LANGUAGES, texts
from tests.made_terms import SCREEN, english

PAGES = Path(dashboard.__file__).parent


def test_all_languages_have_the_same_keys():
    keys = {language: set(texts(language).strings) for language in LANGUAGES}
    assert keys["en"] == keys["zh"]


@pytest.mark.parametrize("language", list(LANGUAGES))
def test_no_key_stands_twice_in_a_file(language):
    content = (PAGES / "text" / f"{language}.json").read_text(encoding="utf-8")
    pairs = json.loads(content, object_pairs_hook=list)
    assert len({key for key, _ in pairs}) == len(pairs)


def test_all_languages_fill_the_same_blanks():
    for key, words in texts("en").strings.items():
        blanks = set(re.findall(r"{(\w+)}", words))
        assert set(re.findall(r"{(\w+)}", texts("zh").strings[key])) == blanks, key


def test_every_key_that_the_screen_asks_for_is_written():
    keys = set(texts("en").strings)
    for source in PAGES.rglob("*.py"):
        asked = re.findall(r'say\(\s*"([a-z_.0-9]+)"', source.read_text(encoding="utf-8"))
        assert set(asked) <= keys, source.name


def test_every_text_that_is_written_is_asked_for():
    """By its key, by a key with blanks, or by ``say.name(kind, …)``."""
    asked = set()
    for source in PAGES.rglob("*.py"):
        for node in ast.walk(ast.parse(source.read_text(encoding="utf-8"))):
            match node:
                case ast.Constant(value=str(key)):
                    asked.add(re.escape(key))
                case ast.JoinedStr(values=[ast.Constant(value=str(start)), *rest]) if "." in start:
                    parts = [
                        re.escape(p.value) if isinstance(p, ast.Constant) else ".+" for p in rest
                    ]
                    asked.add(re.escape(start) + "".join(parts))
                case ast.Call(func=called, args=args):
                    for of, kind in itertools.pairwise([called, *args]):
                        if getattr(of, "attr", "") == "name" and isinstance(kind, ast.Constant):
                            asked.add(re.escape(str(kind.value)) + r"\..+")
    one_of = re.compile("|".join(asked))
    assert [key for key in texts("en").strings if not one_of.fullmatch(key)] == []


def test_a_name_without_words_of_its_own_is_shown_plainly():
    say = texts("en")
    assert say.name("finding", "pneumonia") == "Pneumonia"
    assert say.name("finding", "pleural_effusion") == "Pleural effusion"


def test_the_research_sentence():
    assert texts("en")("app.research") == "Research use, not a medical device"


@pytest.mark.parametrize("key", texts("zh").strings)
def test_every_text_is_chinese_but_for_terms(key):
    said = re.sub(r"{\w*}", "12", texts("zh").strings[key])
    assert english(said, SCREEN) == [], said


def test_a_text_left_in_english_is_found():
    assert english("方法：12 · baseline：12", SCREEN) == ["baseline"]
    assert english("All sources", SCREEN) == ["All", "sources"]

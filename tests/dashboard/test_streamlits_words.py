"""Streamlit's own words: those of the table are Streamlit's, and ours for them are Chinese."""

import json
import re
from pathlib import Path

import pytest
import streamlit

from dashboard import words
from dashboard.text import LANGUAGES
from tests.made_terms import SCREEN, english

HOME = Path(streamlit.__file__).parent
# What Streamlit puts together from several texts, as these.
COMPOSED = {
    r"^\{\} options? available\.$": ("{} option", " available."),
    r"^Press .*\+Enter to (.*)$": ("Press ", "+Enter to ", r"\1"),
    r"^Press Enter to (.*)$": ("Press Enter to ", r"\1"),
    r"^(.*)\. (Running the app's main page\.)$": (r"\1", r"\2"),
    r"^\{\} — (.*)$": (" — ", r"\1"),
    r"^(.*) icon$": (" icon",),
    r"^([A-Z].*): \{\}$": (r"\1", ": "),
}


@pytest.fixture(scope="module")
def streamlits():
    """All that Streamlit may say: its scripts, and what its server says of an error."""
    scripts = sorted((HOME / "static" / "static" / "js").glob("*.js"))
    error = (HOME / "elements" / "exception.py").read_text(encoding="utf-8")
    joined = re.sub(r'"\n\s+"', "", error)
    return "\n".join([*(s.read_text(encoding="utf-8") for s in scripts), joined])


def parts(theirs):
    for form, made_of in COMPOSED.items():
        if found := re.search(form, theirs):
            return [part for whole in made_of for part in found.expand(whole).split("{}")]
    return theirs.split("{}")


@pytest.mark.parametrize("theirs", words.table("zh"))
def test_these_are_streamlits_words_and_ours_are_chinese(streamlits, theirs):
    ours = words.table("zh")[theirs]
    assert all(part in streamlits for part in parts(theirs))
    assert english(ours.replace("{}", ""), SCREEN, code=False) == []
    assert re.search("[\u4e00-\u9fff]", ours)
    assert ours.count("{}") == theirs.count("{}")


def test_words_that_are_not_streamlits_are_found(streamlits):
    assert not all(part in streamlits for part in parts("Drop your X-ray here"))


@pytest.mark.parametrize("language", LANGUAGES)
def test_no_word_stands_twice(language):
    file = Path(words.__file__).with_name(f"{language}.json")
    pairs = json.loads(file.read_text("utf-8"), object_pairs_hook=list) if file.exists() else []
    assert len({theirs for theirs, _ in pairs}) == len(pairs)
    assert bool(pairs) == (language != "en"), "Streamlit speaks English"

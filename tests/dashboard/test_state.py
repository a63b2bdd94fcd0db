import re
from pathlib import Path

import pytest

import dashboard
from dashboard import samples
from mmbm.case import MODALITIES
from mmbm.predict import Predictor

SCREEN = Path(dashboard.__file__).parent
SOURCES = sorted(SCREEN.rglob("*.py"))


def touching(pattern):
    """The files in which it stands."""
    return {
        path.relative_to(SCREEN).as_posix()
        for path in SOURCES
        if re.search(pattern, path.read_text(encoding="utf-8"))
    }


def test_only_state_touches_the_session_and_only_models_the_caches():
    assert touching(r"st\.session_state") == {"state/session.py", "state/stored.py"}
    assert touching(r"st\.cache_|@cache_|\bcache_(resource|data)") == {"models.py"}


def test_no_thread_knows_of_the_page():
    assert touching(r"ThreadPoolExecutor|threading|Thread\(") == {
        "archive.py",
        "dictated.py",
        "given.py",
        "jobs.py",
        "scoring.py",
        "server/calls.py",
    }
    assert "streamlit as" not in (SCREEN / "archive.py").read_text(encoding="utf-8")
    assert "streamlit as" not in (SCREEN / "dictated.py").read_text(encoding="utf-8")
    assert "streamlit as" not in (SCREEN / "given.py").read_text(encoding="utf-8")
    assert "streamlit as" not in (SCREEN / "jobs.py").read_text(encoding="utf-8")
    assert "streamlit as" not in (SCREEN / "scoring.py").read_text(encoding="utf-8")


def test_the_shared_cache_holds_models_and_nothing_else():
    content = (SCREEN / "models.py").read_text(encoding="utf-8")
    assert re.findall(r"@st\.cache_\w+[^\n]*\ndef (\w+)\(([^)]*)\) -> (\w+)", content) == [
        ("_load", "model: str, device: str", Predictor.__name__),
    ]


def test_no_page_lets_html_through_markdown():
    assert not any("unsafe_allow" in p.read_text(encoding="utf-8") for p in SOURCES)


def test_nothing_is_fetched_from_elsewhere():
    front = [*SCREEN.rglob("*.js"), *SCREEN.rglob("*.css"), *SCREEN.rglob("*.html"), *SOURCES]
    assert not any(re.search(r"https?://", p.read_text(encoding="utf-8")) for p in front)


def test_no_folder_named_pages_beside_the_app():
    assert not (SCREEN / "pages").exists()


@pytest.mark.parametrize("name", samples.samples())
def test_every_sample_case_is_whole(name):
    assert set(samples.sample_files(name)) == set(MODALITIES)

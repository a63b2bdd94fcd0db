import re
from pathlib import Path

import pytest

import dashboard
from dashboard import state
from mmbm.case import MODALITIES
from mmbm.predict import Predictor

SCREEN = Path(dashboard.__file__).parent
SOURCES = sorted(SCREEN.rglob("*.py"))


def test_only_state_touches_the_session_and_the_caches():
    touching = {
        path.relative_to(SCREEN).as_posix()
        for path in SOURCES
        if re.search(r"st\.session_state|st\.cache_|@cache_", path.read_text(encoding="utf-8"))
    }
    assert touching == {"state.py"}


def test_the_shared_cache_holds_the_model_and_nothing_else():
    content = (SCREEN / "state.py").read_text(encoding="utf-8")
    assert re.findall(r"@st\.cache_\w+[^\n]*\ndef (\w+)\(([^)]*)\) -> (\w+)", content) == [
        ("_load", "model: str, device: str", Predictor.__name__)
    ]


def test_no_page_lets_html_through_markdown():
    assert not any("unsafe_allow" in p.read_text(encoding="utf-8") for p in SOURCES)


def test_nothing_is_fetched_from_elsewhere():
    front = [*SCREEN.rglob("*.js"), *SCREEN.rglob("*.css"), *SCREEN.rglob("*.html"), *SOURCES]
    assert not any(re.search(r"https?://", p.read_text(encoding="utf-8")) for p in front)


def test_no_folder_named_pages_beside_the_app():
    assert not (SCREEN / "pages").exists()


def test_a_cleared_part_keeps_nothing_and_empties_its_widgets():
    part = state.Part()
    part.offer(b"bytes", "film.dcm")
    assert part.given and part.pending
    part.clear()
    assert (part.content, part.name, part.given, part.turn) == (None, "", False, 1)


def test_a_new_file_replaces_text_frame_and_error():
    part = state.Part(typed="note", frame=3, error="no")
    part.offer(b"bytes", "film.dcm")
    assert (part.typed, part.frame, part.error) == (None, 0, "")


@pytest.mark.parametrize("name", state.samples())
def test_every_sample_case_is_whole(name):
    folder = state.assets_folder() / "samples" / name
    assert all((folder / state.SAMPLE_FILES[m]).is_file() for m in MODALITIES)

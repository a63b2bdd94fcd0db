import re
import shutil

import numpy as np
import pytest

from dashboard.parts import badge, closer_map
from dashboard.text import texts
from mmbm.explain.verdict import Check, MapVerdict, Sanity, write_sanity
from mmbm.predict import Predictor
from tests.made_files import dicom, ramp, tone, wav

pytestmark = pytest.mark.slow

PAGES = [
    f"screens/{name}.py" for name in ("review", "model", "compare", "data", "cohorts", "about")
]
NOTE = b"Fever and cough. <script>alert(1)</script> Crackles at the right base."


def shown(app):
    """All HTML and Markdown on the screen."""
    return "\n".join(e.value for e in [*app.get("html"), *app.markdown, *app.subheader])


@pytest.fixture
def patient(monkeypatch):
    """Every map is judged unasked, however busy the machine."""
    monkeypatch.setattr(badge, "PATIENCE", 1e9)


def upload(app, modality, name, content):
    """Hand a file to a part's uploader and run."""
    keys = [u.key for u in app.file_uploader]
    at = next(i for i, key in enumerate(keys) if key.startswith(f"{modality}-upload"))
    app.file_uploader[at].set_value((name, content, "application/octet-stream"))
    return app.run()


def open_tab(app, name):
    """Open one of the tabs beside the film and run."""
    app.session_state["review-tab-en"] = name
    return app.run()


def clean(app):
    assert not app.exception
    assert "Research use, not a medical device" in shown(app)
    return app


def opened(app, page, tab, language="en"):
    """A page with one of its tabs open, and no error on it."""
    app.query_params["language"] = language
    app.session_state[f"{page}-tab-{language}"] = texts(language)(f"{page}.tab.{tab}")
    app.run()
    app.switch_page(f"screens/{page}.py").run()
    assert not app.exception and not app.error
    return app


@pytest.mark.parametrize("page", PAGES)
@pytest.mark.parametrize("language", ["en", "zh"])
def test_every_page_opens_in_every_language(app, page, language):
    app.run()
    app.switch_page(page).run()
    app.segmented_control(key="language").set_value(language).run()
    assert not app.exception
    assert not app.error
    sentence = {"en": "Research use, not a medical device", "zh": "仅供研究，不是医疗器械"}
    assert sentence[language] in shown(app)


def test_a_whole_case_is_read_scored_and_explained(app):
    clean(app.run())
    upload(app, "image", "film", dicom(PixelSpacing=[0.2, 0.2]))
    upload(app, "notes", "note.txt", NOTE)
    clean(upload(app, "audio", "sound.wav", wav(tone())))
    assert not app.error
    screen = shown(app)
    assert "256 × 240 px" in screen
    assert "0.2 mm per pixel" in screen
    assert "Pneumonia" in screen
    assert "sums to the logit within 1e-" in screen
    assert screen.count("validated in one source") + screen.count("exploratory") >= 2
    assert (
        len(re.findall(r'</th><td class="number">0\.\d\d</td>', screen)) == 3
    )  # a fusion weight in the row of each part
    assert not app.get("plotly_chart")
    assert {"viewer", "film-map", "sound-told"} <= {c.key for c in app.get("bidi_component")}
    sounding = open_tab(app, "Lung sound")
    assert "listener" in {c.key for c in sounding.get("bidi_component")}
    assert "has no verdict of its own" in shown(clean(open_tab(app, "X-ray map")))


def test_a_script_in_a_typed_note_is_shown_not_run(app):
    app.run()
    app.text_area[0].set_value(NOTE.decode()).run()
    clean(app)
    assert "<script" not in shown(app)
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in re.sub(r"</?span[^>]*>", "", shown(app))


def test_a_damaged_file_is_refused_in_one_sentence_and_the_rest_stays(app):
    app.run()
    upload(app, "notes", "note.txt", NOTE)
    clean(upload(app, "image", "film.dcm", b"DICM, but no film"))
    assert len(app.error) == 1
    assert app.error[0].value.startswith("Chest X-ray could not be read: ")
    assert "note.txt" in shown(app)
    assert "Pneumonia" in shown(app)


def test_a_missing_part_is_named_with_what_follows(app):
    app.run()
    clean(upload(app, "notes", "note.txt", NOTE))
    assert shown(app).count('<td class="number">not given</td>') == 2
    open_tab(app, "Lung sound")
    assert "Lung sound: not given. The contribution is exactly 0" in shown(clean(app))
    open_tab(app, "X-ray map")
    assert "Chest X-ray: not given. The contribution is exactly 0" in shown(clean(app))


def test_notes_can_be_typed_and_emptied(app):
    app.run()
    app.text_area[0].set_value("Fever and a productive cough.").run()
    assert "typed · 29 characters · English" in shown(clean(app))
    typed = next(t for t in app.text_area if t.key.startswith("notes-typed"))  # not the what-if's
    typed.set_value("").run()
    assert "No" not in [b.label for b in clean(app).button]
    assert "Pneumonia" not in shown(app)


def test_the_frame_of_a_longer_file_can_be_picked(app):
    app.run()
    upload(app, "image", "cine.dcm", dicom(np.stack([ramp(), ramp()[:, ::-1], ramp()])))
    assert "frame 1 of 3" in shown(clean(app))
    frames = next(n for n in app.number_input if n.key.startswith("image"))
    frames.set_value(2).run()
    assert "frame 2 of 3" in shown(clean(app))


def test_new_case_forgets_everything(app):
    app.run()
    upload(app, "notes", "note.txt", NOTE)
    app.button(key="new-case").click().run()
    assert "Crackles" not in shown(clean(app))
    held = app.session_state["session"]
    assert held.review is None
    assert all(part.value is None and part.content is None for part in held.given.parts.values())


def test_the_case_survives_a_look_at_another_page(app):
    app.run()
    upload(app, "notes", "note.txt", NOTE)
    app.switch_page("screens/about.py").run()
    assert "Crackles" not in shown(clean(app))
    app.switch_page("screens/review.py").run()
    assert "Crackles" in shown(clean(app))


def test_the_note_is_read_from_its_words_or_at_the_last_layer(app):
    app.run()
    clean(upload(app, "notes", "note.txt", NOTE))
    screen = shown(app)
    assert "Method: DeepLIFT · baseline: unknown words" in screen
    assert "Raises most" in screen and "Full colour = " not in screen
    clean(app.segmented_control(key="words-map").set_value("last").run())
    assert "Full colour = " in shown(app)


def test_the_map_of_the_note_is_judged_beside_it(app, patient):
    app.run()
    clean(upload(app, "notes", "note.txt", NOTE))
    assert re.search(r'<details class="small judged"><summary><span class="verdict ', shown(app))
    assert "Chance that a random order does as well" in shown(app)
    clean(app.segmented_control(key="words-map").set_value("last").run())
    assert '<details class="small judged"' not in shown(app)


def test_a_failed_map_of_the_note_is_greyed_until_it_is_wanted(app, monkeypatch, patient):
    failed = MapVerdict((Check("deletion", 0.4), Check("insertion", 0.4)), 1.0, 1.0, 1.0)
    monkeypatch.setattr(badge, "verdict", lambda *_, **__: failed)
    app.run()
    upload(app, "notes", "note.txt", NOTE)
    assert ".st-key-words-shown { filter: grayscale(1)" in shown(clean(app))
    app.toggle(key="words-shown-show").set_value(True).run()
    assert ".st-key-words-shown { filter" not in shown(clean(app))


def test_another_finding_can_be_explained(app):
    app.run()
    upload(app, "notes", "note.txt", NOTE)
    app.button(key="finding-no_finding").click().run()
    assert any(s.value.startswith("No opacity seen, ") for s in clean(app).subheader)


def test_a_prevalence_moves_the_probability_and_its_account_and_survives_a_reload(app):
    app.run()
    upload(app, "notes", "note.txt", NOTE)
    assert "calibrated at a prevalence of" in shown(clean(app))
    app.number_input(key="prevalence-pneumonia").set_value(2.0).run()
    screen = shown(clean(app))
    assert "At your prevalence of 2 %" in screen and "at a prevalence of 2 % <i>" in screen
    assert "for your prevalence" in screen
    assert "sums to the logit within 1e-" in screen
    assert app.query_params["prevalence-pneumonia"] == "2"
    app.button(key="finding-no_finding").click().run()
    assert "for your prevalence" not in shown(clean(app))
    assert "at a prevalence of 2 % <i>" in shown(app)  # pneumonia's bar stays as it was set
    app.button(key="finding-pneumonia").click().run()
    assert app.number_input(key="prevalence-pneumonia").value == 2.0
    app.number_input(key="prevalence-pneumonia").set_value(None).run()
    assert "prevalence-pneumonia" not in clean(app).query_params
    assert "At your prevalence of" not in shown(app)


@pytest.mark.parametrize("typed", ["2.5", "nan", "0", "100", "inf", "<b>", "-3", ""])
def test_a_prevalence_in_the_address_is_used_only_if_it_is_one(app, typed):
    app.query_params["prevalence-pneumonia"] = typed
    app.run()
    upload(app, "notes", "note.txt", NOTE)
    assert ("At your prevalence of" in shown(clean(app))) == (typed == "2.5")


def test_what_no_answer_covers_stands_beside_the_answers(app):
    app.run()
    upload(app, "notes", "note.txt", NOTE)
    screen = shown(clean(app))
    assert "Not assessed: pneumothorax, pleural effusion" in screen


@pytest.mark.parametrize(
    ("modality", "name", "content"),
    [("image", "film", dicom()), ("notes", "n.txt", NOTE), ("audio", "s.wav", wav(tone(2.0)))],
)
def test_look_closer_says_method_baseline_and_error(app, modality, name, content, patient):
    app.run()
    upload(app, modality, name, content)
    open_tab(app, "Look closer")
    app.button(key="closer-run").click().run()
    assert "Method: DeepLIFT · baseline: " in shown(clean(app))
    assert "The shares sum to" in shown(app)
    assert "Full colour is" in shown(app)
    assert 'class="verdict ' in shown(app)
    assert "Chance that a random order does as well" in shown(app)
    assert "Not done for this model and method." in shown(app)


def test_two_methods_are_set_side_by_side_and_a_method_without_sum_says_so(app, patient):
    app.run()
    upload(app, "image", "film", dicom())
    open_tab(app, "Look closer")
    app.toggle(key="closer-compare").set_value(True).run()
    app.selectbox(key="closer-second-image").set_value(("pixels", "Saliency")).run()
    assert [b.label for b in app.selectbox].count("Baseline") == 1
    app.button(key="closer-run").click().run()
    assert "Method: Saliency · baseline: none" in shown(clean(app))
    assert "does not guarantee a sum" in shown(app)
    assert "Its scale is its own" in shown(app)
    assert shown(app).count('class="verdict ') == 2


def test_sound_is_explained_over_bands_or_samples(app):
    app.run()
    upload(app, "audio", "s.wav", wav(tone(2.0)))
    open_tab(app, "Look closer")
    names = app.selectbox(key="closer-method-audio").options
    assert names[0] == "DeepLIFT · frequency bands over time"
    assert names[-1] == "Integrated Gradients · samples"


def test_a_failed_map_is_greyed_until_it_is_wanted(app, monkeypatch, patient):
    failed = MapVerdict((Check("deletion", 0.4), Check("insertion", 0.4)), 1.0, 1.0, 1.0)
    monkeypatch.setattr(badge, "verdict", lambda *_, **__: failed)
    app.run()
    upload(app, "notes", "note.txt", NOTE)
    open_tab(app, "Look closer")
    app.button(key="closer-run").click().run()
    assert "Do not rely on this map" in shown(clean(app))
    assert ".st-key-closer-map-0 { filter: grayscale(1)" in shown(app)
    app.toggle(key="closer-map-0-show").set_value(True).run()
    assert ".st-key-closer-map-0 { filter: grayscale(1)" not in shown(clean(app))
    open_tab(app, "Notes")
    app.toggle(key="words-shown-show").set_value(True).run()  # the same map beside the note
    assert "grayscale" not in shown(clean(app))


def test_a_map_that_is_nothing_beside_the_case_is_said_to_be_none(app, monkeypatch):
    monkeypatch.setattr(closer_map, "NEGLIGIBLE", 1e9)
    app.run()
    upload(app, "notes", "note.txt", NOTE)
    open_tab(app, "Look closer")
    app.button(key="closer-run").click().run()
    assert "No evidence here: all shares sum to" in shown(clean(app))


def test_the_stored_sanity_check_is_shown(app, tiny_model_dir, tmp_path, monkeypatch, patient):
    folder = shutil.copytree(tiny_model_dir, tmp_path / "model")
    sha = Predictor.load(folder, "cpu").identity.sha256
    write_sanity(folder, [Sanity(sha, "words", "DeepLIFT", 0.12, 3)])
    monkeypatch.setenv("MMBM_MODEL", str(folder))
    app.run()
    upload(app, "notes", "note.txt", NOTE)
    open_tab(app, "Look closer")
    app.button(key="closer-run").click().run()
    assert "maps of randomised weights: 0.12, over 3 sample cases" in shown(clean(app))


def test_a_verdict_that_would_take_long_waits_to_be_asked_for(app, monkeypatch, patient):
    monkeypatch.setattr(badge, "PATIENCE", 1e-9)
    app.run()
    upload(app, "notes", "note.txt", NOTE)
    open_tab(app, "Look closer")
    app.button(key="closer-run").click().run()
    assert 'class="verdict ' not in shown(clean(app))
    app.button(key="closer-map-0-judge").click().run()
    assert 'class="verdict ' in shown(clean(app))


def test_no_model_is_one_sentence(app, monkeypatch, tmp_path):
    monkeypatch.setenv("MMBM_MODEL", str(tmp_path / "none"))
    app.run()
    upload(app, "notes", "note.txt", NOTE)
    assert not app.exception
    assert app.error[0].value.startswith("No model could be loaded: No model '")


def test_the_note_shows_what_it_denies_and_can_be_edited_in_place(app):
    app.run()
    upload(app, "notes", "note.txt", b"Cough for 3 days. Denies fever.")
    assert re.search(r'class="word denied"[^>]*>Denies<', shown(clean(app)))
    assert "denied in the notes" in shown(app)
    app.toggle(key="words-edit").set_value(True).run()
    box = next(t for t in app.text_area if t.key.startswith("whatif-words"))
    box.set_value("Cough for 3 days. Fever.").run()
    assert '<th scope="col">Before</th>' in shown(clean(app))
    open_tab(app, "What if")
    open_tab(app, "Notes")
    box = next(t for t in app.text_area if t.key.startswith("whatif-words"))
    assert box.value == "Cough for 3 days. Fever."

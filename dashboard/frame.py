"""The frame around every page; :mod:`dashboard.app` serves it."""

from __future__ import annotations

from pathlib import Path

import streamlit as st

from dashboard import state
from dashboard.foreign import escape
from dashboard.parts.sweep import sweep
from dashboard.parts.theme import theme_switch
from dashboard.server import forgetting, settings
from dashboard.stored import store_is_on
from dashboard.text import LANGUAGES
from dashboard.words import speak
from mmbm.storage import assets_folder

ICON = assets_folder() / "icon.svg"

say = state.say()
here = Path(__file__).parent
# Not "pages": until st.navigation has run once, Streamlit takes a folder of that name beside this
# file for its older kind of multipage app and runs a page without this frame.
screens = here / "screens"

page = st.navigation(
    [
        st.Page(screens / "review.py", title=say("nav.review"), url_path="review", default=True),
        *(
            [
                st.Page(screens / "worklist.py", title=say("nav.worklist"), url_path="worklist"),
                st.Page(screens / "team.py", title=say("nav.team"), url_path="team"),
            ]
            if store_is_on()
            else []
        ),
        st.Page(screens / "model.py", title=say("nav.model"), url_path="model"),
        st.Page(screens / "compare.py", title=say("nav.compare"), url_path="compare"),
        st.Page(screens / "data.py", title=say("nav.data"), url_path="data"),
        st.Page(screens / "cohorts.py", title=say("nav.cohorts"), url_path="cohorts"),
        st.Page(screens / "about.py", title=say("nav.about"), url_path="about"),
    ],
    position="top",
)
st.set_page_config(
    page_title=f"{page.title} · {say('app.title')}",
    page_icon=ICON,
    layout="wide",
    initial_sidebar_state="collapsed",
)
st.logo(ICON, size="large")
with st.container(key="frame", horizontal=True, vertical_alignment="center", gap="small"):
    st.html(
        f'<h1 class="brand"><b>{escape(say("app.title"))}</b> {escape(say("app.subtitle"))}</h1>'
        f'<div class="research" role="note">{escape(say("app.research"))}</div>',
        width="content",
    )
    st.segmented_control(
        say("app.language"),
        list(LANGUAGES),
        default=say.language,
        format_func=lambda language: LANGUAGES[language],
        key=state.LANGUAGE_KEY,
        label_visibility="collapsed",
        required=True,
        width="content",
    )
    st.html(theme_switch(say), width="content")
state.remember_language(say.language)
speak(say.language)
if settings.login_is_set_up() and not st.user.is_logged_in:
    st.markdown(say("login.body"))
    st.button(say("login.button"), on_click=st.login, type="primary", key="login")
    st.stop()
state.take_unclaimed(page.url_path)
if page.url_path:  # another page than Review, which alone shows numbers
    state.show_numbers(None)
page.run()
sweep()
if state.sweep_is_over():
    forgetting.drop_widgets()

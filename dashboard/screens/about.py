"""About: what it is for, how to read it, where it falls short."""

from __future__ import annotations

import streamlit as st

from dashboard import state

say = state.say()
with st.container(width=860):
    st.header(say("about.title"), anchor=False)
    st.subheader(say("about.use.title"), anchor=False)
    st.markdown(say("about.use.body"))
    st.subheader(say("about.read.title"), anchor=False)
    for picture in ("ledger", "weights", "map", "words", "sound", "closer"):
        st.markdown(say(f"about.read.{picture}"))
    st.subheader(say("about.limits.title"), anchor=False)
    st.markdown(say("about.limits.body"))
    st.subheader(say("about.privacy.title"), anchor=False)
    st.markdown(say("about.privacy.body"))

"""The exports of a case: a menu of formats, each made when it is asked for."""

from __future__ import annotations

from collections.abc import Callable

import streamlit as st

from dashboard import state, stored
from dashboard.foreign import escape, verbatim
from dashboard.text import Texts
from mmbm.analysis import Analysis
from mmbm.report import Format, refusal, to_dicom, to_fhir, to_json, to_pdf
from mmbm.store import named

__all__ = ["export"]

FILES: dict[Format, tuple[str, str]] = {  # name and media type
    "pdf": ("mmbm-report.pdf", "application/pdf"),
    "json": ("mmbm-result.json", "application/json"),
    "fhir": ("mmbm-result.fhir.json", "application/fhir+json"),
    "dicom": ("mmbm-dicom.zip", "application/zip"),
}


def export(analysis: Analysis, finding: str, say: Texts) -> None:
    """The menu, and what made these numbers."""
    identity = analysis.prediction.identity
    with st.container(key="export", horizontal=True, vertical_alignment="center"):
        with st.popover(say("export.label"), key="export-menu"):
            menu(analysis, finding, say)
        line = say(
            "provenance",
            name=identity.name,
            version=identity.version,
            sha=identity.sha256[:12],
            mmbm=analysis.prediction.mmbm_version,
            device=analysis.prediction.device,
        )
        st.html(f'<div class="small">{escape(line)}</div>', width="stretch")


def menu(analysis: Analysis, finding: str, say: Texts) -> None:
    """A button for each format; names go along only where that is ticked."""
    if state.stored_case() is not None and not state.may("decide"):
        st.html(f'<div class="small">{escape(say("reader.looks"))}</div>')
        return
    identified = st.checkbox(say("export.identified"), key="export-identified")
    st.html(f'<div class="small">{escape(say("export.read"))}</div>')
    if state.lettered(analysis.case):
        st.warning(verbatim(say("export.lettered")))
    for kind, (name, media) in FILES.items():
        refused = refusal(kind, analysis, say.language)
        st.download_button(
            say(f"export.{kind}"),
            made(kind, analysis, finding, say, identified),
            file_name=name,
            mime=media,
            on_click="ignore",
            disabled=refused is not None,
            help=verbatim(refused.into(say.language)) if refused else None,
            key=f"export-{kind}",
            width="stretch",
        )


def made(
    kind: Format, analysis: Analysis, finding: str, say: Texts, identified: bool
) -> Callable[[], str | bytes]:
    """What makes one format of the case and of its reading as they stand now."""
    kept, drawn = state.kept_reading(), state.drawn()
    case_id, who = state.stored_case(), state.actor()

    def make() -> str | bytes:
        if case_id is not None:
            stored.store().log(f"export {kind} {named(identified)}", case_id, who)
        reading = state.reading(drawn, kept)
        if kind == "json":
            return to_json(analysis, reading, identified=identified)
        if kind == "fhir":
            return to_fhir(analysis, reading, identified=identified)
        if kind == "pdf":
            return to_pdf(
                analysis,
                reading,
                language=say.language,
                finding=finding,
                identified=identified,
            )
        return to_dicom(analysis, reading, finding=finding, identified=identified).zipped()

    return make

"""The team table: how reader, model and both do, how often they agree; decided cases exported."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import get_args

import streamlit as st

from dashboard import state, stored
from dashboard.figures.team import shares_table, standings_table
from dashboard.foreign import escape, verbatim
from dashboard.labels import read_labels
from dashboard.parts.blocks import pick_finding, small, title
from dashboard.server import settings
from dashboard.text import Texts
from mmbm.errors import MMBMError
from mmbm.readers import DecidedCase, Group, agreement_by, team_table

__all__ = ["export", "figures"]


def figures(say: Texts) -> None:
    """One finding: the table, what its reference is, and agreement by group."""
    cases = stored.store().decided()
    findings = list(dict.fromkeys(d.finding for case in cases for d in case.reading.decisions))
    if not findings:
        st.html(f'<div class="blank">{escape(say("team.nothing"))}</div>')
        return
    finding = pick_finding(findings, "team-finding", say)
    labels = reference(say).get(finding)
    readers = len({case.reading.reader for case in cases})
    made = team_table(cases, finding, labels, by_reader=readers > 1)
    st.html(standings_table(made.rows, say))
    small(say("team.by_labels" if labels is not None else "team.by_final"))
    agree(cases, finding, say)
    small(
        say(
            "team.blind",
            blind=f"{made.blind:,}",
            of=f"{made.agreement.of:,}",
            cases=f"{len(cases):,}",
            readers=readers,
        )
    )


def reference(say: Texts) -> dict[str, dict[str, bool]]:
    """Labels from a file on this machine, by finding; none where no file is named."""
    path = st.text_input(
        say("team.labels"), placeholder="/data/labels.csv", help=say("team.labels_are"),
        key="team-labels",
    )  # fmt: skip
    if not path.strip():
        return {}
    try:
        return read_labels(Path(path.strip()).expanduser())
    except MMBMError as refusal:
        st.error(verbatim(say.of(refusal)))
        return {}


def agree(cases: Sequence[DecidedCase], finding: str, say: Texts) -> None:
    """How often readers and model agree, over all and by a group."""
    title("team.agreement", say)
    group: Group = st.segmented_control(
        say("team.by"),
        list(get_args(Group)),
        default="reader",
        format_func=lambda name: say(f"team.group.{name}"),
        key="team-group",
        label_visibility="collapsed",
        required=True,
    )
    everyone = team_table(cases, finding).agreement
    groups = {say("team.all"): everyone}
    for name, share in agreement_by(cases, finding, group or "reader").items():
        groups[name or say("team.unknown")] = share
    measured = say("team.agreement")
    st.html(shares_table(groups, say(f"team.group.{group or 'reader'}"), measured, say))


def export(say: Texts) -> None:
    """Write the decided cases as a manifest into a folder on this machine."""
    small(say("team.export.means"))
    if settings.login_is_set_up():  # readers elsewhere do not write to this machine's folders
        small(say("team.export.command"))
        return
    with (
        st.form("team-export-form", border=False),
        st.container(horizontal=True, vertical_alignment="bottom"),
    ):
        path = st.text_input(
            say("team.export.folder"), placeholder="/data/decided", key="team-export-path"
        )
        identified = st.checkbox(say("team.export.identified"), key="team-export-identified")
        pressed = st.form_submit_button(say("team.export.write"), type="primary", key="team-export")
    if not pressed or not path.strip():
        return
    from mmbm.store.export import export_decided

    with st.spinner(say("team.export.working")):
        folder = Path(path.strip()).expanduser()
        made = export_decided(stored.store(), folder, state.actor(), identified=identified)
    splits = say.listed(f"{name} {count:,}" for name, count in made.splits.items())
    said = say(
        "team.export.done", cases=f"{made.cases:,}", patients=f"{made.patients:,}", splits=splits
    )
    st.success(verbatim(said))
    st.code(f"mmbm calibrate {made.manifest} --out calibrated", language="sh")
    if made.left_out:
        small(say("team.export.left_out", n=made.left_out))
    if made.lettered:
        small(say("team.export.lettered", n=len(made.lettered), cases=say.listed(made.lettered)))
    if made.unclean:
        small(say("team.export.unclean", n=made.unclean))

"""The panel of a modality that is not built in: its numbers, and what each of them did."""

from __future__ import annotations

from typing import Any

import numpy as np
import streamlit as st

from dashboard import markup
from dashboard.foreign import escape, verbatim
from dashboard.parts.evidence import blank
from dashboard.review import Review
from dashboard.text import Texts
from mmbm.branches.registry import branch_of
from mmbm.case import MODALITIES
from mmbm.explain.ledger import Ledger
from mmbm.explain.maps import EvidenceMaps

__all__ = ["others", "rows"]


def others(seen: Review, account: Ledger, maps: EvidenceMaps, say: Texts) -> None:
    """One panel for each modality of the model that has none of its own."""
    for modality in (m for m in seen.config.modalities if m not in MODALITIES):
        name = say.name("modality", modality)
        st.subheader(verbatim(name), anchor=False)
        if modality not in seen.analysis.case.parts:
            blank(say("missing.other", part=name))
            continue
        st.html(
            markup.facts_table(
                rows(seen, modality, maps.values(modality), say), head=head(modality, say)
            )
        )
        total = markup.signed(account.contributions[modality], 3)
        finding = say.name("finding", account.finding)
        line = say("other.caption", part=name, finding=finding, total=total)
        st.html(f'<div class="small">{escape(line)}</div>')


def head(modality: str, say: Texts) -> list[str]:
    """The column headings; a branch with fields has a column for their values."""
    middle = [say("other.value")] if branch_of(modality).fields else []
    return [say("other.field"), *middle, say("other.share")]


def rows(seen: Review, modality: str, values: Any, say: Texts) -> list[tuple[str, ...]]:
    """Each field with its value and its share in a map; or each place with its share."""
    branch = branch_of(modality)
    shares = np.ravel(np.asarray(values, dtype=np.float64))
    if len(shares) != len(branch.fields):
        return [(str(place), markup.signed(share, 3)) for place, share in enumerate(shares, 1)]
    held = branch.field_values(seen.analysis.case.parts[modality])
    table: list[tuple[str, ...]] = []
    for field, share in zip(branch.fields, shares.tolist(), strict=True):
        value = held.get(field.name)
        given = say("other.missing") if value is None else f"{value:g} {field.unit}"
        table.append((field.label, given, "–" if value is None else markup.signed(share, 3)))
    return table

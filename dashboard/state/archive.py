"""What this reader does with the archive: what he asks for, and the errand that runs."""

from __future__ import annotations

from datetime import date
from typing import Any

from dashboard.archive import Errand
from dashboard.state.session import held, session

__all__ = ["asked_of_archive", "errand", "take_errand"]

TEXTS, DAYS = ("patient", "accession"), ("since", "until")


def asked_of_archive() -> dict[str, Any]:
    """What the form of the worklist asks for, by the names of a query."""
    values = {name: held().get(f"pull-{name}") for name in (*TEXTS, *DAYS)}
    texts = {name: str(values[name] or "").strip() for name in TEXTS}
    days = {name: day if isinstance(day := values[name], date) else None for name in DAYS}
    return {"patient_id": texts["patient"], "accession": texts["accession"], **days}


def errand() -> Errand | None:
    """The last one, whether it runs or is done."""
    return session().errand


def take_errand(errand: Errand | None) -> None:
    """Remember an errand, or that its outcome was put away."""
    session().errand = errand

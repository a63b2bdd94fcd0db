"""The model's newest answers to every stored case, as rows of a table."""

from __future__ import annotations

import sqlalchemy as sa

from mmbm.store import tables as t

__all__ = ["scored"]

Row = dict[str, str | float]


def scored(connection: sa.Connection) -> list[Row]:
    """``case_id, patient_id, taken, model_sha256`` and each finding's logit and probability.

    One row a scored case, by when it was added. ``taken`` is a date as text, "" where unknown.
    """
    newest = sa.select(sa.func.max(t.analyses.c.analysis_id)).group_by(t.analyses.c.case_id)
    weights = sa.func.json_extract(t.analyses.c.content, "$.weights_sha256").label("weights")
    c = t.cases.c
    query = (
        sa.select(c.case_id, c.patient, c.taken, weights)
        .join(t.analyses, t.analyses.c.case_id == c.case_id)
        .where(t.analyses.c.analysis_id.in_(newest))
        .order_by(c.added, c.case_id)
    )
    rows: dict[str, Row] = {
        row.case_id: {
            "case_id": row.case_id,
            "patient_id": row.patient,
            "taken": "" if row.taken is None else row.taken.isoformat(),
            "model_sha256": row.weights,
        }
        for row in connection.execute(query)
    }
    for answer in connection.execute(sa.select(t.answers).order_by(t.answers.c.place)):
        if answer.case_id in rows:
            rows[answer.case_id][f"{answer.finding}.logit"] = answer.logit
            rows[answer.case_id][f"{answer.finding}.probability"] = answer.probability
    return list(rows.values())

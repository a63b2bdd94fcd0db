"""What was decided: each reader's newest reading of a case beside the model's answers."""

from __future__ import annotations

import sqlalchemy as sa

from mmbm.readers import DecidedCase, ModelAnswer
from mmbm.reading import Reading
from mmbm.store import tables as t

__all__ = ["decided"]


def decided(connection: sa.Connection) -> tuple[DecidedCase, ...]:
    """Every case that somebody gave an answer to, once a reader, by when it was added."""
    newest = sa.select(sa.func.max(t.readings.c.reading_id)).group_by(
        t.readings.c.case_id, t.readings.c.reader
    )
    c, r = t.cases.c, t.readings.c
    query = (
        sa.select(c.case_id, c.patient, c.taken, c.source, c.sex, c.age, c.view, r.content)
        .join(t.readings, r.case_id == c.case_id)
        .where(r.reading_id.in_(newest))
        .order_by(c.added, c.case_id, r.reading_id)
    )
    model: dict[str, dict[str, ModelAnswer]] = {}
    for row in connection.execute(sa.select(t.answers).order_by(t.answers.c.place)):
        model.setdefault(row.case_id, {})[row.finding] = ModelAnswer(
            probability=row.probability, logit=row.logit, verdict=row.verdict
        )
    found = []
    for made in connection.execute(query).mappings():
        reading = Reading.model_validate_json(made["content"])
        if any(d.first is not None or d.final is not None for d in reading.decisions):
            known = {name: value for name, value in made.items() if name != "content"}
            told = model.get(made["case_id"], {})
            found.append(DecidedCase(**known, reading=reading, model=told))
    return tuple(found)

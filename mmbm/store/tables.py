"""The tables of the database, as the newest migration leaves them."""

from __future__ import annotations

import sqlalchemy as sa

__all__ = [
    "HEAD",
    "analyses",
    "answers",
    "audit",
    "cases",
    "exports",
    "labels",
    "metadata",
    "parts",
    "readings",
    "settings",
    "shown",
    "trash",
]

HEAD = "0002"  # the newest migration
metadata = sa.MetaData()

cases = sa.Table(
    "cases",
    metadata,
    sa.Column("case_id", sa.Text, primary_key=True),
    sa.Column("key", sa.Text, nullable=False, unique=True),
    sa.Column("patient", sa.Text, nullable=False),
    sa.Column("taken", sa.Date),
    sa.Column("source", sa.Text, nullable=False),
    sa.Column("sex", sa.Text, nullable=False),
    sa.Column("age", sa.Float),
    sa.Column("view", sa.Text, nullable=False),
    sa.Column("added", sa.Text, nullable=False),
    sa.Column("sought", sa.Text, nullable=False),  # what a search looks in
    sa.Column("scored", sa.Boolean, nullable=False),
    sa.Column("read", sa.Boolean, nullable=False),
    sa.Column("disagreed", sa.Boolean, nullable=False),
    sa.Column("odd", sa.Boolean, nullable=False),
    sa.Column("attention", sa.Float),
    sa.Column("follow_up", sa.Date),
    sa.Index("cases_patient", "patient", "taken"),
    sa.Index("cases_attention", "read", "attention"),
    sa.Index("cases_added", "added"),
    sa.Index("cases_scored", "scored"),
    sa.Index("cases_follow_up", "follow_up"),
)

parts = sa.Table(
    "parts",
    metadata,
    sa.Column("case_id", sa.ForeignKey("cases.case_id"), primary_key=True),
    sa.Column("modality", sa.Text, primary_key=True),
    sa.Column("place", sa.Integer, nullable=False),  # among the case's parts
    sa.Column("name", sa.Text, nullable=False),
    sa.Column("kind", sa.Text, nullable=False),
    sa.Column("frame", sa.Integer, nullable=False),
    sa.Column("sha256", sa.Text, nullable=False, index=True),
)

analyses = sa.Table(
    "analyses",
    metadata,
    sa.Column("analysis_id", sa.Integer, primary_key=True),
    sa.Column("case_id", sa.ForeignKey("cases.case_id"), nullable=False, index=True),
    sa.Column("created", sa.Text, nullable=False),
    sa.Column("content", sa.Text, nullable=False),  # a StoredAnalysis as JSON, without its number
)

answers = sa.Table(  # of each case's newest analysis
    "answers",
    metadata,
    sa.Column("case_id", sa.ForeignKey("cases.case_id"), primary_key=True),
    sa.Column("finding", sa.Text, primary_key=True),
    sa.Column("place", sa.Integer, nullable=False),  # among the model's findings
    sa.Column("probability", sa.Float, nullable=False),
    sa.Column("logit", sa.Float, nullable=False),
    sa.Column("verdict", sa.Text, nullable=False),
    sa.Index("answers_finding", "finding", "probability"),
)

readings = sa.Table(
    "readings",
    metadata,
    sa.Column("reading_id", sa.Integer, primary_key=True),
    sa.Column("case_id", sa.ForeignKey("cases.case_id"), nullable=False, index=True),
    sa.Column("reader", sa.Text, nullable=False),
    sa.Column("created", sa.Text, nullable=False),
    sa.Column("locked", sa.Boolean, nullable=False),
    sa.Column("content", sa.Text, nullable=False),  # a Reading as JSON
)

shown = sa.Table(  # to whom the model's answers to a case were shown
    "shown",
    metadata,
    sa.Column("case_id", sa.ForeignKey("cases.case_id"), primary_key=True),
    sa.Column("reader", sa.Text, primary_key=True),
    sa.Column("at", sa.Text, nullable=False),
)

exports = sa.Table(
    "exports",
    metadata,
    sa.Column("export_id", sa.Integer, primary_key=True),
    sa.Column("case_id", sa.ForeignKey("cases.case_id"), nullable=False, index=True),
    sa.Column("kind", sa.Text, nullable=False),
    sa.Column("name", sa.Text, nullable=False),
    sa.Column("sha256", sa.Text, nullable=False, index=True),
    sa.Column("created", sa.Text, nullable=False),
)

labels = sa.Table(  # what is known of a case from elsewhere
    "labels",
    metadata,
    sa.Column("case_id", sa.ForeignKey("cases.case_id"), primary_key=True),
    sa.Column("finding", sa.Text, primary_key=True),
    sa.Column("label", sa.Boolean, nullable=False),
)

trash = sa.Table("trash", metadata, sa.Column("sha256", sa.Text, primary_key=True))

settings = sa.Table(
    "settings",
    metadata,
    sa.Column("name", sa.Text, primary_key=True),
    sa.Column("value", sa.Text, nullable=False),
)

audit = sa.Table(
    "audit",
    metadata,
    sa.Column("number", sa.Integer, primary_key=True),
    sa.Column("at", sa.Text, nullable=False),
    sa.Column("act", sa.Text, nullable=False),
    sa.Column("case_id", sa.Text, nullable=False),
    sa.Column("who", sa.Text, nullable=False),
    sa.Column("previous", sa.Text, nullable=False),
    sa.Column("digest", sa.Text, nullable=False),
)

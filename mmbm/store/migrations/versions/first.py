"""The first form of the database."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None

OF_A_CASE = "cases.case_id"


def upgrade() -> None:
    """Make all tables."""
    _cases()
    _of_cases()
    op.create_table("trash", sa.Column("sha256", sa.Text, primary_key=True))
    op.create_table(
        "settings",
        sa.Column("name", sa.Text, primary_key=True),
        sa.Column("value", sa.Text, nullable=False),
    )
    columns = [sa.Column(name, sa.Text, nullable=False) for name in AUDIT]
    op.create_table("audit", sa.Column("number", sa.Integer, primary_key=True), *columns)
    for act in ("UPDATE", "DELETE"):  # the audit only grows
        op.execute(
            f"CREATE TRIGGER audit_no_{act.lower()} BEFORE {act} ON audit "
            "BEGIN SELECT RAISE(ABORT, 'append-only'); END"
        )


AUDIT = ("at", "act", "case_id", "who", "previous", "digest")


def _cases() -> None:
    op.create_table(
        "cases",
        sa.Column("case_id", sa.Text, primary_key=True),
        sa.Column("key", sa.Text, nullable=False, unique=True),
        sa.Column("patient", sa.Text, nullable=False),
        sa.Column("taken", sa.Date),
        sa.Column("source", sa.Text, nullable=False),
        sa.Column("sex", sa.Text, nullable=False),
        sa.Column("age", sa.Float),
        sa.Column("view", sa.Text, nullable=False),
        sa.Column("added", sa.Text, nullable=False),
        sa.Column("sought", sa.Text, nullable=False),
        sa.Column("scored", sa.Boolean, nullable=False),
        sa.Column("read", sa.Boolean, nullable=False),
        sa.Column("disagreed", sa.Boolean, nullable=False),
        sa.Column("odd", sa.Boolean, nullable=False),
        sa.Column("attention", sa.Float),
        sa.Column("follow_up", sa.Date),
    )
    op.create_index("cases_patient", "cases", ["patient", "taken"])
    op.create_index("cases_attention", "cases", ["read", "attention"])
    op.create_index("cases_added", "cases", ["added"])
    op.create_index("cases_scored", "cases", ["scored"])
    op.create_index("cases_follow_up", "cases", ["follow_up"])


def _of_cases() -> None:
    op.create_table(
        "parts",
        sa.Column("case_id", sa.Text, sa.ForeignKey(OF_A_CASE), primary_key=True),
        sa.Column("modality", sa.Text, primary_key=True),
        sa.Column("place", sa.Integer, nullable=False),
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("kind", sa.Text, nullable=False),
        sa.Column("frame", sa.Integer, nullable=False),
        sa.Column("sha256", sa.Text, nullable=False),
    )
    op.create_table(
        "analyses",
        sa.Column("analysis_id", sa.Integer, primary_key=True),
        sa.Column("case_id", sa.Text, sa.ForeignKey(OF_A_CASE), nullable=False),
        sa.Column("created", sa.Text, nullable=False),
        sa.Column("content", sa.Text, nullable=False),
    )
    op.create_table(
        "answers",
        sa.Column("case_id", sa.Text, sa.ForeignKey(OF_A_CASE), primary_key=True),
        sa.Column("finding", sa.Text, primary_key=True),
        sa.Column("place", sa.Integer, nullable=False),
        sa.Column("probability", sa.Float, nullable=False),
        sa.Column("logit", sa.Float, nullable=False),
        sa.Column("verdict", sa.Text, nullable=False),
    )
    op.create_index("answers_finding", "answers", ["finding", "probability"])
    op.create_table(
        "readings",
        sa.Column("reading_id", sa.Integer, primary_key=True),
        sa.Column("case_id", sa.Text, sa.ForeignKey(OF_A_CASE), nullable=False),
        sa.Column("reader", sa.Text, nullable=False),
        sa.Column("created", sa.Text, nullable=False),
        sa.Column("locked", sa.Boolean, nullable=False),
        sa.Column("content", sa.Text, nullable=False),
    )
    op.create_table(
        "shown",
        sa.Column("case_id", sa.Text, sa.ForeignKey(OF_A_CASE), primary_key=True),
        sa.Column("reader", sa.Text, primary_key=True),
        sa.Column("at", sa.Text, nullable=False),
    )
    op.create_table(
        "exports",
        sa.Column("export_id", sa.Integer, primary_key=True),
        sa.Column("case_id", sa.Text, sa.ForeignKey(OF_A_CASE), nullable=False),
        sa.Column("kind", sa.Text, nullable=False),
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("sha256", sa.Text, nullable=False),
        sa.Column("created", sa.Text, nullable=False),
    )
    for table, column in INDEXED:
        op.create_index(f"ix_{table}_{column}", table, [column])


INDEXED = (
    ("parts", "sha256"),
    ("analyses", "case_id"),
    ("readings", "case_id"),
    ("exports", "case_id"),
    ("exports", "sha256"),
)

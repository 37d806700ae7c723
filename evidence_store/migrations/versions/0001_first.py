"""The first tables.

A migration stands alone: it may not import models that will change.
"""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None

NAME = sa.String().with_variant(sa.String(collation="C"), "postgresql")
TIME = sa.DateTime(timezone=True)


def upgrade() -> None:
    op.create_table(
        "city",
        sa.Column("id", NAME, nullable=False),
        sa.Column("name", NAME, nullable=False),
        sa.Column("country", NAME, nullable=False),
        sa.Column("languages", sa.JSON(), nullable=False),
        sa.Column("portal_url", sa.Text(), nullable=False),
        sa.Column("population", sa.Integer(), nullable=True),
        sa.Column("settlement", NAME, nullable=True),
        sa.Column("wikidata", NAME, nullable=True),
        sa.Column("lat", sa.Double(), nullable=True),
        sa.Column("lon", sa.Double(), nullable=True),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_table(
        "host",
        sa.Column("domain", NAME, nullable=False),
        sa.Column("held_by", NAME, nullable=True),
        sa.Column("process", NAME, nullable=True),
        sa.Column("held_until", TIME, nullable=False),
        sa.Column("next_at", TIME, nullable=False),
        sa.Column("delay", sa.Double(), nullable=False),
        sa.Column("day", NAME, nullable=False),
        sa.Column("today", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("domain"),
    )
    op.create_table(
        "round",
        sa.Column("id", NAME, nullable=False),
        sa.Column("edition", NAME, nullable=False),
        sa.Column("edition_digest", NAME, nullable=False),
        sa.Column("rules_digest", NAME, nullable=False),
        sa.Column("protocol", NAME, nullable=False),
        sa.Column("advice", sa.JSON(), nullable=False),
        sa.Column("opened", TIME, nullable=False),
        sa.Column("closed", TIME, nullable=True),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_table(
        "assessment",
        sa.Column("id", NAME, nullable=False),
        sa.Column("city_id", NAME, nullable=False),
        sa.Column("round_id", NAME, nullable=False),
        sa.ForeignKeyConstraint(
            ["city_id"],
            ["city.id"],
        ),
        sa.ForeignKeyConstraint(
            ["round_id"],
            ["round.id"],
        ),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("ix_assessment_city_id", "assessment", ["city_id"], unique=False)
    op.create_index("ix_assessment_round_id", "assessment", ["round_id"], unique=False)

    op.create_table(
        "act",
        sa.Column("id", NAME, nullable=False),
        sa.Column("assessment_id", NAME, nullable=False),
        sa.Column("verb", NAME, nullable=False),
        sa.Column("by", NAME, nullable=False),
        sa.Column("at", TIME, nullable=False),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.ForeignKeyConstraint(
            ["assessment_id"],
            ["assessment.id"],
        ),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("ix_act_assessment_id", "act", ["assessment_id"], unique=False)

    op.create_table(
        "crawl",
        sa.Column("id", NAME, nullable=False),
        sa.Column("assessment_id", NAME, nullable=False),
        sa.Column("purpose", NAME, nullable=False),
        sa.Column("budget", sa.Integer(), nullable=False),
        sa.Column("url", sa.Text(), nullable=True),
        sa.Column("state", NAME, nullable=False),
        sa.Column("token", sa.Integer(), nullable=False),
        sa.Column("lease_until", TIME, nullable=True),
        sa.Column("stopped", NAME, nullable=True),
        sa.Column("rules_digest", NAME, nullable=False),
        sa.Column("worker", NAME, nullable=True),
        sa.Column("process", NAME, nullable=True),
        sa.Column("opened", TIME, nullable=True),
        sa.Column("closed", TIME, nullable=True),
        sa.Column("seconds", sa.Double(), nullable=False),
        sa.Column("requests", sa.Integer(), nullable=True),
        sa.ForeignKeyConstraint(
            ["assessment_id"],
            ["assessment.id"],
        ),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("ix_crawl_assessment_id", "crawl", ["assessment_id"], unique=False)

    op.create_table(
        "run",
        sa.Column("id", NAME, nullable=False),
        sa.Column("assessment_id", NAME, nullable=False),
        sa.Column("rules_digest", NAME, nullable=False),
        sa.Column("software", NAME, nullable=False),
        sa.Column("through", NAME, nullable=False),
        sa.Column("complete", sa.Boolean(), nullable=False),
        sa.Column("date", TIME, nullable=False),
        sa.ForeignKeyConstraint(
            ["assessment_id"],
            ["assessment.id"],
        ),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("ix_run_assessment_id", "run", ["assessment_id"], unique=False)

    op.create_table(
        "capture",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("crawl_id", NAME, nullable=True),
        sa.Column("assessment_id", NAME, nullable=True),
        sa.Column("record_id", NAME, nullable=False),
        sa.Column("type", NAME, nullable=False),
        sa.Column("kind", NAME, nullable=False),
        sa.Column("urlkey", sa.Text(), nullable=False),
        sa.Column("timestamp", TIME, nullable=False),
        sa.Column("url", sa.Text(), nullable=False),
        sa.Column("mime", NAME, nullable=False),
        sa.Column("status", sa.Integer(), nullable=True),
        sa.Column("digest", NAME, nullable=False),
        sa.Column("length", sa.BigInteger(), nullable=False),
        sa.Column("offset", sa.BigInteger(), nullable=False),
        sa.Column("filename", NAME, nullable=False),
        sa.Column("refers_to", NAME, nullable=True),
        sa.Column("requested_by", NAME, nullable=False),
        sa.Column("channel", NAME, nullable=False),
        sa.Column("error", NAME, nullable=True),
        sa.ForeignKeyConstraint(
            ["assessment_id"],
            ["assessment.id"],
        ),
        sa.ForeignKeyConstraint(
            ["crawl_id"],
            ["crawl.id"],
        ),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("record_id"),
    )
    op.create_index("capture_place", "capture", ["assessment_id", "filename", "offset"], unique=False)
    op.create_index("ix_capture_crawl_id", "capture", ["crawl_id"], unique=False)
    op.create_index("ix_capture_digest", "capture", ["digest"], unique=False)

    op.create_table(
        "finding",
        sa.Column("id", NAME, nullable=False),
        sa.Column("run_id", NAME, nullable=False),
        sa.Column("test", NAME, nullable=False),
        sa.Column("outcome", NAME, nullable=False),
        sa.Column("mode", NAME, nullable=False),
        sa.Column("confidence", sa.Double(), nullable=True),
        sa.Column("date", TIME, nullable=False),
        sa.Column("info", sa.JSON(), nullable=False),
        sa.ForeignKeyConstraint(
            ["run_id"],
            ["run.id"],
        ),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("ix_finding_run_id", "finding", ["run_id"], unique=False)

    op.create_table(
        "answer",
        sa.Column("id", NAME, nullable=False),
        sa.Column("assessment_id", NAME, nullable=False),
        sa.Column("test", NAME, nullable=False),
        sa.Column("outcome", NAME, nullable=False),
        sa.Column("mode", NAME, nullable=False),
        sa.Column("asserted_by", NAME, nullable=False),
        sa.Column("date", TIME, nullable=False),
        sa.Column("info", sa.JSON(), nullable=False),
        sa.Column("role", NAME, nullable=False),
        sa.Column("advice", NAME, nullable=False),
        sa.Column("finding_id", NAME, nullable=True),
        sa.Column("supersedes", NAME, nullable=True),
        sa.CheckConstraint("asserted_by <> ''", name="answer_has_a_person"),
        sa.CheckConstraint("mode IN ('manual', 'semiAuto')", name="answer_is_never_automatic"),
        sa.ForeignKeyConstraint(
            ["assessment_id"],
            ["assessment.id"],
        ),
        sa.ForeignKeyConstraint(
            ["finding_id"],
            ["finding.id"],
        ),
        sa.ForeignKeyConstraint(
            ["supersedes"],
            ["answer.id"],
        ),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("supersedes"),
    )
    op.create_index(
        "answer_first",
        "answer",
        ["assessment_id", "test", "asserted_by"],
        unique=True,
        sqlite_where=sa.text("supersedes IS NULL"),
        postgresql_where=sa.text("supersedes IS NULL"),
    )
    op.create_index("ix_answer_assessment_id", "answer", ["assessment_id"], unique=False)

    op.create_table(
        "evidence",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("finding_id", NAME, nullable=True),
        sa.Column("answer_id", NAME, nullable=True),
        sa.Column("capture_id", NAME, nullable=False),
        sa.Column("stance", NAME, nullable=False),
        sa.Column("selector", sa.Text(), nullable=False),
        sa.Column("exact", sa.Text(), nullable=False),
        sa.Column("prefix", sa.Text(), nullable=False),
        sa.Column("suffix", sa.Text(), nullable=False),
        sa.Column("rule", NAME, nullable=False),
        sa.Column("language", NAME, nullable=False),
        sa.CheckConstraint("(finding_id IS NULL) <> (answer_id IS NULL)", name="evidence_has_one_owner"),
        sa.ForeignKeyConstraint(
            ["answer_id"],
            ["answer.id"],
        ),
        sa.ForeignKeyConstraint(
            ["capture_id"],
            ["capture.record_id"],
        ),
        sa.ForeignKeyConstraint(
            ["finding_id"],
            ["finding.id"],
        ),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("ix_evidence_answer_id", "evidence", ["answer_id"], unique=False)
    op.create_index("ix_evidence_finding_id", "evidence", ["finding_id"], unique=False)

"""The tables. What the store hands out are these rows, detached and complete: plain values for any thread.

Names are the standards' own: WARC and CDXJ for captures, W3C EARL for findings and answers.
"""

import secrets
import time
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import (
    JSON,
    BigInteger,
    CheckConstraint,
    DateTime,
    Dialect,
    ForeignKey,
    Index,
    String,
    Table,
    Text,
    TypeDecorator,
    text,
)
from sqlalchemy.orm import DeclarativeBase, Mapped, MappedAsDataclass, mapped_column, relationship

OUTCOMES = ("passed", "failed", "cantTell", "inapplicable", "untested")


def new_id() -> str:
    """A name that sorts by time of making: 16 hexadecimal digits of nanoseconds, 8 of chance."""
    return f"{time.time_ns():016x}{secrets.token_hex(4)}"


class UtcTime(TypeDecorator[datetime]):
    """Aware UTC on both sides; SQLite knows no time zones."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        value = value.astimezone(UTC)
        return value.replace(tzinfo=None) if dialect.name == "sqlite" else value

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


# Byte order everywhere: with a locale's order PostgreSQL would list captures otherwise than SQLite.
Name = String().with_variant(String(collation="C"), "postgresql")


class Base(MappedAsDataclass, DeclarativeBase, kw_only=True):
    type_annotation_map = {  # noqa: RUF012 - SQLAlchemy reads it from the class
        str: Name,
        datetime: UtcTime(),
        dict[str, Any]: JSON(),
        dict[str, str]: JSON(),
        list[str]: JSON(),
    }


def table_of(entity: type[Base]) -> Table:
    """For statements that go past the ORM."""
    table = entity.__table__
    assert isinstance(table, Table)
    return table


class City(Base):
    __tablename__ = "city"

    id: Mapped[str] = mapped_column(primary_key=True)
    name: Mapped[str]
    country: Mapped[str]
    languages: Mapped[list[str]]
    portal_url: Mapped[str] = mapped_column(Text)
    population: Mapped[int | None] = mapped_column(default=None)
    settlement: Mapped[str | None] = mapped_column(default=None)
    wikidata: Mapped[str | None] = mapped_column(default=None)
    lat: Mapped[float | None] = mapped_column(default=None)
    lon: Mapped[float | None] = mapped_column(default=None)


class Round(Base):
    __tablename__ = "round"

    id: Mapped[str] = mapped_column(primary_key=True)
    edition: Mapped[str]
    edition_digest: Mapped[str]
    rules_digest: Mapped[str]
    protocol: Mapped[str]
    advice: Mapped[dict[str, str]]
    opened: Mapped[datetime]
    closed: Mapped[datetime | None] = mapped_column(default=None)


class Assessment(Base):
    __tablename__ = "assessment"

    id: Mapped[str] = mapped_column(primary_key=True)
    city_id: Mapped[str] = mapped_column(ForeignKey("city.id"), index=True)
    round_id: Mapped[str] = mapped_column(ForeignKey("round.id"), index=True)


class Crawl(Base):
    __tablename__ = "crawl"

    id: Mapped[str] = mapped_column(primary_key=True)
    assessment_id: Mapped[str] = mapped_column(ForeignKey("assessment.id"), index=True)
    purpose: Mapped[str]
    budget: Mapped[int]
    url: Mapped[str | None] = mapped_column(Text, default=None)
    state: Mapped[str] = mapped_column(default="waiting")
    token: Mapped[int] = mapped_column(default=0)
    lease_until: Mapped[datetime | None] = mapped_column(default=None)
    stopped: Mapped[str | None] = mapped_column(default=None)
    rules_digest: Mapped[str] = mapped_column(default="")
    worker: Mapped[str | None] = mapped_column(default=None)
    process: Mapped[str | None] = mapped_column(default=None)
    opened: Mapped[datetime | None] = mapped_column(default=None)
    closed: Mapped[datetime | None] = mapped_column(default=None)
    seconds: Mapped[float] = mapped_column(default=0.0)
    requests: Mapped[int | None] = mapped_column(default=None)


class Host(Base):
    """Whose turn it is at a domain: `today` counts the turns of the UTC `day`, `delay` is the last pause."""

    __tablename__ = "host"

    domain: Mapped[str] = mapped_column(primary_key=True)
    held_by: Mapped[str | None]
    process: Mapped[str | None]
    held_until: Mapped[datetime]
    next_at: Mapped[datetime]
    delay: Mapped[float]
    day: Mapped[str]
    today: Mapped[int]


class Capture(Base):
    __tablename__ = "capture"
    __table_args__ = (Index("capture_place", "assessment_id", "filename", "offset"),)

    id: Mapped[int] = mapped_column(primary_key=True, init=False)
    crawl_id: Mapped[str | None] = mapped_column(ForeignKey("crawl.id"), index=True)
    assessment_id: Mapped[str | None] = mapped_column(ForeignKey("assessment.id"))
    record_id: Mapped[str] = mapped_column(unique=True)
    type: Mapped[str]
    kind: Mapped[str]
    urlkey: Mapped[str] = mapped_column(Text)
    timestamp: Mapped[datetime]
    url: Mapped[str] = mapped_column(Text)
    mime: Mapped[str]
    status: Mapped[int | None]
    digest: Mapped[str] = mapped_column(index=True)
    length: Mapped[int] = mapped_column(BigInteger)
    offset: Mapped[int] = mapped_column(BigInteger)
    filename: Mapped[str]
    refers_to: Mapped[str | None]
    requested_by: Mapped[str]
    channel: Mapped[str]
    error: Mapped[str | None]


class Run(Base):
    __tablename__ = "run"

    id: Mapped[str] = mapped_column(primary_key=True)
    assessment_id: Mapped[str] = mapped_column(ForeignKey("assessment.id"), index=True)
    rules_digest: Mapped[str]
    software: Mapped[str]
    through: Mapped[str]
    complete: Mapped[bool]
    date: Mapped[datetime]


class Evidence(Base):
    """Under a finding or an answer: where it stands (`capture_id` is a record id) and the quote."""

    __tablename__ = "evidence"
    __table_args__ = (
        CheckConstraint("(finding_id IS NULL) <> (answer_id IS NULL)", name="evidence_has_one_owner"),
    )

    id: Mapped[int] = mapped_column(primary_key=True, init=False)
    finding_id: Mapped[str | None] = mapped_column(ForeignKey("finding.id"), index=True, init=False)
    answer_id: Mapped[str | None] = mapped_column(ForeignKey("answer.id"), index=True, init=False)
    capture_id: Mapped[str] = mapped_column(ForeignKey("capture.record_id"))
    stance: Mapped[str]
    selector: Mapped[str] = mapped_column(Text)
    exact: Mapped[str] = mapped_column(Text)
    prefix: Mapped[str] = mapped_column(Text)
    suffix: Mapped[str] = mapped_column(Text)
    rule: Mapped[str]
    language: Mapped[str]


class Finding(Base):
    __tablename__ = "finding"

    id: Mapped[str] = mapped_column(primary_key=True)
    run_id: Mapped[str] = mapped_column(ForeignKey("run.id"), index=True)
    test: Mapped[str]
    outcome: Mapped[str]
    mode: Mapped[str]
    confidence: Mapped[float | None]
    date: Mapped[datetime]
    info: Mapped[dict[str, Any]]
    evidence: Mapped[list[Evidence]] = relationship(
        lazy="selectin", order_by=Evidence.id, default_factory=list
    )


class Answer(Base):
    __tablename__ = "answer"
    __table_args__ = (
        CheckConstraint("mode IN ('manual', 'semiAuto')", name="answer_is_never_automatic"),
        CheckConstraint("asserted_by <> ''", name="answer_has_a_person"),
        Index(
            "answer_first",
            "assessment_id",
            "test",
            "asserted_by",
            unique=True,
            sqlite_where=text("supersedes IS NULL"),
            postgresql_where=text("supersedes IS NULL"),
        ),
    )

    id: Mapped[str] = mapped_column(primary_key=True)
    assessment_id: Mapped[str] = mapped_column(ForeignKey("assessment.id"), index=True)
    test: Mapped[str]
    outcome: Mapped[str]
    mode: Mapped[str]
    asserted_by: Mapped[str]
    date: Mapped[datetime]
    info: Mapped[dict[str, Any]]
    role: Mapped[str]
    advice: Mapped[str]
    finding_id: Mapped[str | None] = mapped_column(ForeignKey("finding.id"), default=None)
    supersedes: Mapped[str | None] = mapped_column(ForeignKey("answer.id"), unique=True, default=None)
    evidence: Mapped[list[Evidence]] = relationship(
        lazy="selectin", order_by=Evidence.id, default_factory=list
    )


class Act(Base):
    __tablename__ = "act"

    id: Mapped[str] = mapped_column(primary_key=True)
    assessment_id: Mapped[str] = mapped_column(ForeignKey("assessment.id"), index=True)
    verb: Mapped[str]
    by: Mapped[str]
    at: Mapped[datetime]
    reason: Mapped[str | None] = mapped_column(Text, default=None)

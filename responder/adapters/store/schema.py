"""The tables. What must always hold is a constraint here; the migrations build the same and a test compares them."""

from collections.abc import Iterable
from enum import StrEnum

from sqlalchemy import (
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    Table,
    UniqueConstraint,
    text,
)

from responder.adapters.store.columns import Instant, Json, Plain, RowId
from responder.core.lifecycle import MessageStage, ReplyStage

REVISIONS = ("0001",)
"""Every revision of migrations/versions, oldest first; the last one is what this code works with."""

metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "ck": "ck_%(table_name)s_%(constraint_name)s",
        "fk": "fk_%(table_name)s_%(column_0_name)s",
        "pk": "pk_%(table_name)s",
    }
)


def one_of(column: str, values: type[StrEnum] | Iterable[str]) -> str:
    """SQL for a column that holds one of a few words."""
    words = ", ".join(f"'{value}'" for value in values)
    return f"{column} IN ({words})"


# A partial index serves a query only where the query's condition reads like the index's, so each stands once, as text.
_SHOWN = (MessageStage.HELD, MessageStage.IGNORED, MessageStage.ANSWERED, MessageStage.CLOSED)
UNFILED = f"filed_stage <> stage AND {one_of('stage', _SHOWN)}"
UNKEPT = "stage = 'sent' AND NOT kept"
FIRST_SEEN = "NOT seen_before"
BY_PERSON = "answered_by_person"

mailboxes = Table(
    "mailboxes",
    metadata,
    Column("name", Plain, primary_key=True),
    Column("started_at", Instant, nullable=False),
    Column("paused_at", Instant),
    Column("paused_by", Plain, nullable=False, default=""),
    Column("pause_reason", Plain, nullable=False, default=""),
    Column("resumed_at", Instant),
    Column("polled_at", Instant),
    Column("last_error", Plain, nullable=False, default=""),
    Column("server_count", BigInteger),
)

cursors = Table(
    "cursors",
    metadata,
    Column("mailbox", Plain, primary_key=True),
    Column("uidvalidity", BigInteger, primary_key=True, autoincrement=False),
    Column("last_uid", BigInteger, nullable=False),
    Column("moved_at", Instant, nullable=False),
)

messages = Table(
    "messages",
    metadata,
    # Small columns first: SQLite reads a row only as far as the last column asked for.
    Column("id", RowId, primary_key=True),
    Column("mailbox", Plain, nullable=False),
    Column("uidvalidity", BigInteger, nullable=False),
    Column("uid", BigInteger, nullable=False),
    Column("stage", Plain, nullable=False),
    Column("version", Integer, nullable=False, default=1),
    Column("filed_stage", Plain, nullable=False, default=""),
    Column("stored_at", Instant, nullable=False),
    Column("received_at", Instant, nullable=False),
    Column("sent_at", Instant),
    Column("decided_at", Instant),
    Column("fingerprint", Plain, nullable=False),
    Column("message_key", Plain, nullable=False),
    Column("seen_before", Boolean, nullable=False),
    Column("thread_key", Plain, nullable=False),
    Column("author_key", Plain),
    Column("author_domain", Plain),
    Column("body_hash", Plain),
    Column("answered_by_person", Boolean, nullable=False),
    Column("disposition", Plain),
    Column("template", Plain),
    Column("intent", Plain),
    Column("mode", Plain, nullable=False, default=""),
    Column("policy", Plain, nullable=False, default=""),
    Column("reasons", Plain, nullable=False),
    Column("size", BigInteger, nullable=False),
    Column("message_id", Plain),
    Column("return_path", Plain),
    Column("author_name", Plain),
    Column("author_addr", Plain),
    Column("subject", Plain, nullable=False),
    Column("author_search", Plain, nullable=False),
    Column("search", Plain, nullable=False),
    Column("text", Plain, nullable=False),
    Column("draft", Plain),
    Column("unreadable", Plain, nullable=False),
    Column("prediction", Json),
    Column("findings", Json, nullable=False),
    Column("also", Json, nullable=False),
    Column("sender", Json),
    Column("reply_to", Json, nullable=False),
    Column("recipients", Json, nullable=False),
    Column("thread", Json, nullable=False),
    Column("parts", Json, nullable=False),
    Column("attachments", Json, nullable=False),
    Column("report", Json),
    Column("forwarded", Json),
    Column("defects", Json, nullable=False),
    Column("headers", Json, nullable=False),
    Column("full_text", Plain, nullable=False),
    Column("html", Plain),
    UniqueConstraint("mailbox", "uidvalidity", "uid"),
    CheckConstraint(one_of("stage", MessageStage), name="stage"),
    CheckConstraint("version >= 1", name="version"),
    CheckConstraint("(author_key IS NULL) = (author_addr IS NULL)", name="author"),
    CheckConstraint("NOT seen_before OR stage <> 'received'", name="seen_before"),
    Index(
        "ix_messages_second_key",
        "fingerprint",
        "mailbox",
        "message_key",
        unique=True,
        sqlite_where=text(FIRST_SEEN),
        postgresql_where=text(FIRST_SEEN),
    ),
    Index(None, "mailbox", "stage", "id"),
    Index(None, "stage", "id"),
    Index(None, "author_key", "mailbox", "stage"),
    Index(None, "body_hash", "stored_at"),
    Index(None, "thread_key"),
    Index(
        "ix_messages_unfiled",
        "mailbox",
        "uidvalidity",
        "id",
        sqlite_where=text(UNFILED),
        postgresql_where=text(UNFILED),
    ),
    Index("ix_messages_by_person", "thread_key", sqlite_where=text(BY_PERSON), postgresql_where=text(BY_PERSON)),
)

thread_ids = Table(
    "thread_ids",
    metadata,
    Column("id", Plain, primary_key=True),
    Column("thread_key", Plain, nullable=False, index=True),
)
"""Which conversation a Message-ID belongs to, whether its mail was ever seen here or only referred to; our own too."""

replies = Table(
    "replies",
    metadata,
    Column("id", RowId, primary_key=True),
    Column("message", RowId, ForeignKey("messages.id"), nullable=False),
    Column("ordinal", Integer, nullable=False),
    Column("mailbox", Plain, nullable=False),
    Column("stage", Plain, nullable=False),
    Column("automatic", Boolean, nullable=False),
    Column("receipt", Boolean, nullable=False),
    Column("kept", Boolean, nullable=False, default=False),
    Column("attempts", Integer, nullable=False, default=0),
    Column("not_before", Instant, nullable=False),
    Column("created_at", Instant, nullable=False),
    Column("counted_at", Instant, nullable=False),
    Column("leased_until", Instant),
    Column("leased_by", Plain),
    Column("sent_at", Instant),
    Column("message_id", Plain, nullable=False),
    Column("message_key", Plain, nullable=False, unique=True),
    Column("author_key", Plain),
    Column("recipient_key", Plain, nullable=False),
    Column("recipient_domain", Plain, nullable=False),
    Column("sender", Plain, nullable=False),
    Column("recipient", Plain, nullable=False),
    Column("template", Plain),
    Column("template_version", Plain, nullable=False),
    Column("policy", Plain, nullable=False),
    Column("model", Plain, nullable=False),
    Column("words", Plain, nullable=False, default=""),
    Column("subject", Plain, nullable=False),
    Column("search", Plain, nullable=False),
    Column("body", Plain, nullable=False),
    Column("data", LargeBinary, nullable=False),
    UniqueConstraint("message", "ordinal"),
    CheckConstraint(one_of("stage", ReplyStage), name="stage"),
    CheckConstraint("ordinal >= 1 AND attempts >= 0", name="counts"),
    CheckConstraint(
        "(stage = 'sending') = (leased_until IS NOT NULL) AND (stage = 'sending') = (leased_by IS NOT NULL)",
        name="lease",
    ),
    CheckConstraint("(stage = 'sent') = (sent_at IS NOT NULL)", name="sent"),
    CheckConstraint("stage IN ('queued', 'cancelled') OR attempts >= 1", name="attempted"),
    CheckConstraint("automatic OR NOT receipt", name="receipt"),
    Index(
        "ix_replies_one_automatic",
        "message",
        unique=True,
        sqlite_where=text("automatic"),
        postgresql_where=text("automatic"),
    ),
    Index(None, "mailbox", "stage", "automatic", "not_before"),
    Index(None, "mailbox", "counted_at"),
    Index(None, "stage"),
    Index(None, "recipient_key", "counted_at"),
    Index(None, "author_key", "counted_at"),
    Index(None, "recipient_domain", "counted_at"),
    Index("ix_replies_unkept", "mailbox", "id", sqlite_where=text(UNKEPT), postgresql_where=text(UNKEPT)),
)

bounces = Table(
    "bounces",
    metadata,
    Column("id", RowId, primary_key=True),
    Column("address_key", Plain, nullable=False),
    Column("at", Instant, nullable=False),
    Column("reply", RowId, ForeignKey("replies.id")),
    Index(None, "address_key", "at"),
)

corrections = Table(
    "corrections",
    metadata,
    Column("id", RowId, primary_key=True),
    Column("message", RowId, ForeignKey("messages.id"), nullable=False, index=True),
    Column("said", Plain),
    Column("corrected", Plain, nullable=False),
    Column("who", Plain, nullable=False),
    Column("at", Instant, nullable=False),
    Column("model", Plain, nullable=False),
)

failed_readings = Table(
    "failed_readings",
    metadata,
    Column("mailbox", Plain, primary_key=True),
    Column("uidvalidity", BigInteger, primary_key=True, autoincrement=False),
    Column("uid", BigInteger, primary_key=True, autoincrement=False),
    Column("failures", Integer, nullable=False),
    Column("last_at", Instant, nullable=False),
    Column("why", Plain, nullable=False),
)

events = Table(
    "events",
    metadata,
    Column("id", RowId, primary_key=True),
    Column("at", Instant, nullable=False),
    Column("who", Plain, nullable=False),
    Column("what", Plain, nullable=False),
    Column("why", Plain, nullable=False, default=""),
    Column("message", RowId, ForeignKey("messages.id"), index=True),
    Column("reply", RowId, ForeignKey("replies.id")),
)

"""The first tables."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

ROW_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    """Make every table with its constraints and indexes."""
    _mailboxes()
    _cursors()
    _messages()
    _thread_ids()
    _replies()
    _bounces()
    _corrections()
    _failed_readings()
    _events()


def downgrade() -> None:
    """Drop them, the referring ones first."""
    for table in (
        "events",
        "failed_readings",
        "corrections",
        "bounces",
        "replies",
        "thread_ids",
        "messages",
        "cursors",
        "mailboxes",
    ):
        op.drop_table(table)


def _mailboxes() -> None:
    op.create_table(
        "mailboxes",
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("started_at", sa.BigInteger(), nullable=False),
        sa.Column("paused_at", sa.BigInteger(), nullable=True),
        sa.Column("paused_by", sa.Text(), nullable=False),
        sa.Column("pause_reason", sa.Text(), nullable=False),
        sa.Column("resumed_at", sa.BigInteger(), nullable=True),
        sa.Column("polled_at", sa.BigInteger(), nullable=True),
        sa.Column("last_error", sa.Text(), nullable=False),
        sa.Column("server_count", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_mailboxes")),
    )


def _cursors() -> None:
    op.create_table(
        "cursors",
        sa.Column("mailbox", sa.Text(), nullable=False),
        sa.Column("uidvalidity", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("last_uid", sa.BigInteger(), nullable=False),
        sa.Column("moved_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("mailbox", "uidvalidity", name=op.f("pk_cursors")),
    )


def _messages() -> None:
    op.create_table(
        "messages",
        sa.Column("id", ROW_ID, nullable=False),
        sa.Column("mailbox", sa.Text(), nullable=False),
        sa.Column("uidvalidity", sa.BigInteger(), nullable=False),
        sa.Column("uid", sa.BigInteger(), nullable=False),
        sa.Column("stage", sa.Text(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("filed_stage", sa.Text(), nullable=False),
        sa.Column("stored_at", sa.BigInteger(), nullable=False),
        sa.Column("received_at", sa.BigInteger(), nullable=False),
        sa.Column("sent_at", sa.BigInteger(), nullable=True),
        sa.Column("decided_at", sa.BigInteger(), nullable=True),
        sa.Column("fingerprint", sa.Text(), nullable=False),
        sa.Column("message_key", sa.Text(), nullable=False),
        sa.Column("seen_before", sa.Boolean(), nullable=False),
        sa.Column("thread_key", sa.Text(), nullable=False),
        sa.Column("author_key", sa.Text(), nullable=True),
        sa.Column("author_domain", sa.Text(), nullable=True),
        sa.Column("body_hash", sa.Text(), nullable=True),
        sa.Column("answered_by_person", sa.Boolean(), nullable=False),
        sa.Column("disposition", sa.Text(), nullable=True),
        sa.Column("template", sa.Text(), nullable=True),
        sa.Column("intent", sa.Text(), nullable=True),
        sa.Column("mode", sa.Text(), nullable=False),
        sa.Column("policy", sa.Text(), nullable=False),
        sa.Column("reasons", sa.Text(), nullable=False),
        sa.Column("size", sa.BigInteger(), nullable=False),
        sa.Column("message_id", sa.Text(), nullable=True),
        sa.Column("return_path", sa.Text(), nullable=True),
        sa.Column("author_name", sa.Text(), nullable=True),
        sa.Column("author_addr", sa.Text(), nullable=True),
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column("author_search", sa.Text(), nullable=False),
        sa.Column("search", sa.Text(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("draft", sa.Text(), nullable=True),
        sa.Column("unreadable", sa.Text(), nullable=False),
        sa.Column("prediction", sa.Text(), nullable=True),
        sa.Column("findings", sa.Text(), nullable=False),
        sa.Column("also", sa.Text(), nullable=False),
        sa.Column("sender", sa.Text(), nullable=True),
        sa.Column("reply_to", sa.Text(), nullable=False),
        sa.Column("recipients", sa.Text(), nullable=False),
        sa.Column("thread", sa.Text(), nullable=False),
        sa.Column("parts", sa.Text(), nullable=False),
        sa.Column("attachments", sa.Text(), nullable=False),
        sa.Column("report", sa.Text(), nullable=True),
        sa.Column("forwarded", sa.Text(), nullable=True),
        sa.Column("defects", sa.Text(), nullable=False),
        sa.Column("headers", sa.Text(), nullable=False),
        sa.Column("full_text", sa.Text(), nullable=False),
        sa.Column("html", sa.Text(), nullable=True),
        sa.CheckConstraint("NOT seen_before OR stage <> 'received'", name=op.f("ck_messages_seen_before")),
        sa.CheckConstraint(
            "stage IN ('received', 'answering', 'held', 'ignored', 'recorded', 'answered', 'closed')",
            name=op.f("ck_messages_stage"),
        ),
        sa.CheckConstraint("(author_key IS NULL) = (author_addr IS NULL)", name=op.f("ck_messages_author")),
        sa.CheckConstraint("version >= 1", name=op.f("ck_messages_version")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_messages")),
        sa.UniqueConstraint("mailbox", "uidvalidity", "uid", name=op.f("uq_messages_mailbox_uidvalidity_uid")),
    )
    op.create_index(
        op.f("ix_messages_author_key_mailbox_stage"), "messages", ["author_key", "mailbox", "stage"], unique=False
    )
    op.create_index(op.f("ix_messages_body_hash_stored_at"), "messages", ["body_hash", "stored_at"], unique=False)
    op.create_index(
        "ix_messages_by_person",
        "messages",
        ["thread_key"],
        unique=False,
        sqlite_where=sa.text("answered_by_person"),
        postgresql_where=sa.text("answered_by_person"),
    )
    op.create_index(op.f("ix_messages_mailbox_stage_id"), "messages", ["mailbox", "stage", "id"], unique=False)
    op.create_index(
        "ix_messages_second_key",
        "messages",
        ["fingerprint", "mailbox", "message_key"],
        unique=True,
        sqlite_where=sa.text("NOT seen_before"),
        postgresql_where=sa.text("NOT seen_before"),
    )
    op.create_index(op.f("ix_messages_stage_id"), "messages", ["stage", "id"], unique=False)
    op.create_index(op.f("ix_messages_thread_key"), "messages", ["thread_key"], unique=False)
    op.create_index(
        "ix_messages_unfiled",
        "messages",
        ["mailbox", "uidvalidity", "id"],
        unique=False,
        sqlite_where=sa.text("filed_stage <> stage AND stage IN ('held', 'ignored', 'answered', 'closed')"),
        postgresql_where=sa.text("filed_stage <> stage AND stage IN ('held', 'ignored', 'answered', 'closed')"),
    )


def _thread_ids() -> None:
    op.create_table(
        "thread_ids",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("thread_key", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_thread_ids")),
    )
    op.create_index(op.f("ix_thread_ids_thread_key"), "thread_ids", ["thread_key"], unique=False)


def _replies() -> None:
    op.create_table(
        "replies",
        sa.Column("id", ROW_ID, nullable=False),
        sa.Column("message", ROW_ID, nullable=False),
        sa.Column("ordinal", sa.Integer(), nullable=False),
        sa.Column("mailbox", sa.Text(), nullable=False),
        sa.Column("stage", sa.Text(), nullable=False),
        sa.Column("automatic", sa.Boolean(), nullable=False),
        sa.Column("receipt", sa.Boolean(), nullable=False),
        sa.Column("kept", sa.Boolean(), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("not_before", sa.BigInteger(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("counted_at", sa.BigInteger(), nullable=False),
        sa.Column("leased_until", sa.BigInteger(), nullable=True),
        sa.Column("leased_by", sa.Text(), nullable=True),
        sa.Column("sent_at", sa.BigInteger(), nullable=True),
        sa.Column("message_id", sa.Text(), nullable=False),
        sa.Column("message_key", sa.Text(), nullable=False),
        sa.Column("author_key", sa.Text(), nullable=True),
        sa.Column("recipient_key", sa.Text(), nullable=False),
        sa.Column("recipient_domain", sa.Text(), nullable=False),
        sa.Column("sender", sa.Text(), nullable=False),
        sa.Column("recipient", sa.Text(), nullable=False),
        sa.Column("template", sa.Text(), nullable=True),
        sa.Column("template_version", sa.Text(), nullable=False),
        sa.Column("policy", sa.Text(), nullable=False),
        sa.Column("model", sa.Text(), nullable=False),
        sa.Column("words", sa.Text(), nullable=False),
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column("search", sa.Text(), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.Column("data", sa.LargeBinary(), nullable=False),
        sa.CheckConstraint(
            "(stage = 'sending') = (leased_until IS NOT NULL) AND (stage = 'sending') = (leased_by IS NOT NULL)",
            name=op.f("ck_replies_lease"),
        ),
        sa.CheckConstraint("(stage = 'sent') = (sent_at IS NOT NULL)", name=op.f("ck_replies_sent")),
        sa.CheckConstraint("stage IN ('queued', 'cancelled') OR attempts >= 1", name=op.f("ck_replies_attempted")),
        sa.CheckConstraint(
            "stage IN ('queued', 'sending', 'sent', 'failed', 'in_doubt', 'cancelled')", name=op.f("ck_replies_stage")
        ),
        sa.CheckConstraint("automatic OR NOT receipt", name=op.f("ck_replies_receipt")),
        sa.CheckConstraint("ordinal >= 1 AND attempts >= 0", name=op.f("ck_replies_counts")),
        sa.ForeignKeyConstraint(["message"], ["messages.id"], name=op.f("fk_replies_message")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_replies")),
        sa.UniqueConstraint("message", "ordinal", name=op.f("uq_replies_message_ordinal")),
        sa.UniqueConstraint("message_key", name=op.f("uq_replies_message_key")),
    )
    op.create_index(op.f("ix_replies_author_key_counted_at"), "replies", ["author_key", "counted_at"], unique=False)
    op.create_index(op.f("ix_replies_mailbox_counted_at"), "replies", ["mailbox", "counted_at"], unique=False)
    op.create_index(
        op.f("ix_replies_mailbox_stage_automatic_not_before"),
        "replies",
        ["mailbox", "stage", "automatic", "not_before"],
        unique=False,
    )
    op.create_index(
        "ix_replies_one_automatic",
        "replies",
        ["message"],
        unique=True,
        sqlite_where=sa.text("automatic"),
        postgresql_where=sa.text("automatic"),
    )
    op.create_index(
        op.f("ix_replies_recipient_domain_counted_at"), "replies", ["recipient_domain", "counted_at"], unique=False
    )
    op.create_index(
        op.f("ix_replies_recipient_key_counted_at"), "replies", ["recipient_key", "counted_at"], unique=False
    )
    op.create_index(op.f("ix_replies_stage"), "replies", ["stage"], unique=False)
    op.create_index(
        "ix_replies_unkept",
        "replies",
        ["mailbox", "id"],
        unique=False,
        sqlite_where=sa.text("stage = 'sent' AND NOT kept"),
        postgresql_where=sa.text("stage = 'sent' AND NOT kept"),
    )


def _bounces() -> None:
    op.create_table(
        "bounces",
        sa.Column("id", ROW_ID, nullable=False),
        sa.Column("address_key", sa.Text(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("reply", ROW_ID, nullable=True),
        sa.ForeignKeyConstraint(["reply"], ["replies.id"], name=op.f("fk_bounces_reply")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_bounces")),
    )
    op.create_index(op.f("ix_bounces_address_key_at"), "bounces", ["address_key", "at"], unique=False)


def _corrections() -> None:
    op.create_table(
        "corrections",
        sa.Column("id", ROW_ID, nullable=False),
        sa.Column("message", ROW_ID, nullable=False),
        sa.Column("said", sa.Text(), nullable=True),
        sa.Column("corrected", sa.Text(), nullable=False),
        sa.Column("who", sa.Text(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("model", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["message"], ["messages.id"], name=op.f("fk_corrections_message")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_corrections")),
    )
    op.create_index(op.f("ix_corrections_message"), "corrections", ["message"], unique=False)


def _failed_readings() -> None:
    op.create_table(
        "failed_readings",
        sa.Column("mailbox", sa.Text(), nullable=False),
        sa.Column("uidvalidity", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("uid", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("failures", sa.Integer(), nullable=False),
        sa.Column("last_at", sa.BigInteger(), nullable=False),
        sa.Column("why", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("mailbox", "uidvalidity", "uid", name=op.f("pk_failed_readings")),
    )


def _events() -> None:
    op.create_table(
        "events",
        sa.Column("id", ROW_ID, nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("who", sa.Text(), nullable=False),
        sa.Column("what", sa.Text(), nullable=False),
        sa.Column("why", sa.Text(), nullable=False),
        sa.Column("message", ROW_ID, nullable=True),
        sa.Column("reply", ROW_ID, nullable=True),
        sa.ForeignKeyConstraint(["message"], ["messages.id"], name=op.f("fk_events_message")),
        sa.ForeignKeyConstraint(["reply"], ["replies.id"], name=op.f("fk_events_reply")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_events")),
    )
    op.create_index(op.f("ix_events_message"), "events", ["message"], unique=False)

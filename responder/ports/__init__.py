"""The floor between the services and the world: Protocols and their value types. No port is ever a mock in a test."""

from responder.ports.answering import Classify, Render, Rendered, Rules
from responder.ports.mail import Envelope, Fetched, Filing, Inbox, Outcome, OutcomeKind, Outgoing, Transport
from responder.ports.records import (
    ANSWERED_BY_PERSON,
    ANSWERED_ELSEWHERE,
    Arrival,
    Cursor,
    Decision,
    Event,
    MailboxState,
    NewReply,
    Query,
    Settlement,
    StoredMessage,
    StoredReply,
)
from responder.ports.store import Store, Transaction

__all__ = [
    "ANSWERED_BY_PERSON",
    "ANSWERED_ELSEWHERE",
    "Arrival",
    "Classify",
    "Cursor",
    "Decision",
    "Envelope",
    "Event",
    "Fetched",
    "Filing",
    "Inbox",
    "MailboxState",
    "NewReply",
    "Outcome",
    "OutcomeKind",
    "Outgoing",
    "Query",
    "Render",
    "Rendered",
    "Rules",
    "Settlement",
    "Store",
    "StoredMessage",
    "StoredReply",
    "Transaction",
    "Transport",
]

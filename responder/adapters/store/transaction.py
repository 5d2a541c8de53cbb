"""One transaction: every concern of ports.Transaction on one connection."""

from responder.adapters.store.delivery import Delivery
from responder.adapters.store.filing import Filing
from responder.adapters.store.intake import Intake
from responder.adapters.store.mailboxes import Mailboxes
from responder.adapters.store.people import People
from responder.adapters.store.search import Search
from responder.adapters.store.triage import Triage


class SqlTransaction(Intake, Mailboxes, Triage, Delivery, Filing, People, Search):
    """ports.Transaction with SQLAlchemy Core; whoever opened its connection commits or rolls back."""

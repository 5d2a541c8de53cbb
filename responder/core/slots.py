"""The variables a template may use, a closed set: values come from the mail, facts from facts.toml.

Never a slot: a coupon code, a decision on eligibility, a price, a refund, a date by which something will be granted.
"""

from collections.abc import Mapping
from datetime import datetime
from types import MappingProxyType

from responder.core.message import Message
from responder.core.reply import first_name

MAIL_SLOTS: Mapping[str, str] = MappingProxyType(
    {
        "first_name": 'the writer\'s given name, "there" where it is not plain',
        "subject": "the mail's subject (in the template's subject line only)",
        "mailbox": "the address the answer is sent from",
        "ticket_ref": "a short reference to the message",
        "today": "the day of the answer, as 5 November 2026",
    }
)
"""Values; whatever they hold, they become plain words and never markup or links."""
FALLBACKS: Mapping[str, str] = MappingProxyType({"first_name": "there", "subject": "your message"})
COMMON_FACTS: Mapping[str, str] = MappingProxyType(
    {
        "company_name": "the company",
        "product_name": "its product",
        "verifier_name": "who checks applications for the company",
        "verifier_help_url": "where the verifier helps",
        "support_portal_url": "where tickets on codes, portal and subscription go",
        "support_topic": "the topic to choose there",
        "customers_portal_url": "where subscriptions are managed",
        "docs_url": "the product's documentation",
        "forum_url": "the community forum",
        "pricing_url": "list prices",
        "sales_url": "how to reach sales",
        "free_tier_url": "the free tier",
        "trial_url": "the free trial",
        "first_reply_time": "how soon a person answers; empty: nothing is said",
        "renewal_lead_time": "how long before the end to renew",
        "human_contact_line": "how to reach a person",
        "team_signature": "who signs",
    }
)
"""Facts that hold for every program. A fact may be empty; a template that prints an empty one is not sent."""
PROGRAM_FACTS: Mapping[str, str] = MappingProxyType(
    {
        "program_name": "the program's name",
        "sender_name": "the name beside the mailbox's address",
        "application_url": "where to apply",
        "requirements_url": "the rules",
        "renewal_url": "where to renew",
        "screenshot_guide_url": "how to make the screenshots",
        "review_time": "how long a review usually takes",
    }
)
"""Facts of one program; for every template they are there with its name before them, as education_application_url."""
MAY_BE_EMPTY = frozenset({"first_reply_time", *PROGRAM_FACTS} - {"program_name", "sender_name"})


def reply_values(message: Message, mailbox: str, at: datetime) -> dict[str, str]:
    """What a message gives to its answer; a slot it cannot fill is left out."""
    values = {
        "first_name": first_name(message.author),
        "subject": message.subject,
        "mailbox": mailbox,
        "ticket_ref": message.fingerprint[:8].upper(),
        "today": f"{at.day} {at:%B %Y}",
    }
    return {name: value for name, value in values.items() if value}

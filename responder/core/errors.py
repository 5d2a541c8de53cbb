"""The errors the floors above may raise and must handle. Each answers: what happened, and what to do."""


class ResponderError(Exception):
    """Something went wrong that a person can understand; its text says what to do."""


class SettingsError(ResponderError):
    """Settings are wrong; carries every problem at once."""

    def __init__(self, problems: list[str]) -> None:
        """Join the problems, one a line."""
        super().__init__("\n".join(problems))
        self.problems = problems


class InboxError(ResponderError):
    """The IMAP side failed; the caller reconnects with backoff."""


class LoginError(InboxError):
    """The server refused the credentials; retrying soon is pointless."""


class MailboxChangedError(InboxError):
    """UIDVALIDITY is not the one the caller knew: start a new cursor."""


class TransportError(ResponderError):
    """The SMTP side cannot be used at all (connect, TLS, login): nothing was handed over."""


class PolicyError(ResponderError):
    """policy.toml, cues.toml or facts.toml is wrong; each problem names file and line or key."""

    def __init__(self, problems: list[str]) -> None:
        """Join the problems, one a line."""
        super().__init__("\n".join(problems))
        self.problems = problems


class TemplateError(ResponderError):
    """A reply cannot be rendered: the message is held with `rule` as the reason."""

    def __init__(self, rule: str, detail: str, slots: tuple[tuple[str, str], ...] = ()) -> None:
        """Take one of template.missing, template.broken, template.unfilled, template.long."""
        super().__init__(f"{rule}: {detail}")
        self.rule = rule
        self.detail = detail
        self.slots = slots


class ModelError(ResponderError):
    """No model can be used: everything is held, loudly."""


class StoreError(ResponderError):
    """The database cannot be used, or refused what was asked; the transaction was rolled back."""


class StaleError(ResponderError):
    """Somebody else moved the message or reply meanwhile; nothing was changed."""

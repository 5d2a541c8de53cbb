"""The embedded sink with what real submission servers ask for: STARTTLS and a password."""

import logging
from collections.abc import Mapping
from typing import Any

from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session

from responder.demo.smtp_sink import EmbeddedSink
from tests.servers.authority import Authority


def submission_sink(authority: Authority, accounts: Mapping[str, str], **options: Any) -> EmbeddedSink:
    """A sink that takes mail from these accounts (user: password) after STARTTLS only."""

    def authenticate(_server: SMTP, _session: Session, _envelope: Envelope, _mechanism: str, said: Any) -> AuthResult:
        known = isinstance(said, LoginPassword) and accounts.get(said.login.decode()) == said.password.decode()
        return AuthResult(success=known, handled=False)

    logging.getLogger("mail.log").setLevel(logging.ERROR)
    strict = {"tls_context": authority.server_context(), "require_starttls": True, "auth_required": True}
    return EmbeddedSink(authenticator=authenticate, **strict, **options)

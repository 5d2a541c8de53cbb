"""Mail submission (RFC 6409); the only importer of smtplib."""

from responder.adapters.smtp.transport import SmtpTransport

__all__ = ["SmtpTransport"]

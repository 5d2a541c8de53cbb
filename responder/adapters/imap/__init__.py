"""IMAP (RFC 3501, 2177, 4315, 6154, 6851); the only importer of imapclient."""

from responder.adapters.imap.answers import Folder
from responder.adapters.imap.inbox import ImapInbox

__all__ = ["Folder", "ImapInbox"]

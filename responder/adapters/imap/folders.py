"""Which folders there are and what they are called on this server."""

import logging
from collections.abc import Iterable

from responder.adapters.imap.answers import Folder
from responder.adapters.imap.failures import RefusedError
from responder.adapters.imap.session import Session

SENT_NAMES = (
    *("Sent", "Sent Items", "Sent Messages", "Sent Mail", "[Gmail]/Sent Mail", "[Google Mail]/Sent Mail"),
    *("Gesendet", "Gesendete Elemente", "Gesendete Objekte", "[Gmail]/Gesendet", "[Google Mail]/Gesendet"),
    *("Envoyés", "Éléments envoyés", "Enviados", "Elementos enviados", "Posta inviata", "Inviata", "Verzonden items"),
)
"""Tried in this order where no folder carries \\Sent (RFC 6154)."""
log = logging.getLogger(__name__)


class Folders:
    """The folders as one session sees them; listed once."""

    def __init__(self, session: Session) -> None:
        """Nothing is asked before the first question."""
        self._session = session
        self._listed: dict[str, Folder] | None = None
        self._root: tuple[str, str] | None = None
        self._sent: str | None = None
        self._sent_sought = False

    def all(self) -> tuple[Folder, ...]:
        """Every folder a message can lie in."""
        return tuple(one for one in self._known().values() if not one.attributes & {"\\noselect", "\\nonexistent"})

    def sent(self) -> str | None:
        """Where sent mail lies, or None: by special use, else by name."""
        if not self._sent_sought:
            self._sent, self._sent_sought = self._seek_sent(), True
            if self._sent is None:
                log.warning("no folder for sent mail was found")
        return self._sent

    def named(self, wanted: str) -> str:
        """The server's name for what a person calls `wanted`: with its prefix (INBOX.) and its separator."""
        if wanted.upper() == "INBOX" or wanted in self._known():
            return wanted
        prefix, separator = self._namespace()
        name = wanted.replace("/", separator) if separator else wanted
        return name if name.startswith(prefix) else prefix + name

    def ensure(self, name: str) -> None:
        """Create a folder that is missing. Raises RefusedError where the server will not."""
        if name.upper() == "INBOX" or name in self._known():
            return
        try:
            self._session.create(name)
        except RefusedError:
            self.forget()
            if name not in self._known():  # somebody may have been quicker
                raise
        self.forget()

    def forget(self) -> None:
        """List anew at the next question."""
        self._listed = None
        self._sent_sought = False

    def _known(self) -> dict[str, Folder]:
        if self._listed is None:
            self._listed = {one.name: one for one in self._session.folders()}
        return self._listed

    def _seek_sent(self) -> str | None:
        folders = self.all()
        for one in folders:
            if "\\sent" in one.attributes:
                return one.name
        by_name = {one.name.casefold(): one.name for one in folders}
        return next((by_name[name] for name in self._candidates() if name in by_name), None)

    def _candidates(self) -> Iterable[str]:
        prefix, separator = self._namespace()
        for name in SENT_NAMES:
            yield name.casefold()
            yield (prefix + name.replace("/", separator or "/")).casefold()

    def _namespace(self) -> tuple[str, str]:
        """Prefix and separator: as NAMESPACE says, else INBOX. where every folder lies below INBOX."""
        if self._root is None:
            self._root = self._session.namespace() or self._guessed()
        return self._root

    def _guessed(self) -> tuple[str, str]:
        others = [one for one in self._known().values() if one.name.upper() != "INBOX"]
        separator = next((one.separator for one in self._known().values() if one.separator), "")
        prefix = f"INBOX{separator}"
        below = bool(others) and bool(separator) and all(one.name.startswith(prefix) for one in others)
        return (prefix if below else "", separator)

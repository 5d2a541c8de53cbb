"""A program's shared address and the limits it works under, as plain values."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from classifier.prediction import Program
from responder.core.reply import ReplyFrom


class Mode(StrEnum):
    """How far a mailbox may go by itself."""

    SHADOW = "shadow"
    """Decides, writes the database only."""
    DRAFT = "draft"
    """Holds everything, the draft ready."""
    AUTO = "auto"
    """Sends."""


@dataclass(frozen=True, slots=True)
class Mailbox:
    """What the services must know of a mailbox."""

    name: str
    program: Program
    mode: Mode
    reply_from: ReplyFrom
    brake_per_hour: int = 30
    answer_since: datetime | None = None
    """Older mail is recorded, never answered; None: the first start."""
    keep_sent: bool = True
    answered_folder: str = ""
    held_folder: str = ""
    authserv_id: str = ""

    def cut_off(self, started_at: datetime) -> datetime:
        """Mail that arrived before this moment is never answered."""
        return self.answer_since or started_at

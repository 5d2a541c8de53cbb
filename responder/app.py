"""The composition root: settings to wired objects. The only file that knows every concrete class; owns the clock."""

import os
import socket
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cached_property
from pathlib import Path

from classifier.artifact import LiveModel
from classifier.prediction import Program
from responder.adapters.imap import ImapInbox
from responder.adapters.smtp import SmtpTransport
from responder.adapters.store import open_store
from responder.adapters.template_set import check_folder
from responder.adapters.template_source import Problem
from responder.adapters.templates import Templates
from responder.core.caps import Limits
from responder.core.errors import ResponderError
from responder.core.mailbox import Mailbox
from responder.core.reply import ReplyFrom, loop_token
from responder.core.screen import Known
from responder.daemon import Daemon, Line, utc_now
from responder.ports import Store
from responder.services.delivery import Delivery
from responder.services.explaining import Explainer
from responder.services.filing import FilingService
from responder.services.review import Review
from responder.services.triage import Triage
from responder.settings import MailboxSettings, Settings, load

PACKAGE = Path(__file__).parent
MEGABYTE = 1_000_000


def shipped(name: str) -> Path:
    """The copy inside the installed package, or the checkout's folder beside it."""
    packaged = PACKAGE / "shipped" / name
    return packaged if packaged.is_dir() else PACKAGE.parent / name


@dataclass
class App:
    """Everything wired, each part made when first asked for: `explain` needs no database, `status` no model."""

    settings: Settings
    clock: Callable[[], datetime] = utc_now

    @cached_property
    def store(self) -> Store:
        """The database, migrated."""
        return open_store(self.settings.database_url)

    @cached_property
    def templates(self) -> Templates:
        """Templates, policy, cues and facts."""
        return Templates(self.templates_folder)

    @property
    def templates_folder(self) -> Path:
        """Where templates, policy, cues and facts lie."""
        return self.settings.templates or shipped("templates")

    def check_templates(self) -> list[Problem]:
        """Everything wrong with that folder, be it usable or not."""
        return check_folder(self.templates_folder)

    @cached_property
    def model(self) -> LiveModel:
        """Whatever `models/current` names, taken anew when it changes."""
        return LiveModel(self.models_folder, key_file=self.settings.model_key_file)

    @property
    def models_folder(self) -> Path:
        """Where trained models lie."""
        return self.settings.models or shipped("models")

    @cached_property
    def mailboxes(self) -> dict[str, Mailbox]:
        """The configured mailboxes by name."""
        return {name: self._mailbox(name, one) for name, one in self.settings.mailboxes.items()}

    @cached_property
    def limits(self) -> Limits:
        """The caps of the settings."""
        chosen = self.settings
        return Limits(
            sender_template=chosen.cap_sender_template,
            sender_day=chosen.cap_sender_day,
            sender_week=chosen.cap_sender_week,
            thread=chosen.cap_thread,
            domain_hour=chosen.cap_domain_hour,
            same_text_hour=chosen.cap_same_text_hour,
            bounce_days=chosen.cap_bounce_days,
        )

    def known(self, mailbox: Mailbox) -> Known:
        """What screening must know besides the message."""
        return Known(
            addresses=self.settings.addresses | {mailbox.reply_from.address},
            staff_domains=frozenset(self.settings.staff_domains),
            vendor_domains=self.templates.rules().vendor_domains,
            loop_token=mailbox.reply_from.loop_token,
            authserv_id=mailbox.authserv_id,
            relays=frozenset(self.settings.form_relays),
        )

    @cached_property
    def review(self) -> Review:
        """The hold queue's service."""
        return Review(self.store, self.templates, self.mailboxes, self.clock)

    def explainer(self, mailbox: str | None = None) -> Explainer:
        """Decides raw messages for `explain`, as `mailbox` or as the one each is addressed to."""
        if mailbox is not None and mailbox not in {*self.mailboxes, *Program} - {Program.UNKNOWN}:
            known = ", ".join({**self.mailboxes, **{one: None for one in Program if one is not Program.UNKNOWN}})
            raise ResponderError(f"there is no mailbox {mailbox}; known: {known}")
        return Explainer(self.mailboxes, self.known, self.templates, self.model.get, mailbox)

    def daemon(self) -> Daemon:
        """Every mailbox's line, nothing started."""
        return Daemon([self._line(name) for name in self.mailboxes])

    def inbox(self, name: str) -> ImapInbox:
        """A new IMAP connection to a mailbox, opened at first use."""
        chosen = self.settings.mailboxes[name]
        return ImapInbox(chosen.imap, size_limit=chosen.max_size_mb * MEGABYTE)

    def transport(self, name: str) -> SmtpTransport:
        """A new submission connection of a mailbox, opened at first use."""
        lease = self.settings.lease_seconds
        return SmtpTransport(
            self.settings.mailboxes[name].smtp, timeout=min(60.0, lease / 8), final_timeout=min(300.0, lease / 2)
        )

    def _line(self, name: str) -> Line:
        mailbox, send_inbox, transport = self.mailboxes[name], self.inbox(name), self.transport(name)
        delivery = Delivery(
            self.store,
            mailbox,
            transport,
            send_inbox,
            owner=f"{socket.gethostname()}:{os.getpid()}",
            lease=timedelta(seconds=self.settings.lease_seconds),
            clock=self.clock,
        )
        triage = Triage(self.store, mailbox, lambda: self.known(mailbox), self.limits, self.templates, self.model.get)
        return Line(
            mailbox=mailbox,
            store=self.store,
            triage=triage,
            watch_inbox=self.inbox(name),
            send_inbox=send_inbox,
            transport=transport,
            delivery=delivery,
            filing=FilingService(self.store, mailbox),
            poll_seconds=self.settings.mailboxes[name].poll_seconds,
            clock=self.clock,
        )

    def _mailbox(self, name: str, chosen: MailboxSettings) -> Mailbox:
        since = None if chosen.answer_since == "start" else chosen.cut_off(datetime.now(UTC))
        return Mailbox(
            name=name,
            program=chosen.program,
            mode=chosen.mode,
            reply_from=self._reply_from(chosen),
            brake_per_hour=chosen.brake_per_hour,
            answer_since=since,
            keep_sent=chosen.sent_copy == "auto",
            answered_folder=chosen.answered_folder,
            held_folder=chosen.held_folder,
            authserv_id=chosen.authserv_id,
        )

    def _reply_from(self, chosen: MailboxSettings) -> ReplyFrom:
        token = loop_token(self.settings.addresses)
        name = self.templates.rules().facts.get(f"{chosen.program}_sender_name", "")
        return ReplyFrom(chosen.address, name, chosen.bounce_address or chosen.address, token)


def build(env_file: Path | None = None) -> App:
    """Settings from the environment, wired. Raises SettingsError."""
    return App(load(env_file))

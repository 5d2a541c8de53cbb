"""Folders and filing on servers with ideas of their own: prefixes, no MOVE, no UIDPLUS, no keywords, read-only."""

from collections.abc import Iterator
from datetime import UTC, datetime
from email.utils import format_datetime

import pytest

from responder.adapters.imap import sent
from responder.core.errors import InboxError
from responder.demo.imap_server import EmbeddedImap
from responder.ports import Filing
from tests.adapters.imap.accounts import Account, mail
from tests.servers.dovecot import Dovecot
from tests.servers.proxy import Fault, Proxy

ANSWERED = {"$AutoAnswered", "\\Answered"}


@pytest.fixture
def on_courier(courier_like: Dovecot, request: pytest.FixtureRequest) -> Account:
    """An account whose folders all lie below INBOX."""
    user = f"courier-{request.node.name[:40]}"
    return Account(courier_like.endpoint(user), courier_like.endpoint(user))


@pytest.fixture
def courier_proxy(courier_like: Dovecot) -> Iterator[Proxy]:
    """Takes UIDPLUS away as well."""
    with Proxy(courier_like.plain, rewrite=lambda line: line.replace(b" UIDPLUS", b"")) as made:
        yield made


def test_a_prefix_is_found_out(on_courier: Account) -> None:
    """Configured as "Done/Answered", made as INBOX.Done.Answered; Sent is INBOX.Sent."""
    on_courier.deliver(mail("a"))
    inbox = on_courier.inbox()
    inbox.select()
    assert inbox.sent_folder() == "INBOX.Sent"
    (one,) = inbox.fetch(0, 10)
    assert inbox.file([Filing(one.uid, "$AutoAnswered", answered=True, folder="Done/Answered")]) == {one.uid}
    assert on_courier.ids("INBOX.Done.Answered") == [b"<a@example.org>"]
    assert inbox.keep_sent([("<r@example.org>", mail("r"))]) == {"<r@example.org>"}
    assert on_courier.ids("INBOX.Sent") == [b"<r@example.org>"]
    inbox.close()
    watching = on_courier.inbox(folder="Done/Answered")
    watching.select()
    assert len(watching.fetch(0, 10)) == 1
    watching.close()


def test_a_prefix_that_nobody_announces(courier_like: Dovecot, on_courier: Account) -> None:
    """Without NAMESPACE it shows in the list of folders."""
    on_courier.deliver(mail("a"))
    with Proxy(courier_like.plain, rewrite=lambda line: line.replace(b" NAMESPACE", b"")) as proxy:
        inbox = on_courier.through(proxy.port).inbox()
        inbox.select()
        (one,) = inbox.fetch(0, 10)
        assert inbox.file([Filing(one.uid, "$AutoHeld", folder="Held")]) == {one.uid}
        assert inbox.sent_folder() == "INBOX.Sent"
        inbox.close()
    assert on_courier.ids("INBOX.Held") == [b"<a@example.org>"]


def test_without_move_only_ours_are_expunged(courier_like: Dovecot, on_courier: Account) -> None:
    """COPY, mark as deleted, UID EXPUNGE: what other people have marked as deleted stays."""
    for name in "abc":
        on_courier.deliver(mail(name))
    on_courier.deliver(mail("marked"), flags=["\\Deleted"])
    with Proxy(courier_like.plain) as proxy:
        inbox = on_courier.through(proxy.port).inbox()
        inbox.select()
        a, b, c, marked = (one.uid for one in inbox.fetch(0, 10))
        filings = [Filing(uid, "$AutoAnswered", answered=True, folder="Done") for uid in (a, b)]
        for _ in range(2):
            assert inbox.file(filings) == {a, b}
        assert not [line for line in proxy.commands if line.upper().startswith(("EXPUNGE", "CLOSE", "UID MOVE"))]
        inbox.close()
    assert on_courier.ids("INBOX.Done") == [b"<a@example.org>", b"<b@example.org>"]
    assert list(on_courier.flags("INBOX.Done").values()) == [ANSWERED, ANSWERED]
    assert on_courier.flags() == {c: set(), marked: {"\\Deleted"}}


def test_without_uidplus_nothing_is_expunged(courier_proxy: Proxy, on_courier: Account) -> None:
    """COPY, the original marked as deleted; asked again, it is not copied again."""
    on_courier.deliver(mail("a"))
    on_courier.deliver(mail("marked"), flags=["\\Deleted"])
    inbox = on_courier.through(courier_proxy.port).inbox()
    assert "UIDPLUS" not in inbox.capabilities()
    inbox.select()
    a, marked = (one.uid for one in inbox.fetch(0, 10))
    for _ in range(2):
        assert inbox.file([Filing(a, "$AutoAnswered", answered=True, folder="Done")]) == {a}
    inbox.close()
    assert not [line for line in courier_proxy.commands if "EXPUNGE" in line.upper()]
    assert on_courier.ids("INBOX.Done") == [b"<a@example.org>"]
    assert on_courier.flags() == {a: ANSWERED | {"\\Deleted"}, marked: {"\\Deleted"}}


def test_a_server_that_keeps_no_keywords() -> None:
    r"""It says OK and forgets; \Answered and folders work, and the filing counts as done."""
    with EmbeddedImap({"education": "secret"}, keywords=False) as server:
        account = Account(server.endpoint("education"), server.endpoint("education"))
        for name in "ab":
            account.deliver(mail(name))
        inbox = account.inbox()
        inbox.select()
        assert (inbox.keeps("$AutoHeld"), inbox.keeps("\\Answered")) == (False, True)
        a, b = (one.uid for one in inbox.fetch(0, 10))
        filings = [Filing(a, "$AutoAnswered", answered=True, folder="Done"), Filing(b, "$AutoHeld")]
        assert inbox.file(filings) == {a, b}
        assert account.flags() == {b: set()}
        assert list(account.flags("Done").values()) == [{"\\Answered"}]
        inbox.close()


def test_a_notice_about_another_message_hides_nothing(proxied: Account) -> None:
    """Somebody sets the same keyword on the third message while UID 3, another one, is to be filed."""
    for n in range(5):
        proxied.deliver(mail(str(n)))
    with proxied.person() as client:
        client.delete_messages([1, 2])
        client.expunge([1, 2])
    inbox = proxied.inbox()
    inbox.select()
    with proxied.person() as client:
        client.add_flags([5], ["$AutoHeld"])
    assert inbox.file([Filing(3, "$AutoHeld")]) == {3}
    assert proxied.flags() == {3: {"$AutoHeld"}, 4: set(), 5: {"$AutoHeld"}}
    inbox.close()


def test_a_read_only_mailbox(embedded: EmbeddedImap, on_embedded: Account) -> None:
    """It can be read and waited on; filing has nothing to do there."""
    on_embedded.deliver(mail("a"))
    embedded._mail["education"]._inbox._readonly = True
    inbox = on_embedded.inbox()
    inbox.select()
    (one,) = inbox.fetch(0, 10)
    assert not inbox.keeps("\\Answered")
    assert inbox.file([Filing(one.uid, "$AutoAnswered", answered=True, folder="Done")]) == {one.uid}
    assert not inbox.wait(0.1)
    assert on_embedded.flags() == {one.uid: set()}
    inbox.close()


def test_without_a_sent_folder() -> None:
    """Nothing is found, nothing is kept, and none is made: that is the operator's to decide."""
    with EmbeddedImap({"education": "secret"}, folders=()) as server:
        account = Account(server.endpoint("education"), server.endpoint("education"))
        account.deliver(mail("a"), flags=["\\Answered"])
        account.deliver(mail("b"))
        inbox = account.inbox()
        inbox.select()
        a, b = (one.uid for one in inbox.fetch(0, 10))
        assert inbox.sent_folder() is None
        assert inbox.in_sent("<r@example.org>") is False
        assert inbox.keep_sent([("<r@example.org>", mail("r"))]) == frozenset()
        assert inbox.answered_elsewhere([a, b], ["<a@example.org>", "<b@example.org>"]) == {a}
        assert [folder.name for folder in inbox.folders()] == ["INBOX"]
        inbox.close()


@pytest.mark.parametrize(
    "name", ["Sent Items", "Sent Messages", "[Gmail]/Sent Mail", "Gesendet", "Envoyés", "sent", "Éléments envoyés"]
)
def test_sent_by_its_usual_names(name: str) -> None:
    """Where no folder says that it is the one (RFC 6154), the common names are tried."""
    with EmbeddedImap({"education": "secret"}, folders=("Archive", name)) as server:
        account = Account(server.endpoint("education"), server.endpoint("education"))
        inbox = account.inbox()
        assert inbox.sent_folder() == name
        inbox.close()


def test_sent_by_special_use() -> None:
    r"""A folder marked \Sent is the one, whatever it is called and although another one has the usual name."""
    with Dovecot(sent="Ausgang") as server:
        account = Account(server.endpoint("ada"), server.endpoint("ada"))
        account.create("Sent")
        inbox = account.inbox()
        assert inbox.sent_folder() == "Ausgang"
        inbox.close()


def test_sent_made_anew_is_read_anew(on_dovecot: Account) -> None:
    """Another UIDVALIDITY there: what is new in it is not overlooked for its small UIDs."""
    inbox = on_dovecot.inbox()
    inbox.select()
    for name in "abc":
        on_dovecot.deliver(mail(name), folder="Sent")
    assert inbox.in_sent("<c@example.org>")
    inbox.close()
    with on_dovecot.person(None) as client:
        client.rename_folder("Sent", "Sent 2025")
        client.create_folder("Sent")
    on_dovecot.deliver(mail("d"), folder="Sent")
    assert inbox.in_sent("<d@example.org>")
    inbox.close()


def test_sent_is_searched_only_for_what_may_be_older(proxy: Proxy, proxied: Account) -> None:
    """A search for a header makes some servers read every mail; a fresh reply is known to be there or not."""
    now = format_datetime(datetime.now(UTC))
    inbox = proxied.inbox()
    fresh = [(f"<f{n}@example.org>", mail(f"f{n}", f"Date: {now}")) for n in range(3)]
    assert len(inbox.keep_sent(fresh)) == 3
    assert len(inbox.keep_sent(fresh)) == 3
    assert not [line for line in proxy.commands if "HEADER Message-ID" in line]
    proxied.deliver(mail("old"), folder="Sent", at=datetime(2020, 1, 1, tzinfo=UTC))
    dates = ["Sat, 01 Feb 2020 10:00:00 +0000", "yesterday", ""]
    assert inbox.keep_sent([("<old@example.org>", mail("old", f"Date: {date}")) for date in dates])
    inbox.close()
    inbox = proxied.inbox()
    assert inbox.keep_sent([("<old@example.org>", mail("old", f"Date: {date}")) for date in dates])
    inbox.close()
    assert [line for line in proxy.commands if "HEADER Message-ID" in line]
    assert sorted(proxied.ids("Sent")) == sorted(
        [f"<f{n}@example.org>".encode() for n in range(3)] + [b"<old@example.org>"]
    )


def test_a_busy_sent_folder_is_looked_at_from_its_end(proxied: Account, monkeypatch: pytest.MonkeyPatch) -> None:
    """More than are read at first: the newest are, the others are searched for; memory stays bounded."""
    monkeypatch.setattr(sent, "MESSAGES", 3)
    monkeypatch.setattr(sent, "REMEMBERED", 4)
    now = datetime.now(UTC)
    for n in range(6):
        proxied.deliver(mail(str(n), f"In-Reply-To: <q{n}@example.org>"), folder="Sent", at=now)
    proxied.deliver(mail("a"))
    inbox = proxied.inbox()
    inbox.select()
    assert [inbox.answered_elsewhere([1], [f"<q{n}@example.org>"]) for n in (2, 3)] == [frozenset(), {1}]
    raw = mail("0", f"Date: {format_datetime(now)}")
    assert inbox.keep_sent([("<0@example.org>", raw)]) == {"<0@example.org>"}
    for n in range(6, 16):
        proxied.deliver(mail(str(n), f"In-Reply-To: <q{n}@example.org>"), folder="Sent", at=now)
        assert inbox.answered_elsewhere([1], [f"<q{n}@example.org>"]) == {1}
        assert len(inbox._sent._ids) <= 5
    assert len(proxied.ids("Sent")) == 16
    inbox.close()


def test_a_folder_that_cannot_be_made(proxy: Proxy, proxied: Account) -> None:
    """Refused by the server: those messages are not done, nothing breaks, the others are filed."""
    for name in "ab":
        proxied.deliver(mail(name))
    inbox = proxied.inbox()
    inbox.select()
    a, b = (one.uid for one in inbox.fetch(0, 10))
    filings = [Filing(a, "$AutoHeld", folder="Held"), Filing(b, "$AutoHeld")]
    proxy.on("CREATE", Fault.NO, times=2)
    for _ in range(2):
        assert inbox.file(filings) == {b}
    assert inbox.file(filings) == {a, b}
    assert proxied.ids("Held") == [b"<a@example.org>"]
    inbox.close()


def test_folders_of_another_account_are_not_ours(embedded: EmbeddedImap, on_embedded: Account) -> None:
    """Two accounts on one server do not see each other's mail."""
    on_embedded.deliver(mail("a"))
    other = Account(embedded.endpoint("startups"), embedded.endpoint("startups")).inbox()
    other.select()
    assert other.fetch(0, 10) == []
    with pytest.raises(InboxError):
        Account(embedded.endpoint("startups", "Nowhere"), on_embedded.desk).inbox().select()
    other.close()

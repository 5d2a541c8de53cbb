"""Accounts on the embedded server and on Dovecot; every test gets an empty mailbox of its own."""

from collections.abc import Callable, Iterator
from itertools import count

import pytest

from responder.adapters.imap import ImapInbox
from responder.core.endpoint import Security
from responder.demo.imap_server import EmbeddedImap
from tests.adapters.imap.accounts import Account
from tests.servers.dovecot import Dovecot
from tests.servers.proxy import Proxy

_NUMBERS = count(1)


@pytest.fixture(scope="session")
def dovecot() -> Iterator[Dovecot]:
    """Dovecot as it is usually set up."""
    with Dovecot() as server:
        yield server


@pytest.fixture(scope="session")
def courier_like() -> Iterator[Dovecot]:
    """Dovecot that looks like Courier: everything below INBOX., no MOVE, no special uses."""
    capability = "IMAP4rev1 UIDPLUS CHILDREN NAMESPACE IDLE"
    with Dovecot(capability=capability, prefix="INBOX.", separator=".", special_use=False) as server:
        yield server


@pytest.fixture
def embedded() -> Iterator[EmbeddedImap]:
    """The demo's server."""
    with EmbeddedImap({"education": "secret", "startups": "secret"}) as server:
        yield server


@pytest.fixture
def on_embedded(embedded: EmbeddedImap) -> Account:
    """An account on the demo's server."""
    return Account(embedded.endpoint("education"), embedded.endpoint("education"))


@pytest.fixture
def new_account(dovecot: Dovecot) -> Callable[[], Account]:
    """Makes fresh accounts on Dovecot, without TLS."""

    def made() -> Account:
        user = f"user{next(_NUMBERS)}"
        return Account(dovecot.endpoint(user), dovecot.endpoint(user))

    return made


@pytest.fixture
def on_dovecot(new_account: Callable[[], Account]) -> Account:
    """A fresh account on Dovecot, without TLS."""
    return new_account()


@pytest.fixture(params=["embedded", "plain", "starttls", "tls"])
def account(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Account:
    """The same promises hold on every server and however the connection is protected."""
    if request.param == "embedded":
        return request.getfixturevalue("on_embedded")
    server: Dovecot = request.getfixturevalue("dovecot")
    monkeypatch.setenv("SSL_CERT_FILE", str(server.ca_file))
    user = f"user{next(_NUMBERS)}"
    return Account(server.endpoint(user, Security(request.param)), server.endpoint(user))


@pytest.fixture
def inbox(account: Account) -> Iterator[ImapInbox]:
    """The adapter on `account`."""
    made = account.inbox()
    yield made
    made.close()


@pytest.fixture
def proxy(dovecot: Dovecot) -> Iterator[Proxy]:
    """Between the adapter and Dovecot."""
    with Proxy(dovecot.plain) as made:
        yield made


@pytest.fixture
def proxied(proxy: Proxy, on_dovecot: Account) -> Account:
    """An account whose adapter goes through the proxy."""
    return on_dovecot.through(proxy.port)

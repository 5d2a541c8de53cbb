"""Column types that mean the same on SQLite and PostgreSQL, and the short keys by which hostile texts are looked up."""

import hashlib
import json
import re
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import BigInteger, Dialect, Integer, Text
from sqlalchemy.types import TypeDecorator

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
MICROSECOND = timedelta(microseconds=1)
KEY_LENGTH = 200
"""Characters. PostgreSQL refuses index entries above 2.7 kB, and a Message-ID may be as long as its sender likes."""
DOMAIN_LENGTH = 255
"""Characters, RFC 1035 section 2.3.4; longer ones are not worth converting."""
_UNSTORABLE = re.compile("[\x00\ud800-\udfff]")
_to_json = json.JSONEncoder(separators=(",", ":")).encode
RowId = BigInteger().with_variant(Integer(), "sqlite")
"""SQLite numbers rows by itself only in a column that says INTEGER."""


class Instant(TypeDecorator[datetime]):
    """An aware datetime as microseconds since 1970 in UTC; a naive one is a TypeError."""

    impl = BigInteger
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> int | None:
        """Count microseconds, exactly."""
        del dialect
        if value is None:
            return None
        return (value - EPOCH) // MICROSECOND

    def process_result_value(self, value: int | None, dialect: Dialect) -> datetime | None:
        """Build the datetime, in UTC."""
        del dialect
        return None if value is None else EPOCH + value * MICROSECOND


class Plain(TypeDecorator[str]):
    """Text any database takes: NUL and lone surrogates become U+FFFD."""

    impl = Text
    cache_ok = True

    def process_bind_param(self, value: str | None, dialect: Dialect) -> str | None:
        """Replace what PostgreSQL and UTF-8 refuse."""
        del dialect
        return None if value is None else plain(value)


class Json(TypeDecorator[Any]):
    """A JSON value as ASCII text, so that it comes back exactly, NUL and lone surrogates included."""

    impl = Text
    cache_ok = True

    def process_bind_param(self, value: Any, dialect: Dialect) -> str | None:  # noqa: ANN401 - JSON is anything
        """Write it; None is SQL's NULL."""
        del dialect
        return None if value is None else _to_json(value)

    def process_result_value(self, value: str | None, dialect: Dialect) -> Any:  # noqa: ANN401 - JSON is anything
        """Read it."""
        del dialect
        return None if value is None else json.loads(value)


def plain(text: str) -> str:
    """The text without what a database refuses; a member of a StrEnum as its bare value."""
    text = str(text)
    if text.isascii() and "\0" not in text:
        return text
    return _UNSTORABLE.sub("\ufffd", text)


def key_of(text: str) -> str:
    """The text itself where it is short, else its digest: what an index holds of a Message-ID or an address."""
    text = plain(text)
    return text if len(text) <= KEY_LENGTH else "sha256:" + hashlib.sha256(text.encode()).hexdigest()


def address_key(address: str) -> str:
    """One form for one address: lower case, the domain as DNS writes it (IDNA), as our envelopes do."""
    local, at, domain = address.lower().rpartition("@")
    return key_of(f"{local}{at}{_ascii(domain)}")


def domain_key(address: str) -> str:
    """The domain of an address in that form."""
    return key_of(_ascii(address.lower().rpartition("@")[2]))


def _ascii(domain: str) -> str:
    if domain.isascii() or len(domain) > DOMAIN_LENGTH:
        return domain
    try:
        return domain.encode("idna").decode("ascii")
    except UnicodeError:
        return domain


def cut(text: str | None, limit: int) -> str | None:
    """The text's first `limit` bytes in UTF-8, whole characters only."""
    if text is None or len(text) * 4 <= limit:
        return text
    return plain(text).encode()[:limit].decode(errors="ignore")

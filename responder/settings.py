"""Environment and .env to frozen, validated Settings. Reports every problem at once; never shows a secret.

The environment wins over the file. Each mailbox is a group RESPONDER_MAILBOXES__<NAME>__<KEY>; its name is the key's
middle part in lower case.
"""

import os
import re
from collections.abc import Mapping
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Annotated, Any, Literal, TypeAlias
from urllib.parse import SplitResult, unquote, urlsplit

from dotenv import dotenv_values
from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    SecretStr,
    ValidationError,
    ValidationInfo,
    field_validator,
    model_validator,
)
from pydantic_settings import BaseSettings, NoDecode, PydanticBaseSettingsSource, SettingsConfigDict

from classifier.prediction import Program
from responder.core.endpoint import Endpoint, Secret, Security, is_loopback
from responder.core.errors import SettingsError
from responder.core.mailbox import Mode

PREFIX = "RESPONDER_"
ADDRESS = re.compile(r"[^@\s,<>]+@[^@\s,<>]+")
DOMAIN = re.compile(r"[^@\s,./]+(?:\.[^@\s,./]+)+")
NAME = re.compile(r"[a-z][a-z0-9_-]{0,39}")


_SCHEMES: dict[str, tuple[Security, int]] = {
    "imaps": (Security.TLS, 993),
    "imap+starttls": (Security.STARTTLS, 143),
    "imap": (Security.PLAIN, 143),
    "smtps": (Security.TLS, 465),
    "smtp+starttls": (Security.STARTTLS, 587),
    "smtp": (Security.PLAIN, 25),
}


Kind: TypeAlias = Literal["imap", "smtp"]
KINDS: tuple[Kind, ...] = ("imap", "smtp")


def _comma_list(value: object) -> object:
    if isinstance(value, str):
        return tuple(item.strip().lower() for item in value.split(",") if item.strip())
    return value


def _split(url: str, kind: Kind) -> SplitResult:
    """Split a server URL. Raises ValueError with a cure, never with the URL's password."""
    parts = urlsplit(url)
    if parts.scheme not in _SCHEMES or not parts.scheme.startswith(kind):
        raise ValueError(f"starts with {kind}s://, {kind}+starttls:// or {kind}://")
    if parts.password is not None:
        raise ValueError("holds a password: put it into ..._PASSWORD or ..._PASSWORD_FILE and take it out of the URL")
    if not parts.hostname:
        raise ValueError(f"names no host: write {parts.scheme}://user@host:port")
    try:
        _ = parts.port
    except ValueError:
        raise ValueError("has a port that is no number from 1 to 65535") from None
    return parts


def _endpoint(url: str, kind: Kind, password: SecretStr | None) -> Endpoint:
    """The server a checked URL names."""
    parts = _split(url, kind)
    security, port = _SCHEMES[parts.scheme]
    secret = Secret(password.get_secret_value() if password else "")
    folder = unquote(parts.path.lstrip("/")) or "INBOX"
    return Endpoint(parts.hostname or "", parts.port or port, security, unquote(parts.username or ""), secret, folder)


class _Group(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)


class MailboxSettings(_Group):
    """One mailbox; the group RESPONDER_MAILBOXES__<NAME>__..."""

    address: str = Field(description="the mailbox's own address; replies come from it")
    aliases: Annotated[tuple[str, ...], NoDecode] = Field((), description="other addresses that lead here, by comma")
    program: Program = Field(description="education, opensource or startups")
    imap_url: str = Field(description="imaps://user@host:993/INBOX; imap+starttls:// too, imap:// on loopback")
    imap_password: SecretStr | None = Field(None, description="the IMAP password")
    imap_password_file: Path | None = Field(None, description="a file that holds it instead")
    smtp_url: str = Field(
        description="smtp+starttls://user@host:587; smtps:// too, smtp:// on loopback; no user: no AUTH"
    )
    smtp_password: SecretStr | None = Field(None, description="the SMTP password")
    smtp_password_file: Path | None = Field(None, description="a file that holds it instead")
    mode: Mode = Field(
        Mode.DRAFT, description="shadow: database only; draft: everything held, draft ready; auto: sends"
    )
    answer_since: str = Field("start", description="start, or an ISO date: older mail is recorded, never answered")
    brake_per_hour: int = Field(30, ge=1, description="automatic replies an hour; past it the mailbox pauses itself")
    authserv_id: str = Field("", description="whose Authentication-Results to trust; unset: not checked")
    sent_copy: Literal["auto", "never"] = Field(
        "auto", description="auto files replies in Sent; never: the provider does"
    )
    bounce_address: str = Field("", description="envelope sender of replies; unset: the mailbox's address")
    answered_folder: str = Field("", description="answered mail moves there; unset: it stays")
    held_folder: str = Field("", description="held mail moves there; unset: it stays")
    max_size_mb: int = Field(30, ge=1, le=1000, description="larger mail is held unread")
    poll_seconds: int = Field(60, ge=1, description="how often to look even where IDLE works")

    _lists = field_validator("aliases", mode="before")(_comma_list)

    @field_validator("address", "bounce_address")
    @classmethod
    def _is_address(cls, value: str) -> str:
        if value and not ADDRESS.fullmatch(value):
            raise ValueError("is no mail address: write it as education@example.org")
        return value.lower()

    @field_validator("answer_since")
    @classmethod
    def _is_start(cls, value: str) -> str:
        if value != "start":
            try:
                date.fromisoformat(value[:10])
            except ValueError:
                raise ValueError("is 'start' or a date as 2026-11-01") from None
        return value

    @field_validator("imap_url", "smtp_url")
    @classmethod
    def _is_url(cls, value: str, info: ValidationInfo) -> str:
        """What a URL alone can get wrong, so that other wrong fields do not hide it."""
        kind: Kind = "imap" if info.field_name == "imap_url" else "smtp"
        parts = _split(value, kind)
        if kind == "imap" and not parts.username:
            raise ValueError("names no user: write imaps://user@host (percent-encode an @ inside the user as %40)")
        if parts.username and _SCHEMES[parts.scheme][0] is Security.PLAIN and not is_loopback(parts.hostname or ""):
            raise ValueError(f"would send the password in clear: use {kind}s:// or {kind}+starttls://")
        return value

    @field_validator("imap_password_file", "smtp_password_file")
    @classmethod
    def _is_readable(cls, value: Path | None) -> Path | None:
        try:
            _ = value and value.read_text()
        except (OSError, UnicodeDecodeError) as error:
            raise ValueError(f"cannot be read: {getattr(error, 'strerror', None) or 'it is no text'}") from None
        return value

    @field_validator("program")
    @classmethod
    def _is_program(cls, value: Program) -> Program:
        if value is Program.UNKNOWN:
            raise ValueError("is education, opensource or startups")
        return value

    @model_validator(mode="after")
    def _passwords(self) -> "MailboxSettings":
        lacking = [
            f"{kind}_password is needed, or {kind}_password_file: {kind}_url names a user"
            for kind in KINDS
            if urlsplit(getattr(self, f"{kind}_url")).username and self._password(kind) is None
        ]
        if lacking:
            raise ValueError("\n".join(lacking))
        return self

    def _password(self, kind: Kind) -> SecretStr | None:
        given: SecretStr | None = getattr(self, f"{kind}_password")
        path: Path | None = getattr(self, f"{kind}_password_file")
        return given if given is not None or path is None else SecretStr(path.read_text().strip())

    @property
    def imap(self) -> Endpoint:
        """Where its mail lies."""
        return _endpoint(self.imap_url, "imap", self._password("imap"))

    @property
    def smtp(self) -> Endpoint:
        """Where its replies go."""
        return _endpoint(self.smtp_url, "smtp", self._password("smtp"))

    @property
    def addresses(self) -> frozenset[str]:
        """Every address that is this mailbox."""
        return frozenset(filter(None, (self.address, *self.aliases, self.bounce_address)))

    def cut_off(self, started_at: datetime) -> datetime:
        """Mail that arrived before this moment is never answered."""
        if self.answer_since == "start":
            return started_at
        moment = datetime.fromisoformat(self.answer_since)
        return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


class Settings(BaseSettings):
    """Everything an operator may set, frozen."""

    model_config = SettingsConfigDict(
        env_prefix=PREFIX,
        env_nested_delimiter="__",
        frozen=True,
        extra="forbid",
        hide_input_in_errors=True,
    )

    database_url: str = Field(
        "sqlite:///var/responder.db", repr=False, description="or postgresql+psycopg://user:password@host/name"
    )
    templates: Path | None = Field(None, description="templates, policy, cues and facts; unset: the shipped copies")
    models: Path | None = Field(None, description="trained models; unset: the shipped copies")
    model_key_file: Path | None = Field(
        None, description="the key that signs locally trained models; unset: made in the state folder at first use"
    )
    staff_domains: Annotated[tuple[str, ...], NoDecode] = Field((), description="colleagues' domains, by comma: held")
    form_relays: Annotated[tuple[str, ...], NoDecode] = Field(
        (), description="addresses of web forms whose Reply-To may differ, by comma"
    )
    cap_sender_template: int = Field(1, ge=1, description="the same template to a sender within 7 days")
    cap_sender_day: int = Field(2, ge=1, description="automatic replies to a sender a day")
    cap_sender_week: int = Field(4, ge=1, description="automatic replies to a sender a week")
    cap_thread: int = Field(1, ge=1, description="automatic replies in a thread")
    cap_domain_hour: int = Field(
        10, ge=1, description="automatic replies to a domain an hour; not for big free providers"
    )
    cap_same_text_hour: int = Field(3, ge=1, description="mails with the same text from anyone an hour")
    cap_bounce_days: int = Field(60, ge=1, description="days without automatic replies after a hard bounce")
    lease_seconds: int = Field(600, ge=1, description="how long one delivery attempt may take before it is in doubt")
    mailboxes: dict[str, MailboxSettings] = Field(default_factory=dict, description="one group a mailbox")

    _lists = field_validator("staff_domains", "form_relays", mode="before")(_comma_list)

    @field_validator("database_url")
    @classmethod
    def _is_database(cls, value: str) -> str:
        if not value.startswith(("sqlite:///", "postgresql+psycopg://")):
            raise ValueError("starts with sqlite:/// or postgresql+psycopg://")
        return value

    @field_validator("templates")
    @classmethod
    def _is_folder(cls, value: Path | None) -> Path | None:
        if value is not None and not value.is_dir():
            raise ValueError(f"there is no folder {value}: name one, or leave it unset for the shipped copies")
        return value

    @field_validator("staff_domains")
    @classmethod
    def _are_domains(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        for one in value:
            if not DOMAIN.fullmatch(one):
                raise ValueError(f"{one!r} is no domain: write them as example.com,example.org")
        return value

    @field_validator("mailboxes")
    @classmethod
    def _names(cls, value: dict[str, MailboxSettings]) -> dict[str, MailboxSettings]:
        owners: dict[str, str] = {}
        for name, mailbox in value.items():
            if not NAME.fullmatch(name):
                raise ValueError(f"{name!r} is no mailbox name: use letters, digits, - and _")
            for address in mailbox.addresses:
                if owners.setdefault(address, name) != name:
                    raise ValueError(f"{address} belongs to both {owners[address]} and {name}")
        return value

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],  # noqa: ARG003 - the library's signature
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,  # noqa: ARG003
        dotenv_settings: PydanticBaseSettingsSource,  # noqa: ARG003
        file_secret_settings: PydanticBaseSettingsSource,  # noqa: ARG003
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Only what `load` hands over: python-dotenv and the environment are read there, once."""
        return (init_settings,)

    @property
    def addresses(self) -> frozenset[str]:
        """Every address that is ours."""
        return frozenset(address for mailbox in self.mailboxes.values() for address in mailbox.addresses)


def load(env_file: Path | None = None, environment: Mapping[str, str] | None = None) -> Settings:
    """Read settings. Raises SettingsError with every problem, each naming its variable and a cure."""
    variables = _variables(env_file, os.environ if environment is None else environment)
    values, problems = _nest(variables)
    try:
        settings = Settings(**values)
    except ValidationError as error:
        raise SettingsError(problems + [line for one in error.errors() for line in _explain(one)]) from None
    if problems:
        raise SettingsError(problems)
    return settings


def _variables(env_file: Path | None, environment: Mapping[str, str]) -> dict[str, str]:
    """The file's variables under the environment's. Raises SettingsError when a named file cannot be read."""
    path = env_file or Path(".env")
    if env_file is not None and not path.is_file():
        raise SettingsError([f"--env-file {path}: there is no such file"])
    from_file = dotenv_values(path, interpolate=False) if path.is_file() else {}
    merged = {**{name: value or "" for name, value in from_file.items()}, **environment}
    return {name.upper(): value for name, value in merged.items() if name.upper().startswith(PREFIX)}


def _nest(variables: Mapping[str, str]) -> tuple[dict[str, Any], list[str]]:
    """Turn RESPONDER_MAILBOXES__A__B into nested values; an unknown name is a problem with a hint."""
    values: dict[str, Any] = {}
    problems: list[str] = []
    for name, value in variables.items():
        path = name.removeprefix(PREFIX).lower().split("__")
        if path[0] == "mailboxes" and len(path) == 3 and path[2] in MailboxSettings.model_fields:
            if value != "":
                values.setdefault("mailboxes", {}).setdefault(path[1], {})[path[2]] = value
        elif len(path) == 1 and path[0] in Settings.model_fields and path[0] != "mailboxes":
            if value != "":
                values[path[0]] = value
        else:
            problems.append(f"{name}: there is no such setting{_hint(path)}")
    return values, problems


def _hint(path: list[str]) -> str:
    from difflib import get_close_matches  # noqa: PLC0415 - only a wrong setting pays for it

    known = MailboxSettings.model_fields if path[0] == "mailboxes" else Settings.model_fields
    near = get_close_matches(path[-1], known, n=1)
    return f"; did you mean {near[0].upper()}?" if near else "; the README's table lists them all"


_CURES = {
    "int_parsing": "is no whole number: write digits only",
    "missing": "is missing: set it",
}


def _explain(error: Any) -> list[str]:  # noqa: ANN401 - pydantic's error dictionary
    """A line for each problem of one error: the variable's name, what is wrong, the cure."""
    where = [str(part) for part in error["loc"]]
    said = _CURES.get(error["type"]) or error["msg"].removeprefix("Value error, ")
    lines = []
    for line in said.splitlines():
        field, _, rest = line.partition(" ")
        of_group = where[:1] == ["mailboxes"] and len(where) == 2 and field in MailboxSettings.model_fields
        name = "__".join([*where, field] if of_group else where)
        lines.append(f"{PREFIX}{name.upper()}: {_lowered(rest if of_group else line)}")
    return lines


def _lowered(said: str) -> str:
    """The words of pydantic begin with a capital."""
    return said.replace("Input should be", "should be", 1)

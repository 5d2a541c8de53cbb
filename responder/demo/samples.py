"""The demo's sample mail: read from mail.toml, made into raw messages."""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from email.utils import format_datetime
from importlib.resources import files
from typing import Any

DOMAIN = "company.example"
BOUNDARY = "=_sample"


@dataclass(frozen=True, slots=True)
class Sample:
    """One raw message for one mailbox, and what it shows."""

    mailbox: str
    kind: str
    raw: bytes
    arrived_at: datetime


def samples(now: datetime) -> list[Sample]:
    """All of them, spread over the hours before `now`."""
    table = tomllib.loads(files("responder.demo").joinpath("mail.toml").read_text(encoding="utf-8"))
    mails: list[dict[str, Any]] = table["mail"]
    return [
        Sample(mail["mailbox"], mail["kind"], _raw(mail, number, moment), moment)
        for number, mail in enumerate(mails)
        for moment in [now - timedelta(minutes=7 * (len(mails) - number))]
    ]


def _raw(mail: Mapping[str, Any], number: int, moment: datetime) -> bytes:
    if "raw" in mail:
        return _wire(mail["raw"])
    head = [
        f"From: {mail['from']}",
        f"To: {mail['mailbox']}@{DOMAIN}",
        f"Subject: {mail['subject']}",
        f"Date: {format_datetime(moment)}",
        f"Message-ID: <sample-{number}@mail.example>",
        "MIME-Version: 1.0",
        *mail.get("headers", ()),
    ]
    content_type, body = _body(mail)
    return _wire("\n".join([*head, *content_type, "", body]))


def _body(mail: Mapping[str, Any]) -> tuple[list[str], str]:
    text = mail.get("body", "")
    if "html" in mail:
        return _plain("text/html"), mail["html"]
    if mail.get("report"):
        status = (
            "Reporting-MTA: dns; mx.college.example\n\nFinal-Recipient: rfc822; old@college.example\nAction: failed\n"
        )
        kind = f'multipart/report; report-type=delivery-status; boundary="{BOUNDARY}"'
        return _parts(kind, ("text/plain; charset=utf-8", text), ("message/delivery-status", status))
    if mail.get("calendar"):
        event = "BEGIN:VCALENDAR\nMETHOD:REQUEST\nBEGIN:VEVENT\nSUMMARY:Demo day\nEND:VEVENT\nEND:VCALENDAR\n"
        kind = f'multipart/alternative; boundary="{BOUNDARY}"'
        return _parts(kind, ("text/plain; charset=utf-8", text), ("text/calendar; method=REQUEST", event))
    if mail.get("encrypted"):
        kind = f'multipart/encrypted; protocol="application/pgp-encrypted"; boundary="{BOUNDARY}"'
        return _parts(kind, ("application/pgp-encrypted", "Version: 1"), ("application/octet-stream", text))
    if "attachment" in mail:
        file = mail["attachment"]
        head = f'{file["type"]}; name="{file["name"]}"\nContent-Disposition: attachment; filename="{file["name"]}"'
        kind = f'multipart/mixed; boundary="{BOUNDARY}"'
        return _parts(kind, ("text/plain; charset=utf-8", text), (head, "x" * file["size"]))
    return _plain("text/plain"), text


def _plain(content_type: str) -> list[str]:
    return [f"Content-Type: {content_type}; charset=utf-8", "Content-Transfer-Encoding: 8bit"]


def _parts(kind: str, *parts: tuple[str, str]) -> tuple[list[str], str]:
    body = "".join(f"--{BOUNDARY}\nContent-Type: {head}\n\n{content}\n" for head, content in parts)
    return [f"Content-Type: {kind}"], f"{body}--{BOUNDARY}--\n"


def _wire(text: str) -> bytes:
    return text.lstrip("\n").replace("\n", "\r\n").encode()

"""What a person would call a file of the mail."""

from typing import Final

from responder.core.body import Body, is_body_text
from responder.core.message import Attachment
from responder.core.mime import Entity

_LOGO: Final = 20_000
"""Bytes under which an image with a name given by a mail program is a signature's logo."""
_LOGO_NAMES: Final = ("image0", "outlook-", "oledata", "logo", "icon", "signature", "facebook", "linkedin", "twitter")
_NO_FILES: Final = frozenset(
    "text/calendar application/ics text/vcard text/x-vcard text/directory application/pgp-signature "
    "application/pgp-encrypted application/pgp-keys application/pkcs7-signature application/x-pkcs7-signature "
    "application/pkcs7-mime application/x-pkcs7-mime application/ms-tnef application/vnd.ms-tnef "
    "message/delivery-status message/disposition-notification message/feedback-report message/global-delivery-status "
    "text/rfc822-headers "
    "application/applefile text/x-amp-html".split()
)
_NO_FILE_NAMES: Final = (".vcf", ".p7s", ".p7m", ".asc", ".sig", ".ics", "winmail.dat")


def of(root: Entity, body: Body) -> tuple[Attachment, ...]:
    """The attachments in their order, those inside a winmail.dat last."""
    found: list[Attachment] = []
    cited = body.html or ""
    pending = [root]
    while pending:
        entity = pending.pop()
        inside = entity.children if entity.is_multipart and entity.content_type != "multipart/report" else []
        pending += reversed(inside)
        if not entity.content_type.startswith("multipart/") and _is_file(entity, cited):
            found.append(Attachment(entity.filename, entity.content_type, entity.size))
    return (*found, *body.files)


def _is_file(entity: Entity, html: str) -> bool:
    name = entity.filename.lower()
    if entity.content_type in _NO_FILES or name.endswith(_NO_FILE_NAMES):
        return False
    if entity.content_type.startswith("image/"):
        return not _is_decoration(entity, name, html)
    return not is_body_text(entity)


def _is_decoration(entity: Entity, name: str, html: str) -> bool:
    """An image of the letter itself: shown inline, or a signature's logo."""
    if entity.disposition == "inline" or (entity.content_id and f"cid:{entity.content_id}" in html):
        return True
    return entity.size < _LOGO and name.startswith(_LOGO_NAMES)

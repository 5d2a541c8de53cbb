"""The key that vouches for locally trained models. It lies outside the models' folder."""

import os
import secrets
from pathlib import Path

LENGTH = 32


def default_key_file() -> Path:
    """The user's state folder (XDG base directories)."""
    state = os.environ.get("XDG_STATE_HOME") or str(Path.home() / ".local" / "state")
    return Path(state) / "program-responder" / "model.key"


def read_key(path: Path) -> bytes | None:
    """The key, or None where there is none (or a stub too short to trust)."""
    try:
        content = path.read_bytes()
    except OSError:
        return None
    return content if len(content) >= LENGTH else None


def make_key(path: Path) -> bytes:
    """The key, made at first use for its owner's eyes alone (0600). Raises OSError."""
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    try:
        opened = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        if (key := read_key(path)) is None:
            raise OSError(None, "is not a readable key of 32 bytes; move it away to get a new one", str(path)) from None
        return key
    with os.fdopen(opened, "wb") as file:
        key = secrets.token_bytes(LENGTH)
        file.write(key)
        file.flush()
        os.fsync(file.fileno())
    return key

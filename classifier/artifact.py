"""Trained models on disk: `<version>/{model.joblib, encoder.onnx, tokenizer.json, card.json}` and `current`.

A joblib file runs code when it is loaded, so nothing is loaded that is not vouched for: the card holds the SHA-256 of
every file; the card itself is the shipped one (its SHA-256 stands in the package) or carries an HMAC of a key that
lies outside the folder. The bytes that were checked are the bytes that are loaded.
"""

import hashlib
import hmac
import io
import json
import logging
import os
import re
import threading
import time
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from classifier import shipped
from classifier.key import default_key_file, read_key
from classifier.versions import differences, library_versions

if TYPE_CHECKING:  # scikit-learn takes a second to import: only who loads a model pays for it
    from classifier.predict import Predictor
    from classifier.sentences import Encoder

log = logging.getLogger(__name__)

CURRENT, CARD, SIGNATURE, MODEL = "current", "card.json", "card.hmac", "model.joblib"
ENCODER, TOKENIZER, UNSEEN = "encoder.onnx", "tokenizer.json", "unseen.npz"
SERVING = (MODEL, ENCODER, TOKENIZER)
"""What is read to serve; `unseen.npz` is for training only."""
VERSION = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,79}")
FORMAT = 2
"""1: words alone. 2: words and sentence vectors."""


class ArtifactError(Exception):
    """This model cannot be used; the text says why and what to do."""


class MissingError(ArtifactError):
    """There is no such model, or a file of it is not there."""


class UntrustedError(ArtifactError):
    """Nobody vouches for the card: it is neither the shipped one nor signed with our key."""


class CorruptError(ArtifactError):
    """A file is not the one that the card names: cut short or changed."""


class IncompatibleError(ArtifactError):
    """The model is whole, but made with other library versions or another format."""


def save(
    folder: Path, predictor: "Predictor", card: Mapping[str, Any], key: bytes | None = None, unseen: bytes | None = None
) -> tuple[str, str]:
    """Write a new version, signed where a key is given; its name and the SHA-256 of its card. `current` stays.

    The name is made from the content: the same model has the same name. The folder appears whole or not at all.
    """
    files = {MODEL: _dumped(predictor)}
    if predictor.encoder is not None:
        files |= {ENCODER: predictor.encoder.onnx, TOKENIZER: predictor.encoder.tokenizer_json}
    if unseen is not None:
        files[UNSEEN] = unseen
    sums = {name: hashlib.sha256(content).hexdigest() for name, content in files.items()}
    version = "m-" + hashlib.sha256(json.dumps(sums, sort_keys=True).encode()).hexdigest()[:12]
    whole = {"version": version, "format": FORMAT, "files": sums, "libraries": library_versions(), **card}
    content = (json.dumps(whole, indent=1, ensure_ascii=False) + "\n").encode()
    files[CARD] = content
    if key is not None:
        files[SIGNATURE] = hmac.new(key, content, hashlib.sha256).hexdigest().encode()
    _write_folder(folder, version, files)
    return version, hashlib.sha256(content).hexdigest()


def promote(folder: Path, version: str) -> None:
    """Make `current` name this version: one atomic rename, seen by a running daemon within seconds."""
    if not VERSION.fullmatch(version) or not (folder / version / CARD).is_file():
        raise MissingError(f"{folder / version}: there is no such model")
    part = folder / f"{CURRENT}.{os.getpid()}.part"
    _write_synced(part, f"{version}\n".encode())
    part.replace(folder / CURRENT)


def current_version(folder: Path) -> str:
    """What `current` names. Raises MissingError or CorruptError."""
    version = _read(folder / CURRENT, limit=200).decode("utf-8", "replace").strip()
    if not VERSION.fullmatch(version):
        raise CorruptError(f"{folder / CURRENT}: does not name a model")
    return version


def read_card(folder: Path, version: str, key: bytes | None) -> dict[str, Any]:
    """The card of a version, vouched for. Raises ArtifactError."""
    content = _read(folder / version / CARD)
    if not hmac.compare_digest(hashlib.sha256(content).hexdigest(), shipped.CARD_SHA256):
        _check_signature(folder / version, content, key)
    try:
        card = json.loads(content)
    except ValueError as error:
        raise CorruptError(f"{folder / version / CARD}: {error}") from None
    if not isinstance(card, dict) or not isinstance(card.get("files"), dict):
        raise CorruptError(f"{folder / version / CARD}: names no files")
    return card


def load(folder: Path, version: str, key: bytes | None) -> "Predictor":
    """The predictor of a version, after every check. Raises ArtifactError."""
    card = read_card(folder, version, key)
    files = {name: _checked(folder / version / name, card["files"][name]) for name in SERVING if name in card["files"]}
    if MODEL not in files:
        raise CorruptError(f"{folder / version / CARD}: names no {MODEL}")
    if card.get("format") != FORMAT:
        raise IncompatibleError(f"{version} has format {card.get('format')}, this program reads {FORMAT}; {RETRAIN}")
    if other := differences(card.get("libraries", {})):
        raise IncompatibleError(f"{version} was made with {other}; {RETRAIN}")
    return _loaded(version, files)


def load_encoder(folder: Path, version: str, key: bytes | None) -> tuple["Encoder | None", bytes | None]:
    """The encoder of a version and what its fold encoders said, for training, checked. Raises ArtifactError.

    Whatever else may have changed since (scikit-learn, the format of the heads) does not matter for these.
    """
    from classifier.sentences import Encoder  # noqa: PLC0415

    sums = read_card(folder, version, key)["files"]
    files = {
        name: _checked(folder / version / name, sums[name]) for name in (ENCODER, TOKENIZER, UNSEEN) if name in sums
    }
    encoder = Encoder(files[ENCODER], files[TOKENIZER]) if ENCODER in files else None
    return encoder, files.get(UNSEEN)


def encoder_in_use(places: Iterable[Path], key: bytes | None) -> tuple["Encoder | None", bytes | None]:
    """The encoder of the first of these folders that has a model in use, as `load_encoder`. Raises ArtifactError."""
    for place in dict.fromkeys(places):
        try:
            return load_encoder(place, current_version(place), key)
        except MissingError:
            continue
    return None, None


RETRAIN = "run 'responder train', or install the versions it was made with"


class LiveModel:
    """Whatever `current` names, taken anew when it changes. Thread-safe.

    `get` looks at the disk once a second at most. A model that cannot be used is logged once, and the last good one
    stays; without one `get` gives None, and everything is held.
    """

    def __init__(self, folder: Path, key_file: Path | None = None, clock: Callable[[], float] = time.monotonic) -> None:
        """Look into `folder`; nothing is read before the first `get`."""
        self.folder = folder
        self.key_file = key_file or default_key_file()
        self.problem: str | None = None
        self._clock = clock
        self._lock = threading.Lock()
        self._looked = -2.0
        self._stamp: object = None
        self._predictor: Predictor | None = None

    def get(self) -> "Predictor | None":
        """The model to use now."""
        with self._lock:
            now = self._clock()
            if now - self._looked >= 1.0:
                self._looked = now
                self._look()
            return self._predictor

    def _look(self) -> None:
        stamp = self._stamped()
        if stamp == self._stamp:
            return
        self._stamp = stamp
        try:
            version = current_version(self.folder)
            if self._predictor is None or self._predictor.version != version:
                self._predictor = load(self.folder, version, read_key(self.key_file))
                log.info("model taken", extra={"model": version})
            self.problem = None
        except (ArtifactError, OSError) as error:
            self.problem = str(error)
            kept = self._predictor.version if self._predictor else "none: everything is held"
            log.error("model cannot be used: %s", error, extra={"kept": kept})  # noqa: TRY400 - no trace

    def _stamped(self) -> tuple[object, ...]:
        return (_stat(self.folder / CURRENT), _stat(self.key_file), *self._named_stats())

    def _named_stats(self) -> list[object]:
        try:
            version = current_version(self.folder)
        except (ArtifactError, OSError):
            return []
        return [_stat(self.folder / version / name) for name in (CARD, SIGNATURE, *SERVING)]


def _dumped(predictor: "Predictor") -> bytes:
    import joblib  # noqa: PLC0415

    buffer = io.BytesIO()
    joblib.dump({"model": predictor.model, "calibration": predictor.calibration}, buffer, compress=("zlib", 6))
    return buffer.getvalue()


def _loaded(version: str, files: Mapping[str, bytes]) -> "Predictor":
    import joblib  # noqa: PLC0415

    from classifier.predict import Predictor  # noqa: PLC0415
    from classifier.sentences import Encoder  # noqa: PLC0415

    try:
        parts = joblib.load(io.BytesIO(files[MODEL]))
        encoder = Encoder(files[ENCODER], files[TOKENIZER]) if ENCODER in files else None
        return Predictor(parts["model"], parts["calibration"], encoder, version)
    except Exception as error:
        raise IncompatibleError(f"{version} is whole but cannot be read here ({error!r}); {RETRAIN}") from error


def _check_signature(folder: Path, content: bytes, key: bytes | None) -> None:
    if key is None:
        raise UntrustedError(f"{folder}: not the shipped model, and there is no key to check a local one with")
    try:
        said = _read(folder / SIGNATURE, limit=200)
    except MissingError:
        raise UntrustedError(f"{folder}: not the shipped model, and not signed") from None
    if not hmac.compare_digest(hmac.new(key, content, hashlib.sha256).hexdigest().encode(), said.strip()):
        raise UntrustedError(f"{folder}: the signature of {CARD} is not ours (RESPONDER_MODEL_KEY_FILE)")


def _checked(path: Path, said: object) -> bytes:
    content = _read(path)
    if hashlib.sha256(content).hexdigest() != said:
        raise CorruptError(f"{path}: not the file that {CARD} names")
    return content


def _read(path: Path, limit: int = -1) -> bytes:
    try:
        with path.open("rb") as file:
            return file.read(limit)
    except OSError as error:
        raise MissingError(f"{path}: {error.strerror}") from None


def _write_folder(folder: Path, version: str, files: Mapping[str, bytes]) -> None:
    target, part = folder / version, folder / f".{version}.{os.getpid()}.part"
    if all(_same(target / name, content) for name, content in files.items()):
        return
    part.mkdir(parents=True)
    for name, content in files.items():
        _write_synced(part / name, content)
    if target.exists():
        target.replace(folder / f".{version}.{time.time_ns()}.old")
    part.replace(target)


def _same(path: Path, content: bytes) -> bool:
    return path.is_file() and path.read_bytes() == content


def _write_synced(path: Path, content: bytes) -> None:
    with path.open("wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())


def _stat(path: Path) -> tuple[int, int, int] | None:
    try:
        found = path.stat()
    except OSError:
        return None
    return found.st_mtime_ns, found.st_size, found.st_ino


__all__ = [
    "ArtifactError", "CorruptError", "IncompatibleError", "LiveModel", "MissingError", "UntrustedError",
    "current_version", "encoder_in_use", "load", "load_encoder", "promote", "read_card", "save",
]  # fmt: skip

"""A model file is untrusted input: what nobody vouches for is never loaded, and the last good model stays."""

import hashlib
import hmac
import json
import logging
import os
import pickle
from pathlib import Path

import joblib
import pytest

from classifier import artifact, shipped
from classifier.artifact import (
    CorruptError,
    IncompatibleError,
    LiveModel,
    MissingError,
    UntrustedError,
    current_version,
    load,
)
from classifier.key import make_key, read_key
from classifier.train import Trained

KEY = b"0123456789abcdef0123456789abcdef"
TEXT = "Our licence ends in May, how do we keep it?"


class Clock:
    """A clock that a test moves."""

    def __init__(self) -> None:
        """Begin at zero."""
        self.now = 0.0

    def __call__(self) -> float:
        """The time."""
        return self.now


class Hostile:
    """Leaves a file behind when it is unpickled."""

    def __init__(self, path: Path) -> None:
        """Name the file."""
        self.path = path

    def __reduce__(self) -> tuple[object, tuple[str]]:
        """What a hostile pickle does."""
        return os.mkdir, (str(self.path),)


def resign(folder: Path, **changes: object) -> None:
    """Change a card and sign it as its owner would."""
    card = json.loads((folder / "card.json").read_bytes()) | changes
    content = json.dumps(card).encode()
    (folder / "card.json").write_bytes(content)
    (folder / "card.hmac").write_text(hmac.new(KEY, content, hashlib.sha256).hexdigest())


def test_a_saved_model_says_the_same_when_loaded(models: Path, trained: Trained) -> None:
    """What was trained is what serves."""
    predictor = load(models, current_version(models), KEY)
    assert predictor.version == current_version(models)
    before, after = trained.predictor([TEXT], ["education"])[0], predictor([TEXT], ["education"])[0]
    assert (after.intent, after.confidence, after.second) == (before.intent, before.confidence, before.second)


def test_the_name_is_made_from_the_content(models: Path, trained: Trained) -> None:
    """Saving the same model twice is one version and changes nothing."""
    version = current_version(models)
    before = (models / version / "card.json").stat().st_mtime_ns
    assert artifact.save(models, trained.predictor, trained.card, KEY)[0] == version
    assert (models / version / "card.json").stat().st_mtime_ns == before


@pytest.mark.parametrize("name", ["model.joblib", "card.json"])
def test_one_changed_bit_is_noticed(models: Path, name: str) -> None:
    """A tampered file is refused before anything is unpickled."""
    version = current_version(models)
    path = models / version / name
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(content)
    with pytest.raises((CorruptError, UntrustedError)):
        load(models, version, KEY)


def test_a_truncated_model_is_corrupt(models: Path) -> None:
    """A half-copied file is refused."""
    version = current_version(models)
    path = models / version / "model.joblib"
    path.write_bytes(path.read_bytes()[:-100])
    with pytest.raises(CorruptError, match="not the file"):
        load(models, version, KEY)


def test_a_hostile_pickle_is_not_executed(models: Path, tmp_path: Path) -> None:
    """A planted file, even with a card that fits it, does nothing without our signature."""
    version = current_version(models)
    joblib.dump(Hostile(tmp_path / "owned"), models / version / "model.joblib")
    content = (models / version / "model.joblib").read_bytes()
    card = json.loads((models / version / "card.json").read_bytes())
    card["files"]["model.joblib"] = hashlib.sha256(content).hexdigest()
    (models / version / "card.json").write_text(json.dumps(card))
    for key in (KEY, None):
        with pytest.raises(UntrustedError):
            load(models, version, key)
    assert not (tmp_path / "owned").exists()
    pickle.loads(pickle.dumps(Hostile(tmp_path / "owned")))
    assert (tmp_path / "owned").exists()


def test_a_model_of_another_key_is_not_trusted(models: Path) -> None:
    """Somebody else's signature is none."""
    with pytest.raises(UntrustedError, match="RESPONDER_MODEL_KEY_FILE"):
        load(models, current_version(models), b"x" * 32)


def test_an_unsigned_model_is_not_trusted(models: Path) -> None:
    """Without card.hmac a local model is nobody's."""
    version = current_version(models)
    (models / version / "card.hmac").unlink()
    with pytest.raises(UntrustedError, match="not signed"):
        load(models, version, KEY)


def test_the_pinned_card_needs_no_key(tmp_path: Path, trained: Trained, monkeypatch: pytest.MonkeyPatch) -> None:
    """The shipped model loads on a fresh clone, by the SHA-256 in the package."""
    version, sha256 = artifact.save(tmp_path, trained.predictor, trained.card)
    with pytest.raises(UntrustedError):
        load(tmp_path, version, None)
    monkeypatch.setattr(shipped, "CARD_SHA256", sha256)
    assert load(tmp_path, version, None).version == version


def test_another_scikit_learn_is_incompatible_not_corrupt(models: Path) -> None:
    """The reaction differs: nothing is broken, the model must be trained anew."""
    version = current_version(models)
    resign(models / version, libraries={"scikit-learn": "0.24.2", "numpy": "1.19.5", "scipy": "1.5.4"})
    with pytest.raises(IncompatibleError, match=r"scikit-learn 0\.24\.2"):
        load(models, version, KEY)


def test_another_format_is_incompatible(models: Path) -> None:
    """A model of a later program says so."""
    version = current_version(models)
    resign(models / version, format=999)
    with pytest.raises(IncompatibleError, match="format 999"):
        load(models, version, KEY)


@pytest.mark.parametrize("name", ["", "..", "../../etc", "a/b", "x" * 100, ".hidden", "\0"])
def test_current_names_a_folder_beside_it_only(models: Path, name: str) -> None:
    """No path leads out of the folder."""
    (models / "current").write_text(name)
    with pytest.raises(CorruptError):
        current_version(models)


def test_promoting_what_is_not_there_changes_nothing(models: Path) -> None:
    """`current` never names a model that does not exist."""
    version = current_version(models)
    with pytest.raises(MissingError):
        artifact.promote(models, "m-nowhere")
    assert current_version(models) == version


def test_the_last_good_model_stays(models: Path, trained: Trained, caplog: pytest.LogCaptureFixture) -> None:
    """A broken promotion is logged once, loudly, and serving goes on; the next good one is taken."""
    clock = Clock()
    live = LiveModel(models, models.parent / "model.key", clock=clock)
    first = live.get()
    assert first is not None
    good = current_version(models)
    (models / "current").write_text("m-gone")
    with caplog.at_level(logging.ERROR):
        for _ in range(5):
            clock.now += 2
            assert live.get() is first
    assert len(caplog.records) == 1
    assert live.problem is not None
    again, _ = artifact.save(models, trained.predictor, {**trained.card, "note": "another card"}, KEY)
    artifact.promote(models, again)
    clock.now += 2
    assert live.get() is not None
    assert live.problem is None
    assert (models / good).exists()


def test_without_any_good_model_there_is_none(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    """An empty folder gives None, said once, and no exception."""
    live = LiveModel(tmp_path / "nowhere", tmp_path / "key")
    with caplog.at_level(logging.ERROR):
        assert live.get() is None
        assert live.get() is None
    assert "cannot be used" in caplog.text
    assert not (tmp_path / "key").exists()


def test_the_disk_is_looked_at_once_a_second(models: Path) -> None:
    """Between two looks a change is not seen, after a second it is."""
    clock = Clock()
    live = LiveModel(models, models.parent / "model.key", clock=clock)
    assert live.get() is not None
    (models / "current").unlink()
    clock.now += 0.5
    live.get()
    assert live.problem is None
    clock.now += 1
    live.get()
    assert live.problem is not None


def test_the_shipped_model_loads_without_a_key(tmp_path: Path) -> None:
    """What the repository carries is what the package pins."""
    live = LiveModel(Path(__file__).parents[2] / "models", tmp_path / "no.key")
    model = live.get()
    assert model is not None, live.problem
    assert model([TEXT], ["education"])[0].intent == "renewal"


def test_a_key_is_made_once_for_its_owner_alone(tmp_path: Path) -> None:
    """0600, 32 bytes, and the same at the second use."""
    path = tmp_path / "state" / "model.key"
    key = make_key(path)
    assert len(key) == 32
    assert path.stat().st_mode & 0o777 == 0o600
    assert make_key(path) == key == read_key(path)


def test_a_stub_of_a_key_is_no_key(tmp_path: Path) -> None:
    """An empty file would sign for anybody: it is refused, and not overwritten."""
    path = tmp_path / "model.key"
    path.write_bytes(b"")
    assert read_key(path) is None
    with pytest.raises(OSError, match="32 bytes"):
        make_key(path)
    assert path.read_bytes() == b""

"""`responder train` and `evaluate` from the command line, on a slice of the real corpus."""

import json
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from classifier.artifact import LiveModel, current_version
from classifier.dataset import CORPUS
from responder.cli import main


@pytest.fixture(scope="module")
def slice_of_corpus(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Every eighth file: some three hundred texts."""
    folder = tmp_path_factory.mktemp("corpus")
    for path in sorted(CORPUS.glob("*.toml"))[::8]:
        shutil.copy(path, folder)
    return folder


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """Settings that lead nowhere but into a folder of the test."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("RESPONDER_DATABASE_URL", f"sqlite:///{tmp_path / 'store.db'}")
    monkeypatch.setenv("RESPONDER_MODELS", str(tmp_path / "models"))
    monkeypatch.setenv("RESPONDER_MODEL_KEY_FILE", str(tmp_path / "state" / "model.key"))
    return tmp_path


def test_a_local_model_is_trained_signed_and_live(
    home: Path, slice_of_corpus: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """The key is made outside the models' folder, the shipped encoder is taken along, and the model serves."""
    assert main(["train", "--corpus", str(slice_of_corpus)]) == 0
    version = current_version(home / "models")
    assert f"{version} is live" in capsys.readouterr().out
    assert (home / "state" / "model.key").stat().st_mode & 0o777 == 0o600
    assert (home / "models" / version / "card.hmac").is_file()
    model = LiveModel(home / "models", home / "state" / "model.key").get()
    assert model is not None
    assert model.encoder is not None
    assert LiveModel(home / "models", home / "another.key").get() is None


def test_a_broken_corpus_changes_nothing(home: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """What is wrong is said, and no model appears."""
    (tmp_path / "corpus").mkdir()
    (tmp_path / "corpus" / "a.toml").write_text('writer = "x"\n[[text]]\nid = "1"\nintent = "nothing"\n')
    assert main(["train", "--corpus", str(tmp_path / "corpus")]) == 1
    assert "nothing was trained or changed" in capsys.readouterr().err
    assert not (home / "models").exists()


def test_evaluate_prints_json(home: Path, slice_of_corpus: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """One object with the figures and a row an intent."""
    assert home
    assert main(["evaluate", "--json", "--corpus", str(slice_of_corpus)]) == 0
    said = json.loads(capsys.readouterr().out)
    assert 0.5 < said["accuracy"] <= 1
    assert len(said["intents"]) == 6

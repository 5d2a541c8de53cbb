"""`responder train`: a model from the training texts and the corrections; live at once where it does not lose."""

import argparse
from collections.abc import Sequence
from functools import partial
from pathlib import Path

from classifier import artifact
from classifier import shipped as shipped_card
from classifier.dataset import CORPUS, CorpusError, Sample, load_corpus
from classifier.key import default_key_file, make_key, read_key
from classifier.predict import Predictor
from classifier.sentences import Encoder
from classifier.train import Trained, train
from classifier.unseen import Unseen
from responder.app import App, build, shipped
from responder.commands.evaluate import print_report
from responder.core.errors import ResponderError
from responder.printing import lines
from responder.services.learning import corrected, examine

PIN = '''"""The model that ships with the package, trusted by what it is. Written by `responder train --shipped`."""

CARD_SHA256 = "{sha256}"
'''
Base = tuple[Encoder | None, bytes | None]
"""The encoder that stays, and what its fold encoders said."""


def run(args: argparse.Namespace) -> int:
    """Train, show how good it is, save; 1 when the candidate was kept aside."""
    try:
        corpus = load_corpus(args.corpus or CORPUS)
        return _ship(corpus, args.encoder) if args.shipped else _learn(build(args.env_file), corpus, args.encoder)
    except CorpusError as error:
        raise ResponderError(f"nothing was trained or changed:\n{error}") from None
    except (artifact.ArtifactError, OSError) as error:
        raise ResponderError(f"no model was made live: {error}") from None


def _ship(corpus: Sequence[Sample], encoder: Path | None) -> int:
    folder = shipped("models")
    base = _base(folder, None, encoder)
    trained = _trained(corpus, base)
    version, sha256 = artifact.save(folder, trained.predictor, trained.card, unseen=base[1])
    artifact.promote(folder, version)
    Path(shipped_card.__file__).write_text(PIN.format(sha256=sha256), encoding="utf-8")
    lines(f"shipped model {version} in {folder}; its card is pinned in {shipped_card.__file__}")
    return 0


def _learn(app: App, corpus: Sequence[Sample], encoder: Path | None) -> int:
    key_file = app.settings.model_key_file or default_key_file()
    base = _base(app.models_folder, read_key(key_file), encoder)
    corrections, live = corrected(app.store), app.model.get()
    lines(f"{len(corpus)} training texts, {len(corrections)} corrections")
    compared = examine(corpus, corrections, live, partial(_learned, base)) if live else None
    trained = _trained([*corpus, *corrections], base)
    version, _ = artifact.save(app.models_folder, trained.predictor, trained.card, make_key(key_file), base[1])
    if compared:
        lines(f"on the newest {compared.texts} corrections: live {compared.live:.1%}, new {compared.candidate:.1%}")
    if compared and compared.loses:
        lines(f"{version} loses to the live model: it is kept in {app.models_folder}, the live one stays")
        return 1
    artifact.promote(app.models_folder, version)
    lines(f"{version} is live")
    return 0


def _base(folder: Path, key: bytes | None, given: Path | None) -> Base:
    """The encoder of a folder of files, else that of the model in use, else of the shipped one."""
    if given is not None:
        unseen = given / artifact.UNSEEN
        encoder = Encoder((given / artifact.ENCODER).read_bytes(), (given / artifact.TOKENIZER).read_bytes())
        return encoder, unseen.read_bytes() if unseen.exists() else None
    return artifact.encoder_in_use((folder, shipped("models")), key)


def _trained(samples: Sequence[Sample], base: Base) -> Trained:
    trained = _fitted(samples, base)
    print_report(trained.report)
    return trained


def _learned(base: Base, samples: Sequence[Sample]) -> Predictor:
    return _fitted(samples, base).predictor


def _fitted(samples: Sequence[Sample], base: Base) -> Trained:
    encoder, unseen = base
    return train(samples, encoder, None if unseen is None else Unseen.read(unseen))

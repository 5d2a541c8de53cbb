"""`responder train`: a model from the training texts and the corrections; live at once where it does not lose."""

import argparse
from collections.abc import Sequence
from pathlib import Path

from classifier import artifact
from classifier import shipped as shipped_card
from classifier.dataset import CORPUS, CorpusError, Sample, load_corpus
from classifier.key import default_key_file, make_key
from classifier.predict import Predictor
from classifier.train import Trained, train
from responder.app import App, build, shipped
from responder.commands.evaluate import print_report
from responder.commands.show import lines
from responder.core.errors import ResponderError
from responder.services.learning import corrected, examine

PIN = '''"""The model that ships with the package, trusted by what it is. Written by `responder train --shipped`."""

CARD_SHA256 = "{sha256}"
'''


def run(args: argparse.Namespace) -> int:
    """Train, show how good it is, save; 1 when the candidate was kept aside."""
    try:
        corpus = load_corpus(args.corpus or CORPUS)
        return _ship(corpus) if args.shipped else _learn(build(args.env_file), corpus)
    except CorpusError as error:
        raise ResponderError(f"nothing was trained or changed:\n{error}") from None
    except (artifact.ArtifactError, OSError) as error:
        raise ResponderError(f"the model could not be saved: {error}") from None


def _ship(corpus: Sequence[Sample]) -> int:
    folder, trained = shipped("models"), _trained(corpus)
    version, sha256 = artifact.save(folder, trained.predictor, trained.card)
    artifact.promote(folder, version)
    Path(shipped_card.__file__).write_text(PIN.format(sha256=sha256), encoding="utf-8")
    lines(f"shipped model {version} in {folder}; its card is pinned in {shipped_card.__file__}")
    return 0


def _learn(app: App, corpus: Sequence[Sample]) -> int:
    corrections, live = corrected(app.store), app.model.get()
    lines(f"{len(corpus)} training texts, {len(corrections)} corrections")
    compared = examine(corpus, corrections, live, _learned) if live else None
    trained = _trained([*corpus, *corrections])
    key = make_key(app.settings.model_key_file or default_key_file())
    version, _ = artifact.save(app.models_folder, trained.predictor, trained.card, key)
    if compared:
        lines(f"on the newest {compared.texts} corrections: live {compared.live:.1%}, new {compared.candidate:.1%}")
    if compared and compared.loses:
        lines(f"{version} loses to the live model: it is kept in {app.models_folder}, the live one stays")
        return 1
    artifact.promote(app.models_folder, version)
    lines(f"{version} is live")
    return 0


def _trained(samples: Sequence[Sample]) -> Trained:
    trained = train(samples)
    print_report(trained.report)
    return trained


def _learned(samples: Sequence[Sample]) -> Predictor:
    return train(samples).predictor

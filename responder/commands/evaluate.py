"""`responder evaluate`: how good the model's recipe is on writers it has not seen."""

import argparse
from collections.abc import Sequence
from dataclasses import asdict

from classifier import artifact
from classifier.dataset import CORPUS, CorpusError, Sample, load_corpus, require_enough
from classifier.evaluate import Report, cross_validate
from classifier.key import default_key_file, read_key
from classifier.unseen import Unseen
from responder.app import App, build, shipped
from responder.core.errors import ResponderError
from responder.printing import as_json, lines, table


def run(args: argparse.Namespace) -> int:
    """Cross-validate over writers and print."""
    try:
        samples = load_corpus(args.corpus or CORPUS)
        require_enough(samples)
        report = _report(build(args.env_file), samples)
    except (CorpusError, artifact.ArtifactError) as error:
        raise ResponderError(f"nothing was evaluated:\n{error}") from None
    if args.json:
        as_json(asdict(report))
    else:
        print_report(report)
    return 0


def _report(app: App, samples: Sequence[Sample]) -> Report:
    """By the recipe of the model in use: its encoder, heads learned anew without the writer."""
    key = read_key(app.settings.model_key_file or default_key_file())
    encoder, unseen = artifact.encoder_in_use((app.models_folder, shipped("models")), key)
    vectors = None if encoder is None else encoder.vectors([sample.text for sample in samples])
    return cross_validate(samples, vectors, None if unseen is None else Unseen.read(unseen)).report()


def print_report(report: Report) -> None:
    """Tables for people."""
    lines(
        f"{report.texts} texts by {report.writers} writers; each judged by a model that never saw its writer",
        f"right: intent {report.accuracy:.1%} (macro-F1 {report.macro_f1:.1%}), program {report.program_accuracy:.1%}",
        f"answerable with 1 % wrong: {report.coverage:.1%} of all, {report.answered:.1%} of what deserves a reply, "
        f"at confidence {_number(report.threshold)} (with a 95 % bound: {_number(report.bounded_threshold)})",
        "",
    )
    rows = [
        (
            str(one.intent),
            str(one.count),
            f"{one.precision:.1%}",
            f"{one.recall:.1%}",
            f"{one.f1:.1%}",
            _number(one.threshold),
            f"{one.coverage:.1%}",
        )
        for one in report.intents
    ]
    columns = ("intent", "texts", "precision", "recall", "F1", "needs for 99 %", "found at that")
    table("Per intent", columns, rows, empty="no texts")
    points = [(f"{threshold:g}", f"{kept:.1%}", f"{right:.2%}") for threshold, kept, right in report.curve]
    table("Coverage against precision (predictions but other)", ("confidence", "kept", "right"), points, empty="none")


def _number(threshold: float | None) -> str:
    return "none" if threshold is None else f"{threshold:.3f}"

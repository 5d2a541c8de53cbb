"""What the classifier's parts are worth, in one table, measured in this run.

    python benchmarks/classifier.py [--seeds 3] [--frozen FOLDER] [--data ../shared/data]

Own corpus: every text is judged by a model that never saw its writer (five folds of writers; a seed draws other folds).
The shipped encoder was trained on the corpus, so its row is of the texts that its fold encoders were kept from, or that
are newer than it; a line with `same texts` counts another method on the same ones. --frozen takes
a folder with encoder.onnx and tokenizer.json of an encoder never trained on it. --data adds BANKING77 and CLINC150.
"""

import sys
from pathlib import Path

if __name__ == "__main__":
    sys.path[0] = str(Path(__file__).parents[1])  # this file has the name of the package it measures

import argparse
import csv
import json
import resource
import subprocess
import time
from collections.abc import Callable, Iterator, Sequence

import numpy as np
from scipy.optimize import minimize_scalar
from scipy.special import logsumexp, softmax
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import f1_score
from sklearn.model_selection import StratifiedKFold
from sklearn.naive_bayes import ComplementNB

from classifier import artifact, pipeline
from classifier.calibrate import calibrate
from classifier.dataset import Sample, load_corpus
from classifier.evaluate import Report, cross_validate, report, threshold_for
from classifier.folds import writer_folds
from classifier.pipeline import INTENTS, Scores
from classifier.sentences import Encoder
from classifier.unseen import Unseen

MODELS = Path(__file__).parents[1] / "models"
COLUMNS = ("accuracy", "macro_f1", "coverage", "answered", "area", "calibration_error")
Rows = np.ndarray


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--frozen", type=Path, metavar="FOLDER")
    parser.add_argument("--data", type=Path, metavar="FOLDER")
    args = parser.parse_args()
    if args.data and not args.data.is_dir():
        sys.exit(f"{args.data}: not there; it should hold banking77/ and clinc150/ (see measured figures in docs)")
    frozen = _encoder(args.frozen) if args.frozen else None
    own_corpus(args.seeds, frozen)
    if args.data:
        public(args.data, args.seeds, frozen or _shipped()[0])
    costs()


def own_corpus(seeds: int, frozen: Encoder | None) -> None:
    """The table of the own corpus."""
    samples = load_corpus()
    texts = [sample.text for sample in samples]
    encoder, unseen = _shipped()
    vectors = encoder.vectors(texts)
    print(f"own corpus: {len(samples)} texts, {len({sample.writer for sample in samples})} writers, {seeds} seeds")
    print(f"{'':34}" + "".join(f"{name.replace('_', ' '):>19}" for name in COLUMNS))
    ours = cross_validate(samples, vectors, unseen)
    _line("shipped recipe", [ours.report()], len(ours.samples))
    asked = {sample.id for sample in ours.samples}
    for name, validate in _methods(samples, None if frozen is None else frozen.vectors(texts)):
        every, same = [], []
        for seed in range(1, seeds + 1):
            kept, scores = validate(seed)
            every.append(report(kept, scores, calibrate(scores, kept)))
            rows = [row for row, sample in enumerate(kept) if sample.id in asked]
            part, told = scores.rows(rows), [kept[row] for row in rows]
            same.append(report(told, part, calibrate(part, told)))
        _line(name, every, len(samples))
        if len(asked) < len(samples):
            _line(f"{name}, same texts", same, len(asked))


def _methods(samples: Sequence[Sample], frozen: Rows | None) -> Iterator[tuple[str, Callable]]:
    yield "words + logistic regression", lambda seed: _validated(samples, None, seed)
    yield "words + complement naive Bayes", lambda seed: _naive(samples, seed)
    if frozen is not None:
        yield "words + frozen MiniLM", lambda seed: _validated(samples, frozen, seed)


def _validated(samples: Sequence[Sample], vectors: Rows | None, seed: int) -> tuple[Sequence[Sample], Scores]:
    before, pipeline.MEANING_STRENGTH = pipeline.MEANING_STRENGTH, 10.0  # a frozen encoder's vectors want more
    try:
        validation = cross_validate(samples, vectors, seed=seed)
    finally:
        pipeline.MEANING_STRENGTH = before
    return validation.samples, validation.scores


def _naive(samples: Sequence[Sample], seed: int) -> tuple[Sequence[Sample], Scores]:
    texts, truth = [one.text for one in samples], np.array([INTENTS.index(one.intent) for one in samples])
    said = np.zeros((len(samples), len(INTENTS)), np.float32)
    for tested in writer_folds(samples, seed=seed):
        learned = np.setdiff1d(np.arange(len(samples)), tested)
        union = pipeline.features()
        head = ComplementNB(alpha=0.3).fit(union.fit_transform([texts[row] for row in learned]), truth[learned])
        said[tested] = head.predict_log_proba(union.transform([texts[row] for row in tested]))
    logits = pipeline.Logits(said, said, np.zeros((len(samples), 4), np.float32))
    return samples, Scores(logits, None, np.ones(len(samples), np.float32))


def _line(name: str, reports: Sequence[Report], texts: int) -> None:
    cells = []
    for column in COLUMNS:
        values = np.array([getattr(one, column) for one in reports], float) * 100
        spread = f" ±{values.std(ddof=1):.1f}" if len(values) > 1 else ""
        cells.append(f"{values.mean():.1f}{spread}")
    print(f"{name:34}" + "".join(f"{cell:>19}" for cell in cells) + f"   ({texts} texts)", flush=True)


def public(folder: Path, seeds: int, encoder: Encoder) -> None:
    """BANKING77 and CLINC150 by the same recipe: two views, logistic regression, blended by cross-validation."""
    train, test = _banking(folder / "banking77" / "train.csv"), _banking(folder / "banking77" / "test.csv")
    known = {text: vector for part in (train, test) for text, vector in _encoded(encoder, part[0])}
    for shots in (10, None):
        scored = []
        for seed in range(1, (seeds if shots else 1) + 1):
            rows = _drawn(train[1], shots, seed)
            learned = [train[0][row] for row in rows], train[1][rows]
            said = _blended(learned, test[0], known)
            scored.append(_public_scores(said, test[1]))
        _public_line(f"BANKING77 {shots or 'full'}{'-shot' if shots else ''}", scored)
    clinc = json.loads((folder / "clinc150" / "data_full.json").read_text(encoding="utf-8"))
    names = sorted({label for _, label in clinc["train"]})
    part = {
        key: ([t for t, _ in clinc[key]], np.array([names.index(x) if x in names else -1 for _, x in clinc[key]]))
        for key in clinc
    }
    known = {text: vector for key in part for text, vector in _encoded(encoder, part[key][0])}
    said = {key: _blended(part["train"], part[key][0], known) for key in ("test", "oos_test", "val", "oos_val")}
    within, outside = softmax(said["val"], axis=1).max(1), softmax(said["oos_val"], axis=1).max(1)
    cuts = np.unique(np.concatenate([within, outside]))
    least = max(cuts, key=lambda cut: (within >= cut).mean() + (outside < cut).mean())
    recall = (softmax(said["oos_test"], axis=1).max(1) < least).mean()
    _public_line("CLINC150 in scope", [_public_scores(said["test"], part["test"][1])])
    print(f"{'CLINC150 out of scope':34} recall {recall:.1%} at the threshold tuned on validation")


def _blended(learned: tuple[Sequence[str], Rows], asked: Sequence[str], known: dict[str, Rows]) -> Rows:
    texts, truth = learned
    parts = [_views(texts, truth, asked, known)]
    folds = StratifiedKFold(3, shuffle=True, random_state=1).split(texts, truth)
    out = [np.zeros((len(texts), len(set(truth))))] * 2
    out = [one.copy() for one in out]
    for some, rest in folds:
        views = _views([texts[row] for row in some], truth[some], [texts[row] for row in rest], known)
        for whole, view in zip(out, views, strict=True):
            whole[rest] = view

    def loss(share: float) -> float:
        said = share * out[0] + (1 - share) * out[1]
        return min(
            float(np.mean(logsumexp(said * scale, axis=1) - (said * scale)[np.arange(len(truth)), truth]))
            for scale in (0.5, 1.0, 2.0, 4.0)
        )

    share = minimize_scalar(loss, bounds=(0.0, 1.0), method="bounded").x
    return share * parts[0][0] + (1 - share) * parts[0][1]


def _views(texts: Sequence[str], truth: Rows, asked: Sequence[str], known: dict[str, Rows]) -> list[Rows]:
    union = pipeline.features().set_params(words__min_df=1, pieces__min_df=1)
    heads = [LogisticRegression(C=10.0, max_iter=200) for _ in range(2)]
    words = heads[0].fit(union.fit_transform(texts), truth).decision_function(union.transform(asked))
    meaning = heads[1].fit(np.stack([known[text] for text in texts]), truth)
    return [words, meaning.decision_function(np.stack([known[text] for text in asked]))]


def _public_scores(said: Rows, truth: Rows) -> tuple[float, float, float]:
    right, confidence = said.argmax(1) == truth, softmax(said, axis=1).max(1)
    least = threshold_for(confidence, right)
    coverage = 0.0 if least is None else float((confidence >= least).mean())
    return float(right.mean()), float(f1_score(truth, said.argmax(1), average="macro")), coverage


def _public_line(name: str, scored: Sequence[tuple[float, float, float]]) -> None:
    mean, spread = np.mean(scored, axis=0) * 100, np.std(scored, axis=0) * 100
    cells = "".join(
        f"  {what} {m:.1f} ±{s:.1f}" for what, m, s in zip(("accuracy", "F1", "coverage"), mean, spread, strict=True)
    )
    print(f"{name:34}{cells}", flush=True)


def costs() -> None:
    """Speed, memory, size and start of the shipped model, in a process of its own."""
    code = (
        "import time; t = time.perf_counter()\n"
        "from pathlib import Path\n"
        "from classifier.artifact import LiveModel\n"
        f"model = LiveModel(Path({str(MODELS)!r})).get(); opened = time.perf_counter() - t\n"
        "import re\n"
        "text = 'Our licence at the department ends in May and we would like to know how to keep it for a year. '\n"
        "texts = [text * 6 + str(number) for number in range(40)]; model(texts[:1], ['education'])\n"
        "t = time.process_time(); [model([one], ['education']) for one in texts]; used = time.process_time() - t\n"
        "print(f'import and load {opened:.1f} s; {40 / used:.0f} messages of 120 words a second of one core')\n"
        "most = int(re.search(r'VmHWM:\\s+(\\d+)', Path('/proc/self/status').read_text())[1])\n"
        "print(f'{most / 1024:.0f} MB resident at most')\n"
    )
    subprocess.run([sys.executable, "-c", code], check=True, cwd=MODELS.parent)
    folder = MODELS / artifact.current_version(MODELS)
    size = sum(path.stat().st_size for path in folder.iterdir()) / 1e6
    used = resource.getrusage(resource.RUSAGE_SELF).ru_utime
    print(f"{folder.name}: {size:.1f} MB on disk; this run took {used:.0f} s of a core ({time.strftime('%Y-%m')})")


def _shipped() -> tuple[Encoder, Unseen | None]:
    encoder, unseen = artifact.load_encoder(MODELS, artifact.current_version(MODELS), None)
    if encoder is None:
        sys.exit("the shipped model has no encoder")
    return encoder, None if unseen is None else Unseen.read(unseen)


def _encoder(folder: Path) -> Encoder:
    return Encoder((folder / artifact.ENCODER).read_bytes(), (folder / artifact.TOKENIZER).read_bytes())


def _banking(path: Path) -> tuple[list[str], Rows]:
    with path.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    names = sorted({row["category"] for row in rows})
    return [row["text"] for row in rows], np.array([names.index(row["category"]) for row in rows])


def _drawn(truth: Rows, shots: int | None, seed: int) -> Rows:
    if shots is None:
        return np.arange(len(truth))
    chance = np.random.default_rng(seed)
    return np.concatenate([chance.permutation(np.flatnonzero(truth == one))[:shots] for one in sorted(set(truth))])


def _encoded(encoder: Encoder, texts: Sequence[str]) -> Iterator[tuple[str, Rows]]:
    yield from zip(texts, encoder.vectors(texts), strict=True)


if __name__ == "__main__":
    main()

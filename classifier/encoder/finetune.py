"""Fine-tune MiniLM on the training texts: which intent, which wishes, which program, and alike texts near each other.

    python -m classifier.encoder.finetune --weights model.safetensors --tokenizer tokenizer.json --out FOLDER [--fold 0]

With --fold the writers of one fold are left out, for honest validation. FOLDER gets the weights (all.pt or fold-<n>.pt)
and the keys of the texts they were learned from; `classifier.encoder.export` makes the shipped files of them.
"""

import argparse
import math
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from tokenizers import Tokenizer
from torch import Tensor
from torch.nn import functional

from classifier.dataset import CORPUS, Sample, key_of, load_corpus
from classifier.encoder.minilm import Heads, load
from classifier.folds import writer_folds
from classifier.prediction import Intent, Program
from classifier.sentences import cut
from classifier.text import decisive

INTENTS, PROGRAMS = tuple(Intent), tuple(Program)
ENCODER_FOLDS = 3


@dataclass(frozen=True)
class Recipe:
    """What was chosen; see docs/decisions/classifier.md for what was tried."""

    epochs: int = 5
    batch: int = 32
    rate: float = 1e-4
    head_rate: float = 2e-3
    decay: float = 0.01
    warmup: float = 0.1
    smoothing: float = 0.05
    contrast: float = 0.5
    """Weight of the supervised contrastive loss (Khosla et al. 2020) beside the classification losses."""
    contrast_temperature: float = 0.1
    wishes: float = 0.3
    programs: float = 0.3
    subject_dropped: float = 0.15
    tokens_dropped: float = 0.05
    seed: int = 1


def main() -> None:
    """Train, then write."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    for name in ("weights", "tokenizer", "out"):
        parser.add_argument(f"--{name}", type=Path, required=True)
    parser.add_argument("--fold", type=int, choices=range(ENCODER_FOLDS))
    parser.add_argument("--corpus", type=Path, default=CORPUS)
    for name, default in vars(Recipe()).items():
        parser.add_argument(f"--{name.replace('_', '-')}", type=type(default), default=default)
    args = parser.parse_args()
    recipe = Recipe(**{name: getattr(args, name) for name in vars(Recipe())})
    samples = load_corpus(args.corpus)
    tokenizer = Tokenizer.from_file(str(args.tokenizer))
    tokenizer.no_padding()
    tokenizer.no_truncation()
    args.out.mkdir(parents=True, exist_ok=True)
    left_out: set[int] = set()
    if args.fold is not None:
        left_out = set(writer_folds(samples, ENCODER_FOLDS)[args.fold])
    learned = [sample for row, sample in enumerate(samples) if row not in left_out]
    model = finetune(Heads(load(args.weights), len(INTENTS), len(PROGRAMS)), learned, tokenizer, recipe)
    name = "all" if args.fold is None else f"fold-{args.fold}"
    torch.save(model.state_dict(), args.out / f"{name}.pt")
    keys = "\n".join(sorted(key_of(sample.text) for sample in learned))
    (args.out / f"{name}.learned").write_text(f"{keys}\n", encoding="utf-8")


def finetune(model: Heads, samples: Sequence[Sample], tokenizer: Tokenizer, recipe: Recipe) -> Heads:
    """Train in place; the word embeddings stay as they are."""
    torch.manual_seed(recipe.seed)
    chance = np.random.default_rng(recipe.seed)
    model.encoder.words.requires_grad_(requires_grad=False)
    groups = [
        {"params": [p for p in model.encoder.parameters() if p.requires_grad], "lr": recipe.rate},
        {
            "params": [p for name, p in model.named_parameters() if not name.startswith("encoder")],
            "lr": recipe.head_rate,
        },
    ]
    optimizer = torch.optim.AdamW(groups, weight_decay=recipe.decay)
    steps = recipe.epochs * math.ceil(len(samples) / recipe.batch)
    schedule = torch.optim.lr_scheduler.LambdaLR(optimizer, lambda step: _rate(step, steps, recipe.warmup))
    weights = _class_weights(samples)
    model.train()
    for epoch in range(recipe.epochs):
        started, total = time.monotonic(), 0.0
        for rows, ids, mask in _batches(samples, tokenizer, recipe, chance):
            with torch.autocast("cpu", dtype=torch.bfloat16):
                outputs = model(ids, mask)
            loss = _loss([samples[row] for row in rows], outputs, weights, recipe)
            optimizer.zero_grad()
            loss.backward()
            torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
            optimizer.step()
            schedule.step()
            total += loss.item() * len(rows)
        print(f"epoch {epoch}: loss {total / len(samples):.4f}, {time.monotonic() - started:.0f} s", flush=True)
    model.eval()
    return model


def _loss(samples: Sequence[Sample], outputs: tuple[Tensor, ...], weights: Tensor, recipe: Recipe) -> Tensor:
    mean, intents, wishes, programs = (output.float() for output in outputs)
    truth = torch.tensor([INTENTS.index(sample.intent) for sample in samples])
    wished = torch.tensor([[float(one in {sample.intent, sample.second}) for one in INTENTS] for sample in samples])
    program = torch.tensor([PROGRAMS.index(sample.program or Program.UNKNOWN) for sample in samples])
    loss = functional.cross_entropy(intents, truth, weights, label_smoothing=recipe.smoothing)
    loss = loss + recipe.wishes * functional.binary_cross_entropy_with_logits(wishes, wished)
    loss = loss + recipe.programs * functional.cross_entropy(programs, program)
    return loss + recipe.contrast * contrastive(mean, truth, recipe.contrast_temperature)


def contrastive(vectors: Tensor, labels: Tensor, temperature: float) -> Tensor:
    """Supervised contrastive loss: texts of one label near, of others far (Khosla et al. 2020, equation 2)."""
    unit = functional.normalize(vectors, dim=1)
    itself = torch.eye(len(labels), dtype=torch.bool)
    logits = (unit @ unit.T / temperature).masked_fill(itself, -1e9)
    alike = (labels[:, None] == labels[None, :]) & ~itself
    chance = logits - logits.logsumexp(1, keepdim=True)
    count = alike.sum(1)
    each = -(chance * alike).sum(1) / count.clamp(min=1)
    return each[count > 0].mean() if bool((count > 0).any()) else vectors.sum() * 0.0


def _batches(
    samples: Sequence[Sample], tokenizer: Tokenizer, recipe: Recipe, chance: np.random.Generator
) -> Iterator[tuple[list[int], Tensor, Tensor]]:
    """One epoch: batches of texts of like length, in random order, each text a little damaged."""
    texts = [
        sample.body if sample.body.strip() and chance.random() < recipe.subject_dropped else sample.text
        for sample in samples
    ]
    tokens = [cut(one.ids) for one in tokenizer.encode_batch([decisive(text) for text in texts])]
    order = sorted(range(len(samples)), key=lambda row: len(tokens[row]) * chance.uniform(0.8, 1.25))
    batches = [order[start : start + recipe.batch] for start in range(0, len(order), recipe.batch)]
    for number in chance.permutation(len(batches)):
        rows = batches[number]
        yield rows, *_padded([_damaged(tokens[row], recipe.tokens_dropped, chance) for row in rows])


def _damaged(ids: list[int], share: float, chance: np.random.Generator) -> list[int]:
    kept = [one for one in ids[1:-1] if chance.random() >= share]
    return [ids[0], *kept, ids[-1]]


def _padded(tokens: Sequence[Sequence[int]]) -> tuple[Tensor, Tensor]:
    width = max(map(len, tokens))
    ids = torch.tensor([[*one, *[0] * (width - len(one))] for one in tokens])
    mask = torch.tensor([[1] * len(one) + [0] * (width - len(one)) for one in tokens])
    return ids, mask


def _rate(step: int, steps: int, warmup: float) -> float:
    done = step / steps
    return done / warmup if done < warmup else max((1 - done) / (1 - warmup), 0.0)


def _class_weights(samples: Sequence[Sample]) -> Tensor:
    counts = torch.tensor(
        [max(sum(sample.intent is one for sample in samples), 1) for one in INTENTS], dtype=torch.float
    )
    weights = (counts.mean() / counts) ** 0.5
    return weights / weights.mean()


if __name__ == "__main__":
    main()

"""Make the shipped files of fine-tuned weights: encoder.onnx (int8), tokenizer.json, unseen.npz.

    python -m classifier.encoder.export --weights FOLDER --tokenizer tokenizer.json --out FOLDER

Reads all.pt and every fold-<n>.pt that `classifier.encoder.finetune` left in FOLDER. Then: responder train --shipped
--encoder FOLDER.
"""

import argparse
import json
import tempfile
from pathlib import Path

import numpy as np
import torch
from onnxruntime.quantization import QuantType, quantize_dynamic
from torch import Tensor, nn

from classifier.dataset import CORPUS, Sample, load_corpus
from classifier.encoder.finetune import ENCODER_FOLDS, INTENTS, PROGRAMS
from classifier.encoder.minilm import Encoder as Network
from classifier.encoder.minilm import Heads
from classifier.folds import writer_folds
from classifier.pipeline import Model, Scores
from classifier.sentences import Encoder
from classifier.unseen import Unseen


def main() -> None:
    """Export, then let every fold's encoder speak about the writers it never saw."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    for name in ("weights", "tokenizer", "out"):
        parser.add_argument(f"--{name}", type=Path, required=True)
    parser.add_argument("--corpus", type=Path, default=CORPUS)
    args = parser.parse_args()
    args.out.mkdir(parents=True, exist_ok=True)
    tokenizer = _plain_tokenizer(args.tokenizer)
    (args.out / "tokenizer.json").write_bytes(tokenizer)
    (args.out / "encoder.onnx").write_bytes(onnx_of(args.weights / "all.pt"))
    samples = load_corpus(args.corpus)
    told: list[Sample] = []
    parts: list[Scores] = []
    for number, tested in enumerate(writer_folds(samples, ENCODER_FOLDS)):
        weights = args.weights / f"fold-{number}.pt"
        if weights.exists():
            left_out, scores = fold_scores(samples, tested, Encoder(onnx_of(weights), tokenizer))
            told += left_out
            parts.append(scores)
            truth = np.array([INTENTS.index(sample.intent) for sample in left_out])
            right = (scores.meaning.intents.argmax(1) == truth).mean() if scores.meaning else 0.0
            print(f"fold {number}: {right:.4f} of {len(truth)} by meaning alone", flush=True)
    learned = (args.weights / "all.learned").read_text(encoding="utf-8").split()
    (args.out / "unseen.npz").write_bytes(Unseen.of(learned, told, Scores.join(parts)).write())


def fold_scores(samples: list[Sample], tested: list[int], encoder: Encoder) -> tuple[list[Sample], Scores]:
    """What a fold's encoder, with heads on the writers it learned from, says of the others."""
    vectors = encoder.vectors([sample.text for sample in samples])
    learned = np.setdiff1d(np.arange(len(samples)), tested)
    model = Model.fit([samples[row] for row in learned], vectors[learned])
    left_out = [samples[row] for row in tested]
    return left_out, model.scores([sample.text for sample in left_out], vectors[tested])


class Serving(nn.Module):
    """The network with integer inputs as the ONNX file has them."""

    def __init__(self, network: Network) -> None:
        """Wrap."""
        super().__init__()
        self.network = network

    def forward(self, input_ids: Tensor, attention_mask: Tensor) -> Tensor:
        """Token states."""
        return self.network(input_ids, attention_mask)


def onnx_of(weights: Path) -> bytes:
    """An int8 ONNX file's bytes: weights per channel, 7 bits (no processor saturates), dynamic activations."""
    heads = Heads(Network(0.0), len(INTENTS), len(PROGRAMS))
    heads.load_state_dict(torch.load(weights, weights_only=True))
    heads.eval()
    given = (torch.ones(2, 7, dtype=torch.long), torch.ones(2, 7, dtype=torch.long))
    names = ["input_ids", "attention_mask"]
    axes = {name: {0: "batch", 1: "sequence"} for name in (*names, "last_hidden_state")}
    with tempfile.TemporaryDirectory() as folder:
        whole, small = Path(folder, "fp32.onnx"), Path(folder, "int8.onnx")
        torch.onnx.export(
            Serving(heads.encoder),
            given,
            str(whole),
            input_names=names,
            output_names=["last_hidden_state"],
            dynamic_axes=axes,
            opset_version=17,
            dynamo=False,
        )
        quantize_dynamic(whole, small, weight_type=QuantType.QInt8, per_channel=True, reduce_range=True)
        return small.read_bytes()


def _plain_tokenizer(path: Path) -> bytes:
    content = json.loads(path.read_text(encoding="utf-8"))
    content["truncation"] = content["padding"] = None
    return json.dumps(content, ensure_ascii=False, separators=(",", ":")).encode()


if __name__ == "__main__":
    main()

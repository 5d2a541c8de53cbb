"""Sentence vectors from an ONNX encoder: what a text means, in 384 numbers. No torch, no network.

The encoder's bytes are not part of the pickled model: whoever loads the model checks them and gives them to `Encoder`.
"""

from collections.abc import Iterator, Sequence
from functools import cached_property
from typing import Any

import numpy as np
import onnxruntime
from numpy.typing import NDArray
from tokenizers import Encoding, Tokenizer

from classifier.text import decisive

LONGEST, TAIL = 256, 80
"""Tokens read of a text, and how many of them from its end."""
BATCH = 512
"""Tokens given to the encoder at once, padding included: more is no quicker and costs memory."""

Floats = NDArray[np.float32]


class Encoder:
    """Mean-pooled token states of all-MiniLM-L6-v2 or one fine-tuned from it. Thread-safe."""

    def __init__(self, onnx: bytes, tokenizer: bytes, threads: int = 1) -> None:
        """Keep the bytes; the session is opened at first use."""
        self.onnx, self.tokenizer_json, self.threads = onnx, tokenizer, threads

    def vectors(self, texts: Sequence[str]) -> Floats:
        """(texts, 384), each of length 1; the zero vector for a text without a word."""
        encoded = self._tokenizer.encode_batch([decisive(text) for text in texts])
        tokens = [cut(one.ids) for one in encoded]
        found = np.zeros((len(texts), self.width), dtype=np.float32)
        for rows in _batches([len(one) for one in tokens]):
            states, mask = self._states([tokens[row] for row in rows])
            found[rows] = _pooled(states, mask)
        spoken = np.array([len(one) > 2 for one in tokens])
        return np.asarray(_unit(found) * spoken[:, None], dtype=np.float32)

    def token_parts(self, text: str) -> tuple[list[tuple[int, int]], Floats]:
        """Spans in `decisive(text)` and what each token adds to the text's vector; the parts add up to it exactly."""
        encoded: Encoding = self._tokenizer.encode(decisive(text))
        states, _ = self._states([cut(encoded.ids)])
        parts = states[0] / len(states[0])
        return cut(encoded.offsets), parts / max(float(np.linalg.norm(parts.sum(axis=0))), 1e-9)

    @property
    def width(self) -> int:
        """Numbers of a vector."""
        return int(self._session.get_outputs()[0].shape[-1])

    @cached_property
    def _tokenizer(self) -> Tokenizer:
        tokenizer = Tokenizer.from_buffer(self.tokenizer_json)
        tokenizer.no_padding()
        tokenizer.no_truncation()
        return tokenizer

    @cached_property
    def _session(self) -> Any:  # noqa: ANN401 - onnxruntime has no types
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = self.threads
        options.inter_op_num_threads = 1
        options.enable_cpu_mem_arena = False
        options.log_severity_level = 3
        return onnxruntime.InferenceSession(self.onnx, options, providers=["CPUExecutionProvider"])

    def _states(self, tokens: Sequence[Sequence[int]]) -> tuple[Floats, Floats]:
        width = max(map(len, tokens))
        ids = np.zeros((len(tokens), width), dtype=np.int64)
        mask = np.zeros_like(ids)
        for row, one in enumerate(tokens):
            ids[row, : len(one)], mask[row, : len(one)] = one, 1
        given = {"input_ids": ids, "attention_mask": mask, "token_type_ids": np.zeros_like(ids)}
        wanted = {one.name for one in self._session.get_inputs()}
        (states,) = self._session.run(None, {name: value for name, value in given.items() if name in wanted})
        return states, mask.astype(np.float32)


def cut(row: list[Any]) -> list[Any]:
    """A text's tokens (or their spans), the middle left out where they are too many."""
    return row if len(row) <= LONGEST else [*row[: LONGEST - TAIL], *row[-TAIL:]]


def _batches(lengths: Sequence[int]) -> Iterator[list[int]]:
    """Positions of texts of like length, as many at once as BATCH allows, one at least."""
    batch: list[int] = []
    for row in sorted(range(len(lengths)), key=lengths.__getitem__):
        if batch and lengths[row] * (len(batch) + 1) > BATCH:
            yield batch
            batch = []
        batch.append(row)
    if batch:
        yield batch


def _pooled(states: Floats, mask: Floats) -> Floats:
    return np.asarray((states * mask[:, :, None]).sum(axis=1) / mask.sum(axis=1, keepdims=True))


def _unit(rows: Floats) -> Floats:
    return np.asarray(rows / np.maximum(np.linalg.norm(rows, axis=1, keepdims=True), 1e-9))

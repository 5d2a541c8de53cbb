"""all-MiniLM-L6-v2 in plain torch: six layers of BERT (Devlin et al. 2019), mean-pooled, with heads for fine-tuning."""

import hashlib
import json
import struct
from pathlib import Path

import torch
from torch import Tensor, nn
from torch.nn import functional

WIDTH, LAYERS, HEADS, INNER, WORDS, PLACES = 384, 6, 12, 1536, 30_522, 512


class Layer(nn.Module):
    """Self-attention and feed-forward, each with residual and norm behind it."""

    def __init__(self, dropout: float) -> None:
        """Names follow the published weights, shortened."""
        super().__init__()
        self.query, self.key, self.value = (nn.Linear(WIDTH, WIDTH) for _ in range(3))
        self.attended = nn.Linear(WIDTH, WIDTH)
        self.attended_norm = nn.LayerNorm(WIDTH, eps=1e-12)
        self.inner, self.outer = nn.Linear(WIDTH, INNER), nn.Linear(INNER, WIDTH)
        self.outer_norm = nn.LayerNorm(WIDTH, eps=1e-12)
        self.dropout = nn.Dropout(dropout)

    def forward(self, hidden: Tensor, bias: Tensor) -> Tensor:
        """(batch, tokens, WIDTH) to the same shape; `bias` is added to the attention's logits."""
        batch, tokens, _ = hidden.shape

        def split(linear: nn.Linear) -> Tensor:
            return linear(hidden).view(batch, tokens, HEADS, -1).transpose(1, 2)

        query, key, value = split(self.query), split(self.key), split(self.value)
        logits = query @ key.transpose(-1, -2) / (WIDTH // HEADS) ** 0.5 + bias
        seen = (self.dropout(logits.softmax(-1)) @ value).transpose(1, 2).reshape(batch, tokens, WIDTH)
        hidden = self.attended_norm(hidden + self.dropout(self.attended(seen)))
        return self.outer_norm(hidden + self.dropout(self.outer(functional.gelu(self.inner(hidden)))))


class Encoder(nn.Module):
    """Token ids and mask (1 word, 0 padding), both (batch, tokens), to token states (batch, tokens, WIDTH)."""

    def __init__(self, dropout: float = 0.1) -> None:
        """All weights random; `load` fills them."""
        super().__init__()
        self.words, self.places, self.kinds = (
            nn.Embedding(WORDS, WIDTH),
            nn.Embedding(PLACES, WIDTH),
            nn.Embedding(2, WIDTH),
        )
        self.norm = nn.LayerNorm(WIDTH, eps=1e-12)
        self.layers = nn.ModuleList(Layer(dropout) for _ in range(LAYERS))
        self.dropout = nn.Dropout(dropout)

    def forward(self, ids: Tensor, mask: Tensor) -> Tensor:
        """Token states."""
        place = torch.arange(ids.shape[1], device=ids.device)
        hidden = self.dropout(self.norm(self.words(ids) + self.places(place) + self.kinds.weight[0]))
        bias = (1.0 - mask[:, None, None, :].to(hidden.dtype)) * -10_000.0
        for layer in self.layers:
            hidden = layer(hidden, bias)
        return hidden


class Heads(nn.Module):
    """The encoder with linear heads on its mean: intent, each wish by itself, program."""

    def __init__(self, encoder: Encoder, intents: int, programs: int, dropout: float = 0.1) -> None:
        """Heads start at zero: the first step moves nothing by chance."""
        super().__init__()
        self.encoder = encoder
        self.intent, self.wish, self.program = (nn.Linear(WIDTH, size) for size in (intents, intents, programs))
        for head in (self.intent, self.wish, self.program):
            nn.init.normal_(head.weight, std=0.02)
            nn.init.zeros_(head.bias)
        self.dropout = nn.Dropout(dropout)

    def forward(self, ids: Tensor, mask: Tensor) -> tuple[Tensor, Tensor, Tensor, Tensor]:
        """Mean vector, then the logits of intent, wish and program."""
        mean = pooled(self.encoder(ids, mask), mask)
        dropped = self.dropout(mean)
        return mean, self.intent(dropped), self.wish(dropped), self.program(dropped)


def pooled(states: Tensor, mask: Tensor) -> Tensor:
    """The mean of the states of words."""
    wide = mask[:, :, None].to(states.dtype)
    return (states * wide).sum(1) / wide.sum(1).clamp(min=1.0)


SHA256 = "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db"
"""all-MiniLM-L6-v2's model.safetensors, the same in three independent packages."""


def load(path: Path) -> Encoder:
    """The published weights (safetensors: length, JSON header, little-endian tensors). Raises ValueError for others."""
    content = path.read_bytes()
    if hashlib.sha256(content).hexdigest() != SHA256:
        raise ValueError(f"{path}: not the published all-MiniLM-L6-v2")
    (length,) = struct.unpack("<Q", content[:8])
    header, body = json.loads(content[8 : 8 + length]), content[8 + length :]
    encoder = Encoder()
    wanted = encoder.state_dict()
    for name in wanted:
        about = header[_published(name)]
        start, end = about["data_offsets"]
        tensor = torch.frombuffer(bytearray(body[start:end]), dtype=torch.float32).view(about["shape"])
        wanted[name] = tensor
    encoder.load_state_dict(wanted)
    return encoder


def _published(name: str) -> str:
    first, _, rest = name.partition(".")
    top = {
        "words": "embeddings.word_embeddings",
        "places": "embeddings.position_embeddings",
        "kinds": "embeddings.token_type_embeddings",
        "norm": "embeddings.LayerNorm",
    }
    if first in top:
        return f"{top[first]}.{rest}"
    number, part, kind = rest.split(".")
    inside = {
        "query": "attention.self.query",
        "key": "attention.self.key",
        "value": "attention.self.value",
        "attended": "attention.output.dense",
        "attended_norm": "attention.output.LayerNorm",
        "inner": "intermediate.dense",
        "outer": "output.dense",
        "outer_norm": "output.LayerNorm",
    }
    return f"encoder.layer.{number}.{inside[part]}.{kind}"

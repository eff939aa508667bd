"""The peer of bench_train: the same two networks in PyTorch, one training step each, f32. Argument: threads. Answers each
line on its standard input ("decoder", "tower") with the seconds of a step on a line. Every fused operation PyTorch has is
used: rms_norm, scaled_dot_product_attention, cross_entropy, AdamW's fused update."""

import sys
import time

import torch
import torch.nn.functional as F
from torch import nn

torch.set_num_threads(int(sys.argv[1]))
torch.manual_seed(0)


class DecoderBlock(nn.Module):
    def __init__(self, d, heads, kv, width, inner):
        super().__init__()
        self.heads, self.kv, self.width = heads, kv, width
        self.n1, self.n2 = nn.RMSNorm(d, eps=1e-6), nn.RMSNorm(d, eps=1e-6)
        self.q, self.k, self.v = (nn.Linear(d, n * width, bias=False) for n in (heads, kv, kv))
        self.o = nn.Linear(heads * width, d, bias=False)
        self.gate, self.up = nn.Linear(d, inner, bias=False), nn.Linear(d, inner, bias=False)
        self.down = nn.Linear(inner, d, bias=False)

    def forward(self, x, cos, sin):
        b, t, _ = x.shape
        n = self.n1(x)
        q, k, v = (f(n).view(b, t, -1, self.width).transpose(1, 2) for f in (self.q, self.k, self.v))

        def turn(y):
            low, high = y.chunk(2, -1)
            return torch.cat((low * cos - high * sin, high * cos + low * sin), -1)

        said = F.scaled_dot_product_attention(turn(q), turn(k), v, is_causal=True, enable_gqa=True)
        x = x + self.o(said.transpose(1, 2).reshape(b, t, -1))
        n = self.n2(x)
        return x + self.down(F.silu(self.gate(n)) * self.up(n))


class Decoder(nn.Module):
    def __init__(self, vocab=2048, d=256, layers=6, heads=8, kv=2, width=32, inner=512, tokens=256):
        super().__init__()
        self.embed = nn.Embedding(vocab, d)
        self.blocks = nn.ModuleList(DecoderBlock(d, heads, kv, width, inner) for _ in range(layers))
        self.norm = nn.RMSNorm(d, eps=1e-6)
        turn = torch.arange(tokens)[:, None] / 10000.0 ** (torch.arange(0, width, 2) / width)
        self.cos, self.sin = turn.cos(), turn.sin()
        self.ids = torch.randint(0, vocab, (8, tokens + 1))

    def loss(self):
        x = self.embed(self.ids[:, :-1])
        for block in self.blocks:
            x = block(x, self.cos, self.sin)
        logits = self.norm(x) @ self.embed.weight.t()
        return F.cross_entropy(logits.flatten(0, 1), self.ids[:, 1:].flatten())


class TowerBlock(nn.Module):
    def __init__(self, d, heads):
        super().__init__()
        self.heads = heads
        self.n1, self.n2 = nn.LayerNorm(d, eps=1e-6), nn.LayerNorm(d, eps=1e-6)
        self.qkv, self.proj = nn.Linear(d, 3 * d), nn.Linear(d, d)
        self.fc1, self.fc2 = nn.Linear(d, 4 * d), nn.Linear(4 * d, d)

    def forward(self, x):
        b, t, d = x.shape
        q, k, v = self.qkv(self.n1(x)).view(b, t, 3, self.heads, -1).permute(2, 0, 3, 1, 4)
        x = x + self.proj(F.scaled_dot_product_attention(q, k, v).transpose(1, 2).reshape(b, t, d))
        return x + self.fc2(F.gelu(self.fc1(self.n2(x))))


class Tower(nn.Module):
    """A convolutional stem, then blocks over a grid of 12 x 16 features."""

    def __init__(self, d=192, layers=4, heads=6):
        super().__init__()
        sizes = [3, 24, 48, 96, d]
        self.stem = nn.ModuleList(nn.Conv2d(a, b, 3, 2, 1) for a, b in zip(sizes, sizes[1:]))
        self.positions = nn.Parameter(torch.randn(1, 192, d) * 0.02)
        self.blocks = nn.ModuleList(TowerBlock(d, heads) for _ in range(layers))
        self.norm = nn.LayerNorm(d, eps=1e-6)
        self.head = nn.Linear(d, 32)
        self.pictures = torch.rand(16, 3, 192, 256) * 2 - 1
        self.classes = torch.randint(0, 32, (16 * 192,))

    def loss(self):
        x = self.pictures
        for conv in self.stem:
            x = F.gelu(conv(x))
        x = x.flatten(2).transpose(1, 2) + self.positions
        for block in self.blocks:
            x = block(x)
        return F.cross_entropy(self.head(self.norm(x)).flatten(0, 1), self.classes)


models = {"decoder": Decoder(), "tower": Tower()}
optimisers = {
    name: torch.optim.AdamW(model.parameters(), lr=1e-3, betas=(0.9, 0.95), weight_decay=0.1, fused=True)
    for name, model in models.items()
}


def step(name):
    model, optimiser = models[name], optimisers[name]
    optimiser.zero_grad(set_to_none=True)
    loss = model.loss()
    loss.backward()
    nn.utils.clip_grad_norm_(model.parameters(), 1.0)
    optimiser.step()
    return loss.item()


print("ready", *(f"{name}={sum(p.numel() for p in model.parameters())}" for name, model in models.items()), flush=True)
for line in sys.stdin:
    start = time.perf_counter()
    step(line.strip())
    print(time.perf_counter() - start, flush=True)

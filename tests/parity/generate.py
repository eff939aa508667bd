"""Writes the references under fixtures/ that the Rust tests are held to. `make parity` runs it; the files it wrote are
in the repository, so the tests need neither Python nor a network."""

import os

os.environ["HF_HUB_OFFLINE"] = "1"

import torch

import janus
import language

if __name__ == "__main__":
    torch.set_grad_enabled(False)
    torch.set_num_threads(1)
    for seed, name in enumerate(language.MODELS):
        language.generate(name, seed)
    for seed, name in enumerate(janus.MODELS):
        janus.generate(name, 10 + seed)

"""What the generators of references share: weights that matter, exact in f16, and files written small."""

import json
from pathlib import Path

import torch
from safetensors.torch import save_file

FIXTURES = Path(__file__).parent / "fixtures"


def fill(model, seed):
    """Gives every parameter a value of its own, so that a bias left out or two norms swapped show. All values are exact
    in f16: the files are half as large and lose nothing."""
    generator = torch.Generator().manual_seed(seed)
    for name, parameter in sorted(model.named_parameters()):
        noise = torch.randn(parameter.shape, generator=generator)
        if name.endswith("bias"):
            value = 0.05 * noise
        elif parameter.dim() == 1:
            value = 1 + 0.1 * noise
        elif "embed" in name:
            value = noise / parameter.shape[-1] ** 0.5
        else:
            value = noise / parameter[0].numel() ** 0.5
        parameter.data = value.half().float()
    model.tie_weights()
    return model


def folder(name):
    path = FIXTURES / name
    path.mkdir(parents=True, exist_ok=True)
    return path


def write_json(path, value):
    path.write_text(json.dumps(value, indent=None if path.name == "talks.json" else 1, ensure_ascii=False) + "\n")


def write_expected(path, tensors):
    """Integers as u32, floats as f32."""
    kinds = {True: torch.float32, False: torch.uint32}
    tensors = {name: t.detach().to(kinds[t.is_floating_point()]).contiguous().clone() for name, t in tensors.items()}
    save_file(tensors, path / "expected.safetensors")


def read_config(path):
    return json.loads((path / "config.json").read_text())


def flat_rope(config):
    """The same rope as transformers 4 wrote it: `rope_theta` and `rope_scaling` beside the other fields."""
    config = dict(config)
    rope = config.pop("rope_parameters", None) or {}
    if "rope_theta" in rope:
        config["rope_theta"] = rope["rope_theta"]
    scaling = {key: value for key, value in rope.items() if key != "rope_theta"}
    config["rope_scaling"] = scaling if scaling.get("rope_type", "default") != "default" else None
    config["transformers_version"] = "4.48.3"
    return config

"""Small LFM2 networks with random weights: logits, greedy text and a left-padded batch by transformers."""

import torch
import transformers as tf

from common import fill, flat_rope, folder, read_config, write_expected, write_json

SHAPE = dict(vocab_size=96, max_position_embeddings=256, bos_token_id=0, eos_token_id=1, pad_token_id=2, norm_eps=1e-5,
             conv_L_cache=3, rope_parameters=dict(rope_type="default", rope_theta=1000000.0))
MODELS = {
    # As LFM2-350M: the FFN's width is adjusted (80 -> 53 -> 64), the head is tied.
    "lfm2": lambda: tf.Lfm2ForCausalLM(tf.Lfm2Config(
        hidden_size=32, intermediate_size=80, num_hidden_layers=5, num_attention_heads=4, num_key_value_heads=2,
        block_multiple_of=16, block_ffn_dim_multiplier=1.0, block_auto_adjust_ff_dim=True, conv_bias=False,
        layer_types=["conv", "conv", "full_attention", "conv", "full_attention"], tie_word_embeddings=True, **SHAPE)),
    # Biases in the convolutions, a width taken as it is, a head of its own.
    "lfm2_biased": lambda: tf.Lfm2ForCausalLM(tf.Lfm2Config(
        hidden_size=32, intermediate_size=40, num_hidden_layers=3, num_attention_heads=4, num_key_value_heads=4,
        block_auto_adjust_ff_dim=False, conv_bias=True, layer_types=["full_attention", "conv", "conv"],
        tie_word_embeddings=False, **SHAPE)),
}
PROMPT, NEW, PAD = 24, 12, 5


def generate(name, seed):
    model = fill(MODELS[name]().eval().float(), seed)
    out = folder(name)
    generator = torch.Generator().manual_seed(seed + 100)
    ids = torch.randint(3, SHAPE["vocab_size"], (2, PROMPT), generator=generator)
    expected = {"ids": ids, "logits": model(ids).logits}
    new = model.generate(ids, attention_mask=torch.ones_like(ids), max_new_tokens=NEW, min_new_tokens=NEW, do_sample=False)
    expected["greedy"] = new[:, PROMPT:]
    padded = torch.cat([torch.cat([torch.full((1, PAD), 2), ids[:1, : PROMPT - PAD]], 1), ids[1:]])
    mask = torch.ones_like(padded)
    mask[0, :PAD] = 0
    expected["padded.ids"], expected["padded.logits"] = padded, model(padded, attention_mask=mask).logits
    write_expected(out, expected)
    model.half().save_pretrained(out)
    (out / "generation_config.json").unlink(missing_ok=True)
    config = read_config(out)
    # As the published files of transformers 4 have it: the tie and the FFN's width under names of their own.
    old = flat_rope(config)
    old["tie_embedding"] = old.pop("tie_word_embeddings")
    old["block_ff_dim"] = old["intermediate_size"]
    write_json(out / "config_v4.json", old)
    print(name, sum(p.numel() for p in model.parameters()), "parameters")


if __name__ == "__main__":
    torch.set_grad_enabled(False)
    for seed, name in enumerate(MODELS):
        generate(name, seed)

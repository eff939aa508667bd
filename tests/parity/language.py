"""Small decoders of the Llama family with random weights: logits, hidden states and greedy text by transformers."""

import torch
import transformers as tf

from common import fill, flat_rope, folder, read_config, write_expected, write_json

SHAPE = dict(vocab_size=96, intermediate_size=96, num_hidden_layers=2, max_position_embeddings=256, bos_token_id=0,
             eos_token_id=1, pad_token_id=2)
LLAMA3 = dict(rope_type="llama3", rope_theta=500000.0, factor=8.0, low_freq_factor=1.0, high_freq_factor=4.0,
              original_max_position_embeddings=32)
MODELS = {
    # As R1-Distill-Llama: grouped heads, stretched rope, a head of its own.
    "llama3": lambda: tf.LlamaForCausalLM(tf.LlamaConfig(
        hidden_size=32, num_attention_heads=4, num_key_value_heads=2, rms_norm_eps=1e-5, tie_word_embeddings=False,
        rope_parameters=LLAMA3, **SHAPE)),
    # Every bias there can be, full heads, linear rope, a tied head.
    "llama_linear": lambda: tf.LlamaForCausalLM(tf.LlamaConfig(
        hidden_size=32, num_attention_heads=4, num_key_value_heads=4, attention_bias=True, mlp_bias=True,
        tie_word_embeddings=True, rope_parameters=dict(rope_type="linear", rope_theta=10000.0, factor=4.0), **SHAPE)),
    # As R1-Distill-Qwen: a bias on q, k and v.
    "qwen2": lambda: tf.Qwen2ForCausalLM(tf.Qwen2Config(
        hidden_size=64, num_attention_heads=4, num_key_value_heads=1, rms_norm_eps=1e-6, tie_word_embeddings=False,
        use_sliding_window=False, rope_parameters=dict(rope_type="default", rope_theta=10000.0), **SHAPE)),
    # A norm on each head, heads wider than the stream's share, a tied head.
    "qwen3": lambda: tf.Qwen3ForCausalLM(tf.Qwen3Config(
        hidden_size=32, num_attention_heads=4, num_key_value_heads=2, head_dim=16, rms_norm_eps=1e-6,
        tie_word_embeddings=True, rope_parameters=dict(rope_type="default", rope_theta=1000000.0), **SHAPE)),
}
PROMPT, NEW, PAD = 40, 12, 5


def generate(name, seed):
    model = fill(MODELS[name]().eval().float(), seed)
    out = folder(name)
    generator = torch.Generator().manual_seed(seed + 100)
    ids = torch.randint(3, SHAPE["vocab_size"], (2, PROMPT), generator=generator)
    seen = model(ids, output_hidden_states=True)
    expected = {"ids": ids, "logits": seen.logits}
    expected |= {f"hidden.{i}": h for i, h in enumerate(seen.hidden_states)}
    model.generation_config.eos_token_id = None  # let no row end early
    new = model.generate(ids, attention_mask=torch.ones_like(ids), max_new_tokens=NEW, do_sample=False)
    model.generation_config.eos_token_id = 1
    expected["greedy"] = new[:, PROMPT:]
    padded = torch.cat([torch.full((1, PAD), 2), ids[:1, : PROMPT - PAD]], 1)
    padded = torch.cat([padded, ids[1:]])
    mask = torch.ones_like(padded)
    mask[0, :PAD] = 0
    expected["padded.ids"], expected["padded.logits"] = padded, model(padded, attention_mask=mask).logits
    write_expected(out, expected)
    model.half().save_pretrained(out)
    config = read_config(out)
    write_json(out / "config_v4.json", flat_rope(config))
    print(name, sum(p.numel() for p in model.parameters()), "parameters")

"""Small GGUF files by the reference's own writer, with what the reference unpacks of them, and what transformers says of
the same weights. Needs `gguf` beside the others."""

import gguf
import numpy as np
import torch
import transformers as tf

from common import fill, folder, write_expected
from tokenizer_words import MERGES, TYPES, VOCAB

SHAPE = dict(vocab_size=len(VOCAB), max_position_embeddings=256, bos_token_id=None, eos_token_id=1, pad_token_id=None)
ROPE = dict(rope_type="default", rope_theta=10000.0)
MODELS = {
    "llama": lambda: tf.LlamaForCausalLM(tf.LlamaConfig(
        hidden_size=64, intermediate_size=96, num_hidden_layers=2, num_attention_heads=4, num_key_value_heads=2,
        tie_word_embeddings=False, rope_parameters=ROPE, rms_norm_eps=1e-5, **SHAPE)),
    "qwen2": lambda: tf.Qwen2ForCausalLM(tf.Qwen2Config(
        hidden_size=64, intermediate_size=96, num_hidden_layers=1, num_attention_heads=4, num_key_value_heads=2,
        tie_word_embeddings=True, use_sliding_window=False, rope_parameters=ROPE, **SHAPE)),
    "qwen3": lambda: tf.Qwen3ForCausalLM(tf.Qwen3Config(
        hidden_size=64, intermediate_size=96, num_hidden_layers=1, num_attention_heads=4, num_key_value_heads=2,
        head_dim=32, tie_word_embeddings=True, rope_parameters=ROPE, **SHAPE)),
    "lfm2": lambda: tf.Lfm2ForCausalLM(tf.Lfm2Config(
        hidden_size=64, intermediate_size=96, num_hidden_layers=3, num_attention_heads=4, num_key_value_heads=2,
        block_auto_adjust_ff_dim=False, conv_L_cache=3, conv_bias=False, tie_word_embeddings=True,
        layer_types=["conv", "full_attention", "conv"], norm_eps=1e-5,
        rope_parameters=dict(rope_type="default", rope_theta=1000000.0), **SHAPE)),
}
NAMES = {
    "model.embed_tokens": "token_embd", "model.norm": "output_norm", "model.embedding_norm": "token_embd_norm",
    "lm_head": "output", "input_layernorm": "attn_norm", "operator_norm": "attn_norm",
    "post_attention_layernorm": "ffn_norm", "ffn_norm": "ffn_norm", "self_attn.q_proj": "attn_q",
    "self_attn.k_proj": "attn_k", "self_attn.v_proj": "attn_v", "self_attn.o_proj": "attn_output",
    "self_attn.out_proj": "attn_output", "self_attn.q_norm": "attn_q_norm", "self_attn.k_norm": "attn_k_norm",
    "self_attn.q_layernorm": "attn_q_norm", "self_attn.k_layernorm": "attn_k_norm", "mlp.gate_proj": "ffn_gate",
    "mlp.up_proj": "ffn_up", "mlp.down_proj": "ffn_down", "feed_forward.w1": "ffn_gate", "feed_forward.w3": "ffn_up",
    "feed_forward.w2": "ffn_down", "conv.conv": "shortconv.conv", "conv.in_proj": "shortconv.in_proj",
    "conv.out_proj": "shortconv.out_proj",
}
# One kind of block a matrix, so that each is met.
KINDS = [gguf.GGMLQuantizationType.Q8_0, gguf.GGMLQuantizationType.Q4_0, gguf.GGMLQuantizationType.Q4_1,
         gguf.GGMLQuantizationType.Q5_0, gguf.GGMLQuantizationType.Q5_1, gguf.GGMLQuantizationType.F16]


def there(name):
    stem, kind = name.rsplit(".", 1)
    if stem.startswith("model.layers."):
        layer, part = stem.removeprefix("model.layers.").split(".", 1)
        return f"blk.{layer}.{NAMES[part]}.{kind}"
    return f"{NAMES[stem]}.{kind}"


def pairs(weight, heads):
    """Rows of a head from halves to pairs, as the converter for Llama turns them."""
    return weight.reshape(heads, 2, weight.shape[0] // heads // 2, *weight.shape[1:]).swapaxes(1, 2).reshape(weight.shape)


def halves(weight, heads):
    return weight.reshape(heads, weight.shape[0] // heads // 2, 2, *weight.shape[1:]).swapaxes(1, 2).reshape(weight.shape)


def generate(kind, seed):
    model = fill(MODELS[kind]().eval().float(), seed)
    config = model.config
    out = folder(f"gguf_{kind}")
    writer = gguf.GGUFWriter(out / "model.gguf", kind)
    writer.add_block_count(config.num_hidden_layers)
    writer.add_context_length(config.max_position_embeddings)
    writer.add_embedding_length(config.hidden_size)
    writer.add_feed_forward_length(config.intermediate_size)
    writer.add_head_count(config.num_attention_heads)
    kv = config.num_key_value_heads
    if kind == "lfm2":
        writer.add_head_count_kv([kv if layer == "full_attention" else 0 for layer in config.layer_types])
        writer.add_shortconv_l_cache(config.conv_L_cache)
        writer.add_layer_norm_rms_eps(config.norm_eps)
    else:
        writer.add_head_count_kv(kv)
        writer.add_layer_norm_rms_eps(config.rms_norm_eps)
    if kind == "qwen3":
        writer.add_key_length(config.head_dim)
        writer.add_value_length(config.head_dim)
    writer.add_rope_freq_base(config.rope_parameters["rope_theta"])
    writer.add_tokenizer_model("gpt2")
    writer.add_tokenizer_pre("qwen2")
    writer.add_token_list(VOCAB)
    writer.add_token_types(TYPES)
    writer.add_token_merges(MERGES)
    writer.add_eos_token_id(1)
    unpacked, whole, n = {}, {}, 0
    for name, tensor in model.state_dict().items():
        if name == "lm_head.weight" and config.tie_word_embeddings:
            continue
        value = tensor.numpy().copy()
        heads = {"q_proj": config.num_attention_heads, "k_proj": kv}.get(name.split(".")[-2]) if kind == "llama" else None
        if heads:
            value = pairs(value, heads)
        if value.ndim == 3:
            value = value.squeeze(1)
        if value.ndim == 2 and "conv.conv" not in name:
            form, n = KINDS[n % len(KINDS)], n + 1
            packed = gguf.quants.quantize(value, form)
            back = gguf.quants.dequantize(packed, form).astype(np.float32)
            writer.add_tensor(there(name), packed, raw_dtype=form)
            unpacked[there(name)] = torch.from_numpy(back.copy())
            value = halves(back, heads) if heads else back
        else:
            writer.add_tensor(there(name), value.astype(np.float32))
        whole[name] = torch.from_numpy(np.ascontiguousarray(value)).reshape(tensor.shape)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    # What the network says with exactly what the file holds.
    model.load_state_dict(whole, strict=False)
    model.tie_weights()
    ids = torch.randint(4, SHAPE["vocab_size"], (1, 16), generator=torch.Generator().manual_seed(seed))
    expected = {"ids": ids, "logits": model(ids).logits[:, -4:]}
    if kind in ("llama", "lfm2"):
        expected |= {f"unpacked.{name}": t[:16] for name, t in unpacked.items() if name.startswith("blk.")}
    write_expected(out, expected)
    print(kind, sum(p.numel() for p in model.parameters()), "parameters")


if __name__ == "__main__":
    torch.set_grad_enabled(False)
    for seed, kind in enumerate(MODELS):
        generate(kind, seed)

"""Names and config of DeepSeek's own checkpoints, from a Janus of transformers."""

import torch

RULES = [
    ("vision_model.post_layernorm.", "vision_model.vision_tower.norm."),
    ("vision_model.embeddings.patch_embedding.", "vision_model.vision_tower.patch_embed.proj."),
    ("vision_model.encoder.layers.", "vision_model.vision_tower.blocks."),
    (".self_attn.projection_layer.", ".attn.proj."),
    (".layer_norm1.", ".norm1."),
    (".layer_norm2.", ".norm2."),
    ("generation_embeddings.", "gen_embed."),
    ("generation_aligner.fc1.", "gen_aligner.layers.0."),
    ("generation_aligner.hidden_layers.0.", "gen_aligner.layers.2."),
    ("generation_head.proj_out.", "gen_head.output_mlp_projector."),
    ("generation_head.", "gen_head."),
]


def names(state):
    """The tensors under DeepSeek's names, q, k and v of the vision tower in one."""
    out = {}
    for key, value in state.items():
        if key == "lm_head.weight":
            out["language_model.lm_head.weight"] = value
            continue
        key = key.removeprefix("model.")
        if key.startswith("language_model."):
            key = key.replace("language_model.", "language_model.model.", 1)
        elif key.startswith("vqmodel."):
            key = key.replace("vqmodel.", "gen_vision_model.").replace(".block.", ".res.")
            key = key.replace("encoder.down.", "encoder.conv_blocks.").replace("decoder.up.", "decoder.conv_blocks.")
            for i, part in enumerate(["block_1", "attn_1", "block_2"]):
                key = key.replace(f".mid.{part}.", f".mid.{i}.")
        elif key.startswith("aligner."):
            key = key.replace("aligner.fc1.", "aligner.layers.0.").replace("aligner.hidden_layers.0.", "aligner.layers.2.")
        elif key == "vision_model.embeddings.position_embedding.weight":
            key, value = "vision_model.vision_tower.pos_embed", value[None]
        elif ".self_attn.k_proj." in key or ".self_attn.v_proj." in key:
            continue
        for old, new in RULES:
            key = key.replace(old, new)
        if ".self_attn.q_proj." in key and key.startswith("vision_model."):
            source = "model." + key.replace("vision_tower.blocks.", "encoder.layers.")
            value = torch.cat([state[source.replace("q_proj", f"{part}_proj")] for part in "qkv"])
            key = key.replace("self_attn.q_proj", "attn.qkv")
        out[key] = value.contiguous()
    return out


def config(cfg, text):
    """config.json as DeepSeek writes it. Theirs names the SigLIP by a preset; the fields here are those presets'."""
    vision, vq = cfg.vision_config, cfg.vq_config
    return {
        "model_type": "multi_modality",
        "architectures": ["MultiModalityCausalLM"],
        "aligner_config": {"cls": "MlpProjector", "model_type": "aligner", "params": {
            "depth": vision.depth, "input_dim": vision.hidden_size, "n_embed": text.hidden_size, "projector_type": "mlp_gelu"}},
        "gen_aligner_config": {"cls": "MlpProjector", "model_type": "gen_aligner", "params": {
            "depth": vq.num_hidden_layers, "input_dim": vq.embed_dim, "n_embed": text.hidden_size, "projector_type": "mlp_gelu"}},
        "gen_head_config": {"cls": "vision_head", "model_type": "gen_head", "params": {
            "image_token_embed": vq.image_token_embed_dim, "image_token_size": vq.num_embeddings, "n_embed": text.hidden_size}},
        "gen_vision_config": {"cls": "VQ-16", "model_type": "gen_vision", "params": {
            "image_token_size": vq.num_embeddings, "n_embed": vq.embed_dim, "ch": vq.base_channels,
            "ch_mult": vq.channel_multiplier, "num_res_blocks": vq.num_res_blocks, "z_channels": vq.latent_channels}},
        "language_config": {"model_type": "llama", "vocab_size": text.vocab_size, "hidden_size": text.hidden_size,
            "intermediate_size": text.intermediate_size, "num_hidden_layers": text.num_hidden_layers,
            "num_attention_heads": text.num_attention_heads, "num_key_value_heads": text.num_key_value_heads,
            "max_position_embeddings": text.max_position_embeddings, "torch_dtype": "bfloat16"},
        "vision_config": {"cls": "CLIPVisionTower", "model_type": "vision", "params": {
            "image_size": vision.image_size, "model_name": "siglip_test", "select_feature": "same", "select_layer": -1,
            "width": vision.hidden_size, "layers": vision.num_hidden_layers, "heads": vision.num_attention_heads,
            "patch_size": vision.patch_size, "mlp_ratio": vision.mlp_ratio}},
        "torch_dtype": "bfloat16",
    }

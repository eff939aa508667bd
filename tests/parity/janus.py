"""Small Janus models with random weights: understanding, drawing with and without guidance, and the code of pictures."""

import torch
import transformers as tf
from torch.nn.functional import normalize

import original
import tokenizer as words
from common import fill, flat_rope, folder, read_config, write_expected, write_json

MODELS = {
    # transformers' layout: grouped heads, a tied head, pictures of 8 pixels in 16 patches.
    "janus_hf": dict(image=8, patch=2, mult=[2, 1], heads=4, kv=2, tied=True, theta=10000.0),
    # DeepSeek's layout: full heads, a head of its own, pictures of 24 pixels in 36 patches.
    "janus_deepseek": dict(image=24, patch=4, mult=[1, 1, 1], heads=2, kv=2, tied=False, theta=10000.0),
}
VISION, HIDDEN, CODES, NEW, WEIGHT = 32, 64, 48, 12, 5.0


def build(image, patch, mult, heads, kv, tied, theta, token):
    text = tf.LlamaConfig(
        vocab_size=words.VOCAB, hidden_size=HIDDEN, intermediate_size=96, num_hidden_layers=2, num_attention_heads=heads,
        num_key_value_heads=kv, max_position_embeddings=512, rms_norm_eps=1e-6, bos_token_id=token["bos"],
        eos_token_id=token["eos"], pad_token_id=token["pad"], tie_word_embeddings=tied,
        rope_parameters=dict(rope_type="default", rope_theta=theta))
    vision = tf.JanusVisionConfig(
        hidden_size=VISION, num_hidden_layers=2, num_attention_heads=4, mlp_ratio=2.0, image_size=image, patch_size=patch,
        projection_dim=HIDDEN, depth=2, num_image_tokens=(image // patch) ** 2)
    vq = tf.JanusVQVAEConfig(
        embed_dim=8, num_embeddings=CODES, latent_channels=16, base_channels=32, channel_multiplier=mult, num_res_blocks=1,
        projection_dim=HIDDEN, image_token_embed_dim=HIDDEN, num_hidden_layers=2)
    cfg = tf.JanusConfig(text_config=text, vision_config=vision, vq_config=vq, image_token_id=token["image"],
                         tie_word_embeddings=tied)
    return tf.JanusForConditionalGeneration(cfg).eval().float()


def understand(model, token, count, size, generator):
    """Two rows with a picture each; then one row with both; each told on greedily."""
    pictures = torch.randn(2, 3, size, size, generator=generator).clamp(-1, 1)
    features = model.model.vision_model(pictures).last_hidden_state
    out = {"pictures": pictures, "features": features, "aligned": model.model.aligner(features)}
    shown = [token["boi"]] + [token["image"]] * count + [token["eoi"]]
    word = lambda n: torch.randint(0, 256, (n,), generator=generator).tolist()
    rows = {
        "one": [[token["bos"], *word(3), *shown, *word(4)] for _ in range(2)],
        "two": [[token["bos"], *word(2), *shown, *word(2), *shown, *word(3)]],
    }
    for name, ids in rows.items():
        ids = torch.tensor(ids)
        ones = torch.ones_like(ids)
        out[f"{name}.ids"] = ids
        out[f"{name}.logits"] = model(input_ids=ids, pixel_values=pictures, attention_mask=ones).logits
        model.generation_config.eos_token_id = None  # let no row end early
        new = model.generate(inputs=ids, pixel_values=pictures, attention_mask=ones, max_new_tokens=NEW, do_sample=False,
                             generation_mode="text")
        model.generation_config.eos_token_id = token["eos"]
        out[f"{name}.greedy"] = new[:, ids.shape[1]:]
    return out


def draw(model, ids, unconditional, weight, count):
    """The published recipe, greedy: one step a line. Without guidance the conditional row stands alone."""
    rows = torch.cat([ids, unconditional]) if weight != 1.0 else ids
    embeddings, past, tokens, logits = model.get_input_embeddings()(rows), None, [], []
    for _ in range(count):
        seen = model.model.language_model(inputs_embeds=embeddings, past_key_values=past, use_cache=True)
        past = seen.past_key_values
        z = model.model.generation_head(seen.last_hidden_state[:, -1])
        if weight != 1.0:
            conditional, other = z.chunk(2)
            z = other + weight * (conditional - other)
        logits.append(z)
        tokens.append(z.argmax(-1))
        following = tokens[-1] if weight == 1.0 else tokens[-1].repeat(2)
        embeddings = model.prepare_embeddings_for_image_generation(following[:, None])
    return torch.stack(tokens, 1), torch.stack(logits, 1)


def drawings(model, token, count, generator):
    middle = torch.randint(0, 256, (2, 5), generator=generator)
    edge = lambda name: torch.full((2, 1), token[name])
    ids = torch.cat([edge("bos"), middle, edge("boi")], 1)
    unconditional = ids.clone()
    unconditional[:, 1:-1] = token["pad"]
    out = {"draw.ids": ids}
    out["draw.codes"], out["draw.logits"] = draw(model, ids, unconditional, WEIGHT, count)
    out["plain.codes"], out["plain.logits"] = draw(model, ids, unconditional, 1.0, count)
    out["draw.pixels"] = model.decode_image_tokens(out["draw.codes"]).permute(0, 3, 1, 2)
    out["plain.pixels"] = model.decode_image_tokens(out["plain.codes"]).permute(0, 3, 1, 2)
    theirs = model.generate(inputs=ids, attention_mask=torch.ones_like(ids), do_sample=False, generation_mode="image")
    assert (theirs == out["draw.codes"]).all(), "our recipe and transformers' draw differently"
    assert out["draw.codes"].unique().numel() > 3, "a picture of one code shows nothing"
    return out


def encode(model, pictures):
    """The nearest code on the unit sphere: DeepSeek's rule. transformers leaves the norms out."""
    vq = model.model.vqmodel
    found = vq.quant_conv(vq.encoder(pictures)).permute(0, 2, 3, 1)
    product = normalize(found, dim=-1) @ normalize(vq.quantize.embedding.weight, dim=-1).T
    best = product.topk(2).values
    codes = product.argmax(-1).flatten(1)
    agree = (codes == vq.encode(pictures).image_tokens.view(codes.shape)).float().mean()
    print(f"  codes: {agree:.2f} as transformers', closest call {(best[..., 0] - best[..., 1]).min():.1e}")
    return {"encode.codes": codes}


def generate(name, seed):
    shape, tokenizer = MODELS[name], words.build()
    token = words.ids(tokenizer)
    model = fill(build(**shape, token=token), seed)
    settings = model.generation_config
    settings.bos_token_id, settings.eos_token_id, settings.pad_token_id = token["bos"], token["eos"], token["pad"]
    settings.guidance_scale, settings.temperature = WEIGHT, 1.0
    settings.generation_kwargs = {"boi_token_id": token["boi"]}
    generator = torch.Generator().manual_seed(seed + 100)
    count = (shape["image"] // shape["patch"]) ** 2
    expected = understand(model, token, count, shape["image"], generator)
    expected |= drawings(model, token, count, generator) | encode(model, expected["pictures"])
    out = folder(name)
    write_expected(out, expected)
    words.write(tokenizer, out)
    words.write_talks(tokenizer, out, count)
    text, model = model.config.text_config, model.half()
    if name == "janus_hf":
        model.save_pretrained(out)
        config = read_config(out)
        write_json(out / "config_v4.json", config | {"text_config": flat_rope(config["text_config"])})
    else:
        write_shards(out, original.names(model.state_dict()))
        write_json(out / "config.json", original.config(model.config, text))
    print(name, sum(p.numel() for p in model.parameters()), "parameters")


def write_shards(out, tensors):
    """Two pickles and their index, as the 7B is given out."""
    keys = sorted(tensors)
    halves = [keys[: len(keys) // 2], keys[len(keys) // 2:]]
    index = {}
    for i, half in enumerate(halves, 1):
        file = f"pytorch_model-{i:05}-of-00002.bin"
        torch.save({key: tensors[key].clone() for key in half}, out / file)
        index |= dict.fromkeys(half, file)
    total = sum(t.numel() * 2 for t in tensors.values())
    write_json(out / "pytorch_model.bin.index.json", {"metadata": {"total_size": total}, "weight_map": index})

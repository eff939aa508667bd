"""The peer of bench_janus: Janus-Pro-1B in transformers on PyTorch, f32, with random weights. Answers each line on its
standard input ("encode", "prefill", "decode N", "image N", "picture", "memory") with seconds (or bytes) on a line."""

import sys
import time

import torch
import transformers as tf

torch.set_num_threads(int(sys.argv[1]))
torch.set_grad_enabled(False)


def build():
    text = tf.LlamaConfig(
        vocab_size=102400, hidden_size=2048, intermediate_size=5632, num_hidden_layers=24, num_attention_heads=16,
        num_key_value_heads=16, max_position_embeddings=16384, rms_norm_eps=1e-6, tie_word_embeddings=False,
        rope_parameters=dict(rope_type="default", rope_theta=10000.0))
    vision = tf.JanusVisionConfig(
        hidden_size=1024, num_hidden_layers=24, num_attention_heads=16, mlp_ratio=4.0, image_size=384, patch_size=16,
        projection_dim=2048, depth=2, num_image_tokens=576)
    vq = tf.JanusVQVAEConfig(projection_dim=2048, image_token_embed_dim=2048)
    cfg = tf.JanusConfig(text_config=text, vision_config=vision, vq_config=vq, image_token_id=100581,
                         tie_word_embeddings=False)
    with torch.device("meta"):
        model = tf.JanusForConditionalGeneration(cfg)
    model = model.to_empty(device="cpu").float().eval()
    for tensor in model.parameters():
        tensor.uniform_(-0.03, 0.03)
    for module in model.modules():  # buffers that were made on no device
        if hasattr(module, "inv_freq"):
            module.inv_freq = 1.0 / 10000.0 ** (torch.arange(0, 128, 2).float() / 128)
        if hasattr(module, "position_ids"):
            module.position_ids = torch.arange(module.position_ids.shape[-1])[None]
    return model


model = build()
language = model.model.language_model
picture = torch.rand(1, 3, 384, 384) * 2 - 1
codes = torch.randint(0, 16384, (1, 576))
past = None


def step(embeddings, past):
    seen = language(inputs_embeds=embeddings, past_key_values=past, use_cache=True)
    return seen.last_hidden_state[:, -1], seen.past_key_values


def encode():
    model.model.aligner(model.model.vision_model(picture).last_hidden_state)


def prefill():
    global past
    hidden, past = step(torch.rand(1, 640, 2048) - 0.5, None)
    model.lm_head(hidden)


def decode(count):
    kept = past
    for _ in range(count):
        token = torch.tensor([[5]])
        hidden, kept = step(language.embed_tokens(token), kept)
        model.lm_head(hidden).argmax(-1)
    kept.crop(-count)


def image(count):
    embeddings, kept = torch.rand(2, 24, 2048) - 0.5, None
    for _ in range(count):
        hidden, kept = step(embeddings, kept)
        one, other = model.model.generation_head(hidden).chunk(2)
        token = torch.softmax(other + 5.0 * (one - other), -1).argmax(-1)
        embeddings = model.prepare_embeddings_for_image_generation(token.repeat(2)[:, None])


def draw():
    model.decode_image_tokens(codes)


DO = {"encode": encode, "prefill": prefill, "decode": decode, "image": image, "picture": draw}
print("ready", flush=True)
for line in sys.stdin:
    name, *count = line.split()
    if name == "memory":
        status = dict(line.split(":", 1) for line in open("/proc/self/status"))
        print(int(status["VmHWM"].split()[0]) * 1024, flush=True)
        continue
    start = time.perf_counter()
    DO[name](*map(int, count))
    print(time.perf_counter() - start, flush=True)

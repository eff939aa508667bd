"""A tokenizer of bytes and a few merges, with the control tokens of Janus: small, and built like the real one."""

from tokenizers import AddedToken, Tokenizer, decoders, models, pre_tokenizers, processors

from common import write_json

BOS, EOS, PAD = "<｜begin▁of▁sentence｜>", "<｜end▁of▁sentence｜>", "<｜▁pad▁｜>"
CONTROL = [BOS, EOS, PAD, "<image_placeholder>", "<begin_of_image>", "<end_of_image>", "<|User|>", "<|Assistant|>"]
MERGES = ["h e", "Ġ t", "Ġt he", "i n", "r e", "c u", "cu p", "a n"]
VOCAB = 320


def build():
    words = sorted(pre_tokenizers.ByteLevel.alphabet()) + [merge.replace(" ", "") for merge in MERGES]
    vocab = {word: i for i, word in enumerate(words)}
    tokenizer = Tokenizer(models.BPE(vocab=vocab, merges=[tuple(merge.split()) for merge in MERGES]))
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=True)
    tokenizer.decoder = decoders.ByteLevel()
    tokenizer.add_special_tokens([AddedToken(token, special=True, normalized=False) for token in CONTROL])
    bos = tokenizer.token_to_id(BOS)
    tokenizer.post_processor = processors.TemplateProcessing(single=f"{BOS} $A", special_tokens=[(BOS, bos)])
    assert tokenizer.get_vocab_size() <= VOCAB
    return tokenizer


def ids(tokenizer):
    names = ["bos", "eos", "pad", "image", "boi", "eoi"]
    return {name: tokenizer.token_to_id(token) for name, token in zip(names, CONTROL)}


SYSTEM = "You are a careful robot."
TALKS = [
    ("", [["user", "the cup", 0]]),
    (SYSTEM, [["user", "  what is in the red cup?  ", 1]]),
    (SYSTEM, [["user", "Wo ist der Würfel? 杯子在哪里？", 2], ["assistant", " On the table. ", 0], ["user", "and then?", 1]]),
]


def talk(tokenizer, system, messages, places):
    """DeepSeek's template as one text, its control tokens spelled out, cut into tokens as a whole."""
    image = CONTROL[4] + CONTROL[3] * places + CONTROL[5]
    text = f"{system}\n\n" if system else ""
    for role, words, pictures in messages:
        words = ((image + "\n") * pictures + words.strip()).strip()
        text += f"<|User|>: {words}\n\n" if role == "user" else f"<|Assistant|>: {words}{EOS}"
    return tokenizer.encode((text + "<|Assistant|>:").strip()).ids


def write_talks(tokenizer, out, places):
    talks = [{"system": system, "messages": messages, "ids": talk(tokenizer, system, messages, places)}
             for system, messages in TALKS]
    write_json(out / "talks.json", talks)


def write(tokenizer, out):
    tokenizer.save(str(out / "tokenizer.json"), pretty=False)
    write_json(out / "tokenizer_config.json", {"bos_token": BOS, "eos_token": EOS, "pad_token": PAD})

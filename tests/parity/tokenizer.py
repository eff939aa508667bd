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


def write(tokenizer, out):
    tokenizer.save(str(out / "tokenizer.json"), pretty=False)
    write_json(out / "tokenizer_config.json", {"bos_token": BOS, "eos_token": EOS, "pad_token": PAD})

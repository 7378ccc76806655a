"""The tokenizer: byte-level BPE as Llama 3's, of 1,024 tokens, learnt from the questions and their
answers.
"""

import glob
import os
import random
import re
import sysconfig

from tasks import Mixture, judge_prompt
from tokenizers import (
    AddedToken,
    Regex,
    Tokenizer,
    decoders,
    models,
    pre_tokenizers,
    processors,
    trainers,
)

SPECIAL = [
    "<|begin_of_text|>", "<|end_of_text|>", "<|reserved_special_token_0|>",
    "<|reserved_special_token_1|>", "<|finetune_right_pad_id|>", "<|step_id|>",
    "<|start_header_id|>", "<|end_header_id|>", "<|eom_id|>", "<|eot_id|>", "<|python_tag|>",
    *(f"<|reserved_special_token_{i}|>" for i in range(2, 7)),
]
# How Llama 3 cuts text before merging.
PIECES = (r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}"
          r"| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+")
BASE = 1024


def question_texts(count, rng):
    """Questions, answers and judge prompts of the training sets."""
    mixture = Mixture("train")
    for _ in range(count):
        s = mixture.sample(rng)
        yield from (s.question, s.response())
        if rng.random() < 0.3:
            stage, text = rng.choice(list(s.stages().items()))
            yield judge_prompt(stage, s.question, s.caption, text, text)
            yield "Since the image shows it, I choose response 1."


def english_texts():
    """Documentation strings of the standard library, so that other text costs few tokens."""
    library = sysconfig.get_paths()["stdlib"]
    for name in sorted(glob.glob(os.path.join(library, "*.py")))[:60]:
        with open(name, errors="ignore") as file:
            yield from re.findall(r'"""(.+?)"""', file.read(), re.S)[:40]


def make_tokenizer(path):
    """Trains the tokenizer and writes it to `path`, a tokenizer.json."""
    tokenizer = Tokenizer(models.BPE(ignore_merges=True))
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence([
        pre_tokenizers.Split(Regex(PIECES), "isolated"),
        pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False)])
    tokenizer.decoder = decoders.ByteLevel()
    texts = [*question_texts(8000, random.Random(1)), *english_texts()]
    tokenizer.train_from_iterator(texts, trainers.BpeTrainer(
        vocab_size=BASE, initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
        show_progress=False))
    tokenizer.add_special_tokens([AddedToken(text, special=True, normalized=False)
                                  for text in [*SPECIAL, "<|image|>"]])
    begin = tokenizer.token_to_id("<|begin_of_text|>")
    tokenizer.post_processor = processors.Sequence([
        processors.ByteLevel(trim_offsets=False),
        processors.TemplateProcessing(
            single="<|begin_of_text|> $A", pair="<|begin_of_text|> $A <|begin_of_text|>:1 $B:1",
            special_tokens=[("<|begin_of_text|>", begin)])])
    tokenizer.save(str(path))

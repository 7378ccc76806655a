"""Samples a checkpoint's own answers to training questions, for its judge to learn from.

  own_samples.py CHECKPOINT FILE --questions 4000 [--each 6] [--seed 1]

FILE gets a JSON line a question: the seed that draws it, and every sampled response's stages.
"""

import argparse
import json
import pathlib
import random
import re

import torch
from architecture import load_model
from batches import Encoder
from duels import own_duels
from sampling import ROWS, Sampler
from tasks import Mixture
from tokenizers import Tokenizer

STAGES = ("SUMMARY", "CAPTION", "REASONING", "CONCLUSION")
WHOLE = re.compile(r"\s*".join(rf"<{s}>\s*(?P<{s}>.*?)\s*</{s}>" for s in STAGES) + r"\s*", re.S)


def stages_of(text):
    """The four stages of a response, or None where it has not got them all in order."""
    match = WHOLE.fullmatch(text.strip())
    return match.groupdict() if match else None


def questions(seeds, split="train"):
    mixture = Mixture(split)
    return [mixture.sample(random.Random(seed)) for seed in seeds]


def sampled(sampler, samples, each):
    """`each` responses' stages for every sample; fewer where some are not whole."""
    encoder, found = sampler.encoder, []
    per_call = max(1, ROWS // each)
    for at in range(0, len(samples), per_call):
        part = samples[at: at + per_call]
        states, tiles = sampler.see([s.image for s in part])
        prompts = [encoder.prompt(s.question) for s in part for _ in range(each)]
        picture = torch.arange(len(part)).repeat_interleave(each)
        texts = [stages_of(encoder.text(ids))
                 for ids in sampler.answers(prompts, states[picture], tiles[picture])]
        found += [[t for t in texts[k * each: (k + 1) * each] if t] for k in range(len(part))]
        print(f"{len(found)} of {len(samples)} questions", flush=True)
    return found


def read_duels(path):
    """(sample, duel) of every pair in a file that this program wrote."""
    mixture, pairs = Mixture("train"), []
    with open(path) as file:
        for line in file:
            record = json.loads(line)
            sample = mixture.sample(random.Random(record["seed"]))
            pairs += [(sample, duel) for duel in own_duels(sample, record["responses"])]
    return pairs


def load_sampler(directory, **settings):
    """A sampler of a checkpoint directory."""
    tokenizer = Tokenizer.from_file(str(directory / "tokenizer.json"))
    return Sampler(load_model(directory).eval(), Encoder(tokenizer), **settings)


def main():
    parser = argparse.ArgumentParser(description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("checkpoint", type=pathlib.Path)
    parser.add_argument("file", type=pathlib.Path)
    parser.add_argument("--questions", type=int, default=4000)
    parser.add_argument("--each", type=int, default=6, help="responses a question")
    parser.add_argument("--temperature", type=float, default=1.0)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--threads", type=int, default=2)
    args = parser.parse_args()
    torch.set_num_threads(args.threads)
    sampler = load_sampler(args.checkpoint, temperature=args.temperature, seed=args.seed)
    seeds = range(args.seed * 1_000_000, args.seed * 1_000_000 + args.questions)
    found = sampled(sampler, questions(seeds), args.each)
    with open(args.file, "w") as file:
        for seed, responses in zip(seeds, found, strict=True):
            file.write(json.dumps({"seed": seed, "responses": responses}) + "\n")


if __name__ == "__main__":
    main()

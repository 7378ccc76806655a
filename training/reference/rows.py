"""What a model is trained on: questions with answers, captions, and duels with verdicts."""

import dataclasses
import difflib
import random

from batches import IGNORED
from duels import Duel, drawn_duel
from PIL import Image
from tasks import Mixture, judge_prompt

# Weights of tokens in the loss. A verdict has one token that matters against some eighty of an
# answer; and a text that is right is worth predicting inside a judge's prompt, too: it is how the
# judge learns to look.
CHOICE, RIGHT_TEXT = 20.0, 0.2
REASONS = {"SUMMARY": "the plan fits the question", "REASONING": "the steps are right",
           "CONCLUSION": "it agrees with the reasoning", "SENTENCE": "the sentence is right",
           "RESPONSE": "its stages are right"}


@dataclasses.dataclass(frozen=True)
class Row:
    image: Image.Image
    ids: list  # of the prompt and what follows
    weights: list  # of predicting each of them
    wrong: list  # 1 where a judged text errs, 0 where it does not, IGNORED elsewhere
    second: list  # behind both judged texts whether the second is better, IGNORED elsewhere

    def __len__(self):
        return len(self.ids)


def told(encoder, image, prompt, answer):
    """A prompt and the text that answers it."""
    before, after = encoder.prompt(prompt), [*encoder.ids(answer), encoder.end]
    nothing = [IGNORED] * (len(before) + len(after))
    return Row(image, before + after, [0.0] * len(before) + [1.0] * len(after), nothing, nothing)


def caption_row(encoder, sample):
    return told(encoder, sample.image, "Describe the image.",
                f"<CAPTION> {sample.caption} </CAPTION>")


# How a checkpoint's answers are written; `tags` is the model's own, the others are to be compared
# with it.
FORMS = {
    "tags": lambda sample: sample.response(),
    "plain": lambda sample: "\n\n".join(sample.stages().values()),
    "answers": lambda sample: sample.conclusion,
}


def verdict(duel, sample, choice, rng):
    """The judge's answer: mostly the bare choice, else with a reason, that written verdicts have.
    """
    if rng.random() < 0.6:
        return f"I choose response {choice}."
    seen = sample.caption[0].lower() + sample.caption[1:].rstrip(".")
    return f"Since {REASONS.get(duel.subject, seen)}, I choose response {choice}."


def span(prompt, offsets, choice, text):
    """The tokens of a judge prompt, [first, last), that a response is made of."""
    start = prompt.index(f"Response {choice}: ") + len("Response 1:")
    inside = [k for k, (a, b) in enumerate(offsets) if start <= a and b <= start + 1 + len(text)]
    return inside[0], inside[-1] + 1


def errors(good, bad):
    """1 for each token of `bad` that `good` has not in its place, 0 for the others; lists of ids.
    """
    marks = [0] * len(bad)
    for kind, _, _, first, last in difflib.SequenceMatcher(None, good, bad, False).get_opcodes():
        if kind != "equal":
            for k in range(first, min(max(last, first + 1), len(bad))):
                marks[k] = 1
    return marks


def judge_row(encoder, sample, duel, rng):
    """A duel in an order drawn from rng, and the verdict."""
    choice, other = rng.choice((("1", "2"), ("2", "1")))
    pair = (duel.good, duel.bad) if choice == "1" else (duel.bad, duel.good)
    prompt = judge_prompt(duel.subject, sample.question, duel.hint, *pair)
    coded = encoder.tokenizer.encode(prompt, add_special_tokens=False)
    good, good_end = span(prompt, coded.offsets, choice, duel.good)
    bad, bad_end = span(prompt, coded.offsets, other, duel.bad)
    weights, wrong = [0.0] * len(coded.ids), [IGNORED] * len(coded.ids)
    weights[good:good_end] = [RIGHT_TEXT] * (good_end - good)
    # The token behind a text, too: it says whether the text errs anywhere.
    wrong[good:good_end + 1] = [0] * (good_end + 1 - good)
    wrong[bad:bad_end + 1] = [*errors(coded.ids[good:good_end], coded.ids[bad:bad_end]), 1]
    frame = encoder.prompt("")
    before, tail = frame[: encoder.image_at + 1], frame[encoder.image_at + 1:]
    answer = [*encoder.ids(verdict(duel, sample, choice, rng)), encoder.end]
    told_weights = [1.0] * len(answer)
    told_weights[-3] = CHOICE  # the digit, before the full stop and the end of turn
    judged = max(good_end, bad_end)
    behind = len(coded.ids) - judged + len(tail)
    return Row(sample.image, before + coded.ids + tail + answer,
               [0.0] * len(before) + weights + [0.0] * len(tail) + told_weights,
               [IGNORED] * len(before) + wrong + [IGNORED] * (len(tail) + len(answer)),
               [IGNORED] * (len(before) + judged) + [int(choice == "2")] * behind
               + [IGNORED] * len(answer))


class Shares:
    """Draws rows of the training sets: captions, drawn and own duels, and answers else."""

    def __init__(self, encoder, seed, caption=0.0, drawn=0.0, own=0.0, own_duels=(), form="tags"):
        self.encoder, self.rng, self.mixture = encoder, random.Random(seed), Mixture("train")
        self.shares = {"caption": caption, "drawn": drawn, "own": own if own_duels else 0.0}
        self.own_duels = own_duels
        self.form = FORMS[form]

    def draw(self):
        kind, rng = self._kind(), self.rng
        if kind == "own":
            sample, duel = self.own_duels[rng.randrange(len(self.own_duels))]
            return judge_row(self.encoder, sample, duel, rng)
        sample = self.mixture.sample(rng)
        if kind == "caption":
            return caption_row(self.encoder, sample)
        duel = None
        if kind == "drawn":
            duel = drawn_duel(sample, rng, self.mixture.sample(rng).summary)
        if isinstance(duel, Duel):
            return judge_row(self.encoder, sample, duel, rng)
        return told(self.encoder, sample.image, sample.question, self.form(sample))

    def _kind(self):
        at = self.rng.random()
        for kind, share in self.shares.items():
            if at < share:
                return kind
            at -= share
        return "answer"

"""What a model is trained on: questions with answers, captions, and duels with verdicts."""

import collections
import dataclasses
import difflib
import random
import re

from batches import IGNORED
from duels import SUBJECTS, Duel, drawn_duel
from PIL import Image
from tasks import COLORS, SHAPES, Mixture, judge_prompt, matched, with_options

# Weights of tokens in the loss. A verdict has one token that matters against some eighty of an
# answer, and so has an option that is looked up in the question. A text that is right is worth
# predicting inside a judge's prompt, too: it is how the judge learns to look.
CHOICE, OPTION, RIGHT_TEXT = 20.0, 8.0, 0.2
# An option as a reasoning goes through them, and whether it is the answer.
LISTED = re.compile(r"[A-D] is( [^.,]+),( yes| not)")
# Whether an object counts, or is there: what the rest of a reasoning only adds up.
DECIDED = re.compile(r"( yes| no) \d|there is( an?| no)")
NUMBERS = 0.5  # share of looked-up options that are numbers, which are the ones mistaken most
CHOICES = 0.5  # share of questions with options; more than are asked, for they are harder
# How often its own duels are about a subject: what a search asks most, most.
OWN = {"SUMMARY": 1, "CAPTION": 6, "REASONING": 9, "CONCLUSION": 1, "SENTENCE": 4, "RESPONSE": 3}
REASONS = {"SUMMARY": "the plan fits the question", "REASONING": "the steps are right",
           "CONCLUSION": "it agrees with the reasoning", "SENTENCE": "the sentence is right",
           "RESPONSE": "its stages are right"}


@dataclasses.dataclass(frozen=True)
class Row:
    image: Image.Image
    ids: list  # of the prompt and what follows
    weights: list  # of predicting each of them
    wrong: list  # 1 where a judged text errs, 0 where it does not, IGNORED elsewhere

    def __len__(self):
        return len(self.ids)


def ends(pattern, text):
    """Places of the last letters of a pattern's groups in a text."""
    return {match.end(group) - 1 for match in pattern.finditer(text)
            for group in range(1, pattern.groups + 1) if match[group]}


def told(encoder, image, prompt, answer, decided=1.0):
    """A prompt and the text that answers it; `decided` is the weight of what DECIDED finds."""
    before = encoder.prompt(prompt)
    coded = encoder.tokenizer.encode(answer, add_special_tokens=False)
    weighed = {**dict.fromkeys(ends(DECIDED, answer), decided),
               **dict.fromkeys(ends(LISTED, answer), OPTION)}
    weights = [max((weighed.get(k, 1.0) for k in range(*offsets)), default=1.0)
               for offsets in coded.offsets]
    nothing = [IGNORED] * (len(before) + len(coded.ids) + 1)
    return Row(image, [*before, *coded.ids, encoder.end], [0.0] * len(before) + weights + [1.0],
               nothing)


def caption_row(encoder, sample):
    return told(encoder, sample.image, "Describe the image.",
                f"<CAPTION> {sample.caption} </CAPTION>")


def options_row(encoder, sample, rng):
    """Which option is what: looking them up in a question and nothing else."""
    words = [*map(str, range(20))]
    if rng.random() >= NUMBERS:
        words += [*COLORS, *SHAPES, "yes", "no"]
    words = rng.sample(words, rng.randint(2, 4))
    word = rng.choice(words)
    return told(encoder, sample.image, with_options(rng, f"Which option is {word}?", words),
                matched(words, word))


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
    if rng.random() < 0.8:
        return f"I choose response {choice}."
    seen = sample.caption[0].lower() + sample.caption[1:].rstrip(".")
    return f"Since {REASONS.get(duel.subject, seen)}, I choose response {choice}."


def span(prompt, offsets, choice, text):
    """The tokens of a judge prompt, [first, last), that begin in a response."""
    start = prompt.index(f"Response {choice}: ") + len("Response 1:")
    inside = [k for k, (at, _) in enumerate(offsets) if start <= at <= start + len(text)]
    return inside[0], inside[-1] + 1


def errors(good, bad):
    """1 for each token of `bad` that `good` has not in its place and for the last one, which can
    tell of the whole text; 0 for the others. Lists of ids.
    """
    marks = [0] * len(bad)
    for kind, _, _, first, last in difflib.SequenceMatcher(None, good, bad, False).get_opcodes():
        if kind != "equal":
            for k in range(first, min(max(last, first + 1), len(bad))):
                marks[k] = 1
    marks[-1] = 1
    return marks


def judge_rows(encoder, sample, duel, rng):
    """A duel and its verdict, in both orders."""
    return [judge_row(encoder, sample, duel, *order, rng) for order in ("12", "21")]


def judge_row(encoder, sample, duel, choice, other, rng):
    """A duel whose better text is response `choice`, and the verdict."""
    pair = (duel.good, duel.bad) if choice == "1" else (duel.bad, duel.good)
    prompt = judge_prompt(duel.subject, sample.question, duel.hint, *pair)
    coded = encoder.tokenizer.encode(prompt, add_special_tokens=False)
    good, good_end = span(prompt, coded.offsets, choice, duel.good)
    bad, bad_end = span(prompt, coded.offsets, other, duel.bad)
    weights, wrong = [0.0] * len(coded.ids), [IGNORED] * len(coded.ids)
    weights[good:good_end] = [RIGHT_TEXT] * (good_end - good)
    wrong[good:good_end] = [0] * (good_end - good)
    wrong[bad:bad_end] = errors(coded.ids[good:good_end], coded.ids[bad:bad_end])
    frame = encoder.prompt("")
    before, tail = frame[: encoder.image_at + 1], frame[encoder.image_at + 1:]
    answer = [*encoder.ids(verdict(duel, sample, choice, rng)), encoder.end]
    told_weights = [1.0] * len(answer)
    told_weights[-3] = CHOICE  # the digit, before the full stop and the end of turn
    return Row(sample.image, before + coded.ids + tail + answer,
               [0.0] * len(before) + weights + [0.0] * len(tail) + told_weights,
               [IGNORED] * len(before) + wrong + [IGNORED] * (len(tail) + len(answer)))


class Shares:
    """Draws rows of the training sets: captions, options, drawn and own duels, and answers else."""

    def __init__(self, encoder, seed, caption=0.0, options=0.0, drawn=0.0, own=0.0, own_duels=(),
                 form="tags", subjects=SUBJECTS, decided=1.0):
        self.encoder, self.rng = encoder, random.Random(seed)
        self.decided = decided
        self.mixture = Mixture("train", CHOICES)
        self.shares = {"caption": caption, "options": options, "drawn": drawn,
                       "own": own if own_duels else 0.0}
        self.own_duels = collections.defaultdict(list)
        for sample, duel in own_duels:
            self.own_duels[duel.subject].append((sample, duel))
        self.form, self.subjects = FORMS[form], subjects

    def draw(self):
        """One or several rows that belong together."""
        kind, rng = self._kind(), self.rng
        if kind == "own":
            return judge_rows(self.encoder, *self._own_duel(), rng)
        sample = self.mixture.sample(rng)
        if kind == "caption":
            return [caption_row(self.encoder, sample)]
        if kind == "options":
            return [options_row(self.encoder, sample, rng)]
        duel = None
        if kind == "drawn":
            duel = drawn_duel(sample, rng, self.mixture.sample(rng).summary, self.subjects)
        if isinstance(duel, Duel):
            return judge_rows(self.encoder, sample, duel, rng)
        return [told(self.encoder, sample.image, sample.question, self.form(sample),
                     self.decided)]

    def _own_duel(self):
        subjects = sorted(self.own_duels)
        subject, = self.rng.choices(subjects, [OWN[subject] for subject in subjects])
        return self.rng.choice(self.own_duels[subject])

    def _kind(self):
        at = self.rng.random()
        for kind, share in self.shares.items():
            if at < share:
                return kind
            at -= share
        return "answer"

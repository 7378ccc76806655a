"""Pairs of texts, one better than the other: with drawn errors, or with the model's own."""

import collections
import dataclasses
import itertools

from tasks import COLORS, CRITERIA, SHAPES

SUBJECTS = tuple(CRITERIA)
# How often a stage is drawn.
DRAWN = ["SUMMARY"] + ["CAPTION"] * 5 + ["REASONING"] * 4 + ["CONCLUSION"] * 2
# What the judge sees of earlier stages.
HINTS = {"REASONING": ("CAPTION",), "CONCLUSION": ("CAPTION", "REASONING")}


@dataclasses.dataclass(frozen=True)
class Duel:
    subject: str  # of tasks.CRITERIA
    hint: str
    good: str
    bad: str


def hint_of(stages, stage):
    return " ".join(stages[name] for name in HINTS.get(stage, ()))


def sentences(text):
    return [part.rstrip(".") + "." for part in text.split(". ")]


# ------------------------------------------------------------------ drawn errors

def wrong_word(word, rng):
    """Another number, color, shape, option or yes for no; None where the word is none of them."""
    core = word.rstrip(".,:?")
    tail = word[len(core):]
    if core.isdigit():
        value = int(core)
        new = str(max(0, rng.choice([value - 1, value + 1, value + 2, rng.randint(0, 9)])))
    elif core in COLORS:
        new = rng.choice([color for color in COLORS if color != core])
    elif core.rstrip("s") in SHAPES:
        shape = core.rstrip("s")
        new = rng.choice([s for s in SHAPES if s != shape]) + core[len(shape):]
    elif core in ("yes", "no"):
        new = "no" if core == "yes" else "yes"
    elif core in tuple("ABCD"):
        new = rng.choice([letter for letter in "ABCD" if letter != core])
    else:
        return None
    return None if new == core else new + tail


def dropped_object(caption, rng):
    """A caption that misses one object or has one twice, as a weak eye does."""
    parts = caption.rstrip(".").split(", ")
    if len(parts) < 3:
        return None
    k = rng.randrange(1, len(parts))
    parts = parts[:k] + parts[k + 1:] if rng.random() < 0.5 else parts[:k] + [parts[k]] + parts[k:]
    return ", ".join(parts) + "."


def with_error(stage, text, rng, other_summary):
    """`text` with one or two drawn errors; None where none could be drawn."""
    if stage == "SUMMARY":
        return other_summary if other_summary != text else None
    if stage == "CAPTION" and rng.random() < 0.25:
        return dropped_object(text, rng)
    words = text.split(" ")
    changed = {k: w for k, w in enumerate(wrong_word(w, rng) for w in words) if w}
    if not changed:
        return None
    for k in rng.sample(sorted(changed), min(len(changed), rng.choice([1, 1, 2]))):
        words[k] = changed[k]
    return " ".join(words)


def drawn_duel(sample, rng, other_summary, subjects=SUBJECTS):
    """A duel of a known text and one with drawn errors, about one of `subjects`; None where none
    could be drawn.
    """
    stage = rng.choice([stage for stage in DRAWN if stage in subjects])
    stages = sample.stages()
    good, bad = stages[stage], with_error(stage, stages[stage], rng, other_summary)
    if bad is None or bad == good:
        return None
    choice = rng.random()
    if choice < 0.15 and "RESPONSE" in subjects:
        old, new = (f"<{stage}> {text} </{stage}>" for text in (good, bad))
        whole = sample.response()
        return Duel("RESPONSE", "", whole, whole.replace(old, new))
    if choice < 0.25 and "SENTENCE" in subjects and stage in ("CAPTION", "REASONING"):
        return sentence_duel(f"<{stage}> ", good, bad)
    return Duel(stage, hint_of(stages, stage), good, bad)


def sentence_duel(before, good, bad):
    """The first sentence in which two texts differ, after what they share."""
    ours, theirs = sentences(good), sentences(bad)
    for k, (one, two) in enumerate(zip(ours, theirs, strict=False)):
        if one != two:
            return Duel("SENTENCE", (before + " ".join(ours[:k])).strip(), one, two)
    return None


# ------------------------------------------------------------------ the model's own

def differing(texts, truth):
    """Every pair of a right text and a different wrong one, each once."""
    return [(truth, text) for text in sorted(set(texts) - {truth})] if truth in texts else []


def own_duels(sample, responses):
    """Duels between sampled responses to one question, of every subject that they differ in.

    `responses` are dicts of stages, of responses that have all four. A stage is compared among
    responses that share the stages that its hint shows.
    """
    known = sample.stages()
    duels = []
    for stage in known:
        groups = collections.defaultdict(list)
        for response in responses:
            groups[hint_of(response, stage)].append(response[stage])
        for hint, texts in groups.items():
            if hint == hint_of(known, stage):
                duels += [Duel(stage, hint, *pair) for pair in differing(texts, known[stage])]
    duels += whole_duels(known, responses)
    return duels + [d for d in map(as_sentence, duels) if d]


def as_sentence(duel):
    if duel.subject not in ("CAPTION", "REASONING"):
        return None
    return sentence_duel(f"<{duel.subject}> ", duel.good, duel.bad)


def text_of(stages):
    return "\n\n".join(f"<{name}> {text} </{name}>" for name, text in stages.items())


def whole_duels(known, responses):
    """Whole responses whose conclusions differ in being right."""
    right = {text_of(r) for r in responses if r["CONCLUSION"] == known["CONCLUSION"]}
    wrong = {text_of(r) for r in responses if r["CONCLUSION"] != known["CONCLUSION"]}
    pairs = itertools.product(sorted(right), sorted(wrong))
    return [Duel("RESPONSE", "", *pair) for pair in itertools.islice(pairs, 4)]

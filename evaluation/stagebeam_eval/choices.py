"""Which option a prediction names, by VLMEvalKit's exact matching.

Rules, in order, as in its matching_util (can_infer, can_infer_option, can_infer_text):
1. A refusal that it knows, or a lone Z, chooses nothing: REFUSED.
2. Exactly one option's letter is a word of its own, and stands among the last four words.
3. Exactly one option's text occurs in a prediction that is at most twice as long as all texts.
Anything else stays undecided. Letters count in upper case only, texts in any case.
"""

REFUSED = "Z"
FAILED = "Failed to obtain answer via API"
REFUSALS = ("Sorry, I can't help with images of people yet.", "I can't process this file.",
            "I'm sorry, but without the image provided", "Cannot determine the answer")
LAST_WORDS = 4
# Punctuation that may stand at a letter.
SPACES = str.maketrans(dict.fromkeys(".()[],:;!*#{}", " "))


def chosen(prediction, options):
    """A letter of `options` ({letter: text}), REFUSED, or None where it is undecided."""
    return by_letter(prediction, options) or by_text(prediction, options)


def by_letter(prediction, options):
    if FAILED in prediction:
        return None
    if any(refusal in prediction for refusal in REFUSALS):
        return REFUSED
    words = prediction.translate(SPACES).split()
    named = [letter for letter in options if letter in words]
    if not named:
        return REFUSED if REFUSED in words else None
    late = words.index(named[0]) >= len(words) - LAST_WORDS
    return named[0] if len(named) == 1 and late else None


def by_text(prediction, options):
    if len(prediction) > 2 * sum(map(len, options.values())):
        return None
    found = [letter for letter, text in options.items() if text.lower() in prediction.lower()]
    return found[0] if len(found) == 1 else None

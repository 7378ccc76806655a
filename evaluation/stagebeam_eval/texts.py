"""Short texts and numbers, compared by the rules that VLMEvalKit took over.

Texts: the VQA evaluation's (vqa_eval.process_answer): lower case, no articles, numbers up to ten in
digits, apostrophes put back, punctuation removed or opened to a space. Numbers: the chart
questions' (vqa_eval.relaxed_correctness): equal but for a share of the known one.
"""

import re

PUNCTUATION = ";/[]\"{}()=+\\_-><@`,?!"
GROUPED_DIGITS = re.compile(r"\d,\d")
LONE_PERIOD = re.compile(r"(?<!\d)\.(?!\d)")
# The toolkit passes a flag where the count goes, so that more periods than this stay.
MOST_PERIODS = int(re.UNICODE)

ARTICLES = {"a", "an", "the"}
NUMBERS = {word: str(value) for value, word in enumerate(
    "zero one two three four five six seven eight nine ten".split())} | {"none": "0"}
# What gets a lost apostrophe back. Others, such as "its", keep what they have.
CONTRACTIONS = """ain't aren't can't could've couldn't couldn't've didn't doesn't don't
hadn't hadn't've hasn't haven't he'd he'd've he's how'd how'll how's isn't it'd it'd've
it'll ma'am mightn't mightn't've might've mustn't must've needn't not've o'clock oughtn't
shan't she'd've should've shouldn't shouldn't've somebody'd've somebody'll somebody's
someone'd someone'd've someone'll someone's something'd something'd've something'll that's
there'd there'd've there're there's they'd they'd've they'll they're they've 'twas wasn't
we'd've we've weren't what'll what're what's what've when's where'd where's where've who'd
who'd've who'll who's who've why'll why're why's won't would've wouldn't wouldn't've
'ow's'at y'all y'all'll y'all'd've you'd you'd've you'll you're you've""".split()


def spellings(word):
    """The word with one of its apostrophes gone."""
    return [word[:at] + word[at + 1:] for at, letter in enumerate(word) if letter == "'"]


CONTRACTED = {spelling: word for word in CONTRACTIONS for spelling in spellings(word)}
CONTRACTED["somebody'd"] = "somebodyd"  # So does the VQA evaluation.


def without_punctuation(text):
    """A mark goes, where it stands at a space anywhere or digits are grouped; else it opens."""
    grouped = GROUPED_DIGITS.search(text) is not None
    result = text
    for mark in PUNCTUATION:
        at_space = mark + " " in text or " " + mark in text
        result = result.replace(mark, "" if at_space or grouped else " ")
    return LONE_PERIOD.sub("", result, count=MOST_PERIODS)


def normal(text):
    """The form in which texts are compared."""
    plain = without_punctuation(text.replace("\n", " ").replace("\t", " ").strip())
    words = [NUMBERS.get(word, word) for word in plain.lower().split()]
    return " ".join(CONTRACTED.get(word, word) for word in words if word not in ARTICLES)


def number(text):
    """Its value, "5%" as 0.05, or None where it is no number."""
    try:
        return float(text.rstrip("%")) / 100 if text.endswith("%") else float(text)
    except ValueError:
        return None


def close(known, prediction, tolerance):
    """Whether a prediction is within this share of a known number; other texts must be equal.

    As in the toolkit, zero has no share, and so is compared as a text.
    """
    value, goal = number(prediction), number(known)
    if value is not None and goal:
        return abs(value - goal) <= tolerance * abs(goal)
    return prediction.lower() == known.lower()


def same_number(known, prediction, tolerance=0.0):
    """As `close`, with either spelling of the prediction: as it is, or numbers in digits."""
    goal = number(known)
    return any(close(known, text, tolerance) or (goal is not None and number(text) == goal)
               for text in (prediction.strip(), normal(prediction)))


def same_text(known, prediction):
    return normal(known) == normal(prediction)

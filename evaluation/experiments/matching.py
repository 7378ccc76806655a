"""How many candidates of one search cost as many sampled tokens as another's."""

from stagebeam_eval import journals


def mean_tokens(folder):
    """Sampled tokens a question."""
    _, answers = journals.read(folder)
    tokens = [answer["sampled_tokens"] for answer in answers.values() if "sampled_tokens" in answer]
    return sum(tokens) / len(tokens)


def candidates(base, other, count):
    """Candidates that make `other` cost what `base` does; folders of runs with `count` each.

    Tokens grow with the candidates, and nearly as they do.
    """
    return max(1, round(count * mean_tokens(base) / mean_tokens(other)))

"""Whether a stage that went wrong shows: what a search that goes back on one would go by.

Looked at are the chosen candidates of stages that were fought for. Where all candidates agree,
nothing says that another draw would not.
"""

import dataclasses

import scipy.stats

from experiments.duels import STAGES, is_right


@dataclasses.dataclass(frozen=True)
class Chosen:
    right: bool
    confidence: float  # The judge's, least of the duels that it won.
    likelihood: float  # Log-probability per token.


def chosen(table, answers):
    """{stage: [Chosen]} of traces."""
    result = {}
    for row in table.rows:
        for expansion in answers[row.index].get("trace", []):
            winner = expansion["survivors"][0] if expansion["survivors"] else None
            won = [duel["confidence"] for duel in expansion["duels"] if duel["winner"] == winner]
            if won:
                stage, candidate = STAGES[expansion["stage"]], expansion["candidates"][winner]
                result.setdefault(stage, []).append(Chosen(
                    is_right(row, stage, candidate["text"]), min(won),
                    candidate["logprob"] / max(1, candidate["token_count"])))
    return result


def told_apart(found, signal):
    """Probability that a right one's signal is above a wrong one's, half where they are equal: the
    area under the ROC curve, as Mann-Whitney's U over all pairs. None without one of each."""
    right, wrong = ([getattr(one, signal) for one in found if one.right is side]
                    for side in (True, False))
    if not right or not wrong:
        return None
    return float(scipy.stats.mannwhitneyu(right, wrong).statistic) / (len(right) * len(wrong))

"""Yes or no, by VLMEvalKit's rule (YOrN_Extraction): exactly one of the two words occurs."""

from stagebeam_eval import texts

YES, NO = "Yes", "No"


def chosen(prediction):
    """YES, NO, or None where the prediction has neither word or both."""
    words = texts.without_punctuation(prediction.lower()).split()
    return {(True, False): YES, (False, True): NO}.get(("yes" in words, "no" in words))


def figure_keys(row):
    """(figure, question) that the row of HallusionBench asks about, or None for another's.

    Its indices say so (Hallusion_rating): NAME_CATEGORY_SUBCATEGORY_SET_FIGURE_QUESTION.
    """
    parts = row.index.split("_")
    kind = row.text("l2-category")
    if len(parts) < 6 or kind is None:
        return None
    return (kind, parts[3], parts[4]), (kind, parts[3], parts[5])

"""Questions worded as VLMEvalKit words them, so that figures stay comparable.

Multiple choice as in its ImageMCQDataset.build_prompt, everything else as in its
ImageBaseDataset.build_prompt, which sends the question as it is.
"""

INSTRUCTION = "Please select the correct answer from the options above. \n"


def prompt(row):
    """The text that goes with the row's picture."""
    return choice_prompt(row) if row.options else row.question


def hint(row):
    text = row.text("hint")
    return "" if text is None else f"Hint: {text}\n"


def choice_prompt(row):
    options = "".join(f"{letter}. {text}\n" for letter, text in row.options.items())
    return f"{hint(row)}Question: {row.question}\nOptions:\n{options}{INSTRUCTION}"

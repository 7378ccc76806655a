"""Questions worded as VLMEvalKit words them, so that figures stay comparable.

Multiple choice as in its ImageMCQDataset.build_prompt, everything else as in its
ImageBaseDataset.build_prompt, which sends the question as it is.
"""

INSTRUCTION = "Please select the correct answer from the options above. \n"


def prompt(row, inline=False):
    """The text that goes with the row's picture; `inline`: with the options on one line, as the
    reference checkpoint learned it."""
    if not row.options:
        return row.question
    return inline_prompt(row) if inline else choice_prompt(row)


def hint(row):
    text = row.text("hint")
    return "" if text is None else f"Hint: {text}\n"


def inline_prompt(row):
    options = " ".join(f"{letter}. {text}" for letter, text in row.options.items())
    return f"{hint(row)}{row.question}\nOptions: {options}"


def choice_prompt(row):
    options = "".join(f"{letter}. {text}\n" for letter, text in row.options.items())
    return f"{hint(row)}Question: {row.question}\nOptions:\n{options}{INSTRUCTION}"

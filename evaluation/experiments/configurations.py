"""What is asked, and what is compared with what."""

import dataclasses

REFERENCE = "reference"


@dataclasses.dataclass(frozen=True)
class Run:
    """One way of answering all questions."""

    name: str  # Of its folder, and in tables.
    options: dict  # Of `stagebeam-eval run`, without the dashes; True for one without a value.
    checkpoint: str = REFERENCE
    family: str = ""  # Another name, where `name` depends on what is measured.

    @property
    def candidates(self):
        return self.options.get("candidates", 1)


@dataclasses.dataclass(frozen=True)
class Section:
    """Runs that are compared; the first is what the others are held against."""

    name: str  # Of the place in the document's template.
    runs: tuple


def search(name, strategy, candidates, **options):
    return Run(name, {"strategy": strategy, "candidates": candidates, "trace": True, **options})


def beam(candidates, **options):
    return search(f"beam-{candidates}", "stage-beam", candidates, **options)


# Trained alike on the same questions, but for what an answer looks like.
FORMS = {1000: ("answers", "plain", "tags"), 2000: ("answers", "tags")}  # By steps of training.
TRAINED = tuple(f"{form}-{steps}" for steps in FORMS for form in FORMS[steps])
SINGLE = Run("single", {"strategy": "single"})
GREEDY = Run("greedy", {"strategy": "single", "temperature": 0})
BEAM = beam(4)
BOTH = search("judge-and-likelihood", "stage-beam", 4, decide="judge-and-likelihood")
# What the search is for, asked of the questions that confirm, too.
SEARCHED = Section("searched", (SINGLE, BEAM, BOTH))
# Their tokens are matched to those of BEAM.
MATCHED = {"best-of-n": "best-of", "sentence-beam": "sentence-beam"}


def forms(steps):
    """Sections of the checkpoints that were trained for so long, sampled and at temperature 0."""
    for suffix, more in (("", {}), ("-greedy", {"temperature": 0})):
        yield Section(f"forms_{steps}{suffix.replace('-', '_')}", tuple(
            trained(form, steps, suffix, more) for form in FORMS[steps]))


def trained(form, steps, suffix, more):
    """A single pass of the checkpoint that was trained on this form of answers."""
    untagged = {} if form == "tags" else {"last_paragraph": True}
    name = f"{form}-{steps}"
    return Run(name + suffix, {"strategy": "single", **untagged, **more}, name)


def matched(strategy, candidates):
    name = f"{MATCHED[strategy]}-{candidates}"
    return dataclasses.replace(search(name, strategy, candidates), family=MATCHED[strategy])


def pilots():
    """What says how many candidates cost as much as BEAM's."""
    return (BEAM, *(matched(strategy, BEAM.candidates) for strategy in MATCHED))


def sections(counts):
    """Every section. `counts`: {strategy: candidates} at BEAM's tokens."""
    return (
        *(section for steps in FORMS for section in forms(steps)),
        Section("candidates", (SINGLE, beam(2), beam(3), BEAM, beam(8), GREEDY)),
        Section("strategies", (BEAM, *(matched(*pair) for pair in counts.items()))),
        Section("judges", (BEAM, *judges())),
        Section("survivors", (BEAM, search("beam-4-keep-2", "stage-beam", 4, survivors=2))),
        Section("adaptive", (BEAM, *adaptive())),
    )


def judges():
    """BEAM, but for how duels are decided; its own judge sees both orders."""
    return (search("judge-one-order", "stage-beam", 4, judge="score"),
            search("judge-writes", "stage-beam", 4, judge="write"),
            BOTH, search("log-probability", "stage-beam", 4, decide="log-probability"),
            search("chance", "stage-beam", 4, decide="chance"))


def adaptive():
    """The adaptive search with different demands, the server's own first. A name has the
    most candidates, those of the first draw (one, where it says none), and in percent the
    probability and the confidence that suffice."""
    for candidates, initial, probability, confidence in (
            (4, 1, 0.9, 0.8), (4, 1, 0.7, 0.8), (4, 1, 0.9, 0.6), (4, 1, 0.7, 0.6),
            (4, 2, 0.9, 0.8), (8, 1, 0.9, 0.8)):
        start = f"-from-{initial}" if initial > 1 else ""
        name = f"adaptive-{candidates}{start}-p{100 * probability:.0f}-c{100 * confidence:.0f}"
        yield search(name, "adaptive", candidates, initial_candidates=initial,
                     sufficient_probability=probability, sufficient_confidence=confidence)
    yield search("adaptive-4-p90-c80-likelihood", "adaptive", 4, decide="log-probability")
    yield search("adaptive-4-p90-c80-both", "adaptive", 4, decide="judge-and-likelihood")

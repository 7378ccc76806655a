"""The cluster as a model of VLMEvalKit: its messages, its prompts, its failures."""

import pathlib
import tempfile
import unittest

import grpc
import scripted
import toolkit
import toolkit_run  # noqa: F401
from stagebeam_eval import asking, vlmevalkit

PICTURES = sorted((scripted.SOURCE / "examples" / "pictures").glob("*.png"))
FAILED = "Failed to obtain answer via API."


def image(file):
    return {"type": "image", "value": str(file)}


def text(value):
    return {"type": "text", "value": value}


class Model(unittest.TestCase):
    def ask(self, *messages, errors=(), **arguments):
        """What the toolkit gets for each message; the requests are in `requests`, the model in
        `model`."""
        with scripted.serving(errors) as (service, address):
            self.model = vlmevalkit.Stagebeam(server=address, **arguments)
            self.requests = service.requests
            return [self.model.generate(message=list(message), dataset="bench")
                    for message in messages]

    def test_the_conclusion_alone_comes_back(self):
        self.assertEqual(self.ask([image(PICTURES[0]), text("Is it?")]), ["Yes"])
        request, = self.requests
        self.assertEqual(request.image, PICTURES[0].read_bytes())
        self.assertEqual(request.question, "Is it?")
        self.assertEqual(request.search.stage_beam.candidate_count, 4)

    def test_the_search_has_the_options_of_run(self):
        self.ask([image(PICTURES[0]), text("Is it?")], strategy="best-of-n", candidates=8,
                 judge="both-orders", temperature=0.7, max_candidate_tokens=99)
        search = self.requests[0].search
        self.assertEqual(search.best_of_n.candidate_count, 8)
        self.assertEqual(search.max_candidate_tokens, 99)
        self.assertAlmostEqual(search.sampling.temperature, 0.7)

    def test_texts_go_together_wherever_the_picture_stands(self):
        self.ask([text("Look."), image(PICTURES[0]), text("Is it?")])
        self.assertEqual(self.requests[0].question, "Look.\nIs it?")

    def test_a_question_has_one_seed_in_every_run_and_others_have_others(self):
        messages = [[image(picture), text(words)] for picture in PICTURES[:2]
                    for words in ("Is it?", "Is it not?")]
        self.ask(*messages)
        seeds = [request.search.sampling.seed for request in self.requests]
        names = [request.request_id for request in self.requests]
        self.assertEqual(len(set(seeds)), 4)
        self.ask(*messages)
        self.assertEqual(seeds, [request.search.sampling.seed for request in self.requests])
        # Another run's answers are not this one's.
        self.assertFalse(set(names) & {request.request_id for request in self.requests})
        self.ask(*messages, seed=2)
        self.assertFalse(set(seeds) & {one.search.sampling.seed for one in self.requests})

    def test_refusals_that_pass_are_asked_again(self):
        errors = [(grpc.StatusCode.UNAVAILABLE, "full", 0.01)] * 2
        self.assertEqual(self.ask([image(PICTURES[0]), text("Is it?")], errors=errors), ["Yes"])
        self.assertEqual(len(self.requests), 3)

    def test_a_question_that_fails_is_a_failure_of_the_toolkits_and_says_why(self):
        late = (grpc.StatusCode.DEADLINE_EXCEEDED, "late", 0)
        question = [image(PICTURES[0]), text("Is it?")]
        self.assertEqual(self.ask(question, question, errors=[late]),
                         [f"{FAILED} DEADLINE_EXCEEDED: late", "Yes"])

    def test_messages_of_no_or_several_pictures_are_not_asked(self):
        answers = self.ask([text("Is it?")], [image(PICTURES[0]), image(PICTURES[1]), text("Or?")])
        self.assertEqual(answers, [f"{FAILED} the message has {count} pictures; the cluster takes "
                                   "one a question, no more and no less" for count in (0, 2)])
        self.assertEqual(self.requests, [])

    def test_a_refusal_of_every_question_ends_the_benchmark_at_once(self):
        question = [image(PICTURES[0]), text("Is it?")]
        refused = (grpc.StatusCode.INVALID_ARGUMENT, "search.sampling: no", 0)
        with self.assertRaisesRegex(asking.RunStopped, "search.sampling: no"):
            self.ask(question, errors=[refused])
        with self.assertRaisesRegex(asking.RunStopped, "search.sampling: no"):
            self.model.generate(message=question)
        self.assertEqual(len(self.requests), 1)

    def test_the_next_benchmark_is_asked_again(self):
        question = [image(PICTURES[0]), text("Is it?")]
        gone = (grpc.StatusCode.UNAVAILABLE, "gone", 9)
        with scripted.serving([gone]) as (_, address):
            model = vlmevalkit.Stagebeam(server=address, patience=1)
            with self.assertRaisesRegex(asking.RunStopped, "gone"):
                model.generate(message=list(question))
            model.set_dump_image(lambda line: [])
            self.assertEqual(model.generate(message=list(question)), "Yes")

    def test_arguments_that_make_no_sense_are_named(self):
        for arguments, message in (({"strategy": "beam"}, "strategy: invalid choice: 'beam'"),
                                   ({"candidates": "few"}, "candidates: invalid int value: 'few'"),
                                   ({"retry": 3}, "retry: is no option; there are strategy, "),
                                   ({"prompts": "mine"}, "prompts: must be one of dataset, llava")):
            with self.assertRaisesRegex(ValueError, message):
                vlmevalkit.Stagebeam(**arguments)


class Prompts(unittest.TestCase):
    LINE = {"index": 3, "question": "Which?", "A": "red", "B": "blue"}

    def test_benchmarks_word_their_own_questions(self):
        model = vlmevalkit.Stagebeam()
        self.assertFalse(any(map(model.use_custom_prompt, ("AI2D_TEST", "MMStar"))))

    def test_or_as_for_the_authors_checkpoint(self):
        model = vlmevalkit.Stagebeam(prompts="llava-cot")
        model.set_dump_image(lambda line: ["a.png"])
        self.assertTrue(model.use_custom_prompt("AI2D_TEST"))
        self.assertFalse(model.use_custom_prompt("MMStar"))
        words, picture = model.build_prompt(self.LINE, dataset="AI2D_TEST")
        self.assertEqual(picture, {"type": "image", "value": "a.png"})
        self.assertIn("Which?\nA. red\nB. blue", words["value"])

    def test_registered_the_toolkit_finds_it_by_name_and_by_class(self):
        vlmevalkit.register("mine", candidates=3)
        config = toolkit.packages["vlmeval"].config
        self.assertEqual(config.supported_VLM["mine"]().run["candidates"], 3)
        self.assertIs(toolkit.packages["vlmeval.api"].Stagebeam, vlmevalkit.Stagebeam)


class Files(unittest.TestCase):
    def test_a_picture_that_is_not_there_is_said(self):
        missing = pathlib.Path(tempfile.gettempdir()) / "no such picture.png"
        with self.assertRaisesRegex(OSError, "no such picture"):
            vlmevalkit.picture_of([image(missing)])


if __name__ == "__main__":
    unittest.main(verbosity=1, warnings="ignore")

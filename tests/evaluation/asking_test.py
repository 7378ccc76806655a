"""What the cluster refuses for a while is asked again; what is a question's own fault is not."""

import threading
import time
import unittest

import grpc
from scripted import PB, serving
from stagebeam_eval import asking, policies, settings, tables

RUN = {"id": "r", "seed": 1, "strategy": "stage-beam", "candidates": 4, "survivors": 2,
       "judge": "write", "temperature": 0.5, "max_candidate_tokens": 9}
ROW = tables.Row("7", "7", "Is it?", {}, {"answer": "yes"})
TABLE = tables.Table("bench", [ROW], {"7": "cGljdHVyZQ=="}, 0)
BUSY = grpc.StatusCode.RESOURCE_EXHAUSTED


def policy_of(**options):
    return policies.policy(settings.from_options(**options), seed=1)


class Asking(unittest.TestCase):
    def setUp(self):
        self.stop = threading.Event()

    def ask(self, errors, patience=30.0):
        """The journal's line; the requests that the server saw are in `service`."""
        with serving(errors) as (self.service, address):
            client = asking.Client(asking.connect(address), patience, 10, self.stop)
            return asking.Asker(client, TABLE, RUN).ask(ROW)

    def test_a_question_is_asked_with_its_search_picture_and_id(self):
        self.ask([])
        request = self.service.requests[0]
        self.assertEqual((request.image, request.question), (b"picture", "Is it?"))
        beam = request.search.stage_beam
        self.assertEqual((beam.candidate_count, beam.survivor_count), (4, 2))
        self.assertEqual((request.search.sampling.temperature,
                          request.search.max_candidate_tokens), (0.5, 9))
        self.assertTrue(request.request_id)

    def test_a_run_says_what_is_kept(self):
        row = tables.Row("7", "7", "Which?", {"A": "red", "B": "blue"}, {"hint": "Look."})
        run = {**RUN, "last_paragraph": True, "trace": True}
        with serving([], "It is blue.\n\nblue is B.\n\nB") as (service, address):
            client = asking.Client(asking.connect(address), 30, 10, self.stop)
            answer = asking.Asker(client, TABLE, run).ask(row)
        self.assertEqual(service.requests[0].question,
                         "Hint: Look.\nQuestion: Which?\nOptions:\nA. red\nB. blue\n"
                         "Please select the correct answer from the options above. \n")
        self.assertEqual(answer["prediction"], "B")
        duel = answer["trace"][0]["duels"][0]
        self.assertEqual((duel["first"], duel["second"], duel["winner"]), (0, 1, 0))

    def test_what_a_run_does_not_say_is_as_the_toolkit_has_it(self):
        with serving([], "one\n\ntwo") as (service, address):
            client = asking.Client(asking.connect(address), 30, 10, self.stop)
            answer = asking.Asker(client, TABLE, RUN).ask(ROW)
        self.assertFalse(service.requests[0].include_trace)
        self.assertEqual(answer["prediction"], "one\n\ntwo")
        self.assertNotIn("trace", answer)

    def test_every_setting_of_an_adaptive_search_is_asked_for(self):
        search = policy_of(strategy="adaptive", candidates=8, initial_candidates=2,
                           sufficient_probability=0.7, sufficient_confidence=0,
                           decide="log-probability")
        beam = search.adaptive_beam
        self.assertEqual((beam.candidate_count, beam.initial_candidate_count), (8, 2))
        self.assertEqual((beam.sufficient_probability, beam.sufficient_confidence), (0.7, 0))
        self.assertTrue(beam.HasField("sufficient_confidence"))
        self.assertEqual(search.decider, PB.DECIDER_LOG_PROBABILITY)

    def test_judge_and_likelihood_decide_together_where_asked_to(self):
        search = policy_of(strategy="stage-beam", decide="judge-and-likelihood")
        self.assertEqual(search.decider, PB.DECIDER_JUDGE_AND_LIKELIHOOD)

    def test_the_judge_decides_unless_another_is_asked_for(self):
        search = policy_of(strategy="adaptive")
        self.assertEqual(search.decider, PB.DECIDER_UNSPECIFIED)

    def test_a_run_keeps_the_settings_of_its_own_strategy_alone(self):
        self.assertNotIn("sufficient_confidence", settings.from_options(strategy="stage-beam"))
        self.assertNotIn("survivors", settings.from_options(strategy="adaptive"))

    def test_refusals_that_pass_are_asked_again_with_the_same_id_and_seed(self):
        answer = self.ask([(BUSY, "quota", 0.01), (grpc.StatusCode.UNAVAILABLE, "full", 0.01),
                           (grpc.StatusCode.ABORTED, "again", 0.01)])
        self.assertEqual((answer["prediction"], answer["sampled_tokens"]), ("Yes", 5))
        self.assertEqual(len(self.service.requests), 4)
        self.assertTrue(all(one == self.service.requests[0] for one in self.service.requests))

    def test_the_cluster_says_how_long_to_wait(self):
        start = time.monotonic()
        self.ask([(BUSY, "quota", 0.7)])
        self.assertGreaterEqual(time.monotonic() - start, 0.7)

    def test_patience_ends(self):
        with self.assertRaisesRegex(asking.RunStopped, "RESOURCE_EXHAUSTED: quota"):
            self.ask([(BUSY, "quota", 5.0)], patience=1.0)
        self.assertEqual(len(self.service.requests), 1)

    def test_a_run_that_stops_waits_no_longer(self):
        self.stop.set()
        start = time.monotonic()
        with self.assertRaises(asking.RunStopped):
            self.ask([(BUSY, "quota", 20.0)])
        self.assertLess(time.monotonic() - start, 10)

    def test_an_error_of_the_question_is_kept_and_not_asked_again(self):
        for code, message in ((grpc.StatusCode.INVALID_ARGUMENT, "image: is no picture"),
                              (grpc.StatusCode.INTERNAL, "oh"),
                              (grpc.StatusCode.DEADLINE_EXCEEDED, "late")):
            answer = self.ask([(code, message, 0)])
            self.assertEqual(answer, {"index": "7", "prediction": "",
                                      "error": f"{code.name}: {message}"})
            self.assertEqual(len(self.service.requests), 1)

    def test_an_error_of_every_question_ends_the_run(self):
        for code, message in ((grpc.StatusCode.UNAUTHENTICATED, "who?"),
                              (grpc.StatusCode.INVALID_ARGUMENT, "search.sampling: no")):
            with self.assertRaisesRegex(asking.RunStopped, code.name):
                self.ask([(code, message, 0)])


if __name__ == "__main__":
    unittest.main(verbosity=1)

"""Duels that the judge learns from."""

import pathlib
import random
import sys
import unittest

SOURCE = pathlib.Path(__file__).resolve().parents[3]
sys.path.insert(0, str(SOURCE / "training" / "reference"))
import batches  # noqa: E402
import duels  # noqa: E402
import own_samples  # noqa: E402
import rows  # noqa: E402
from tasks import CRITERIA, Mixture  # noqa: E402
from tokenizers import Tokenizer  # noqa: E402

TOKENIZER = Tokenizer.from_file(str(SOURCE / "models" / "reference" / "tokenizer.json"))
ENCODER = batches.Encoder(TOKENIZER)
MIXTURE = Mixture("train")


def samples(count):
    return [MIXTURE.sample(random.Random(seed)) for seed in range(count)]


def response(sample, **changed):
    return {**sample.stages(), **changed}


class DrawnDuels(unittest.TestCase):
    def test_the_good_side_is_known_and_the_bad_one_differs(self):
        rng, subjects = random.Random(1), set()
        for sample in samples(2000):
            duel = duels.drawn_duel(sample, rng, "Another plan.")
            if duel is None:
                continue
            subjects.add(duel.subject)
            self.assertNotEqual(duel.good, duel.bad)
            self.assertIn(duel.good.rstrip("."), sample.response())
        self.assertEqual(subjects, set(CRITERIA))

    def test_they_are_about_the_subjects_that_are_asked_for(self):
        rng, asked = random.Random(1), ("SUMMARY", "CONCLUSION")
        found = [duels.drawn_duel(s, rng, "Another plan.", asked) for s in samples(100)]
        self.assertEqual({duel.subject for duel in found if duel}, set(asked))


class OwnDuels(unittest.TestCase):
    def setUp(self):
        self.sample = next(s for s in samples(100) if s.source == "scenes")

    def of(self, subject, *responses):
        return [d for d in duels.own_duels(self.sample, responses) if d.subject == subject]

    def test_responses_that_agree_give_none(self):
        self.assertEqual(duels.own_duels(self.sample, [response(self.sample)] * 3), [])

    def test_a_wrong_caption_loses_to_the_right_one(self):
        found = self.of("CAPTION", response(self.sample),
                        response(self.sample, CAPTION="The image shows a red circle."))
        self.assertEqual([(d.good, d.bad) for d in found],
                         [(self.sample.caption, "The image shows a red circle.")])

    def test_two_wrong_captions_do_not_meet(self):
        found = self.of("CAPTION", *(response(self.sample, CAPTION=text) for text in ("A.", "B.")))
        self.assertEqual(found, [])

    def test_a_reasoning_after_another_caption_is_not_compared(self):
        self.assertEqual(self.of("REASONING", response(self.sample), response(
            self.sample, CAPTION="The image shows a red circle.", REASONING="Wrong.")), [])

    def test_whole_responses_meet_where_only_one_concludes_right(self):
        [duel] = self.of("RESPONSE", response(self.sample),
                         response(self.sample, CONCLUSION="no idea"))
        self.assertIn("no idea", duel.bad)
        self.assertEqual(duel.good, self.sample.response())

    def test_the_first_differing_sentence_is_a_duel_of_its_own(self):
        duel = duels.sentence_duel("<REASONING> ", "One. Two. Three.", "One. Four. Three.")
        self.assertEqual((duel.hint, duel.good, duel.bad), ("<REASONING> One.", "Two.", "Four."))


class JudgeRows(unittest.TestCase):
    def test_the_heaviest_token_is_the_choice_of_the_good_side(self):
        rng = random.Random(2)
        for sample in samples(200):
            duel = duels.drawn_duel(sample, rng, "Another plan.")
            if duel is None:
                continue
            for order, row in zip("12", rows.judge_rows(ENCODER, sample, duel, rng), strict=True):
                choice = TOKENIZER.decode([row.ids[row.weights.index(rows.CHOICE)]]).strip()
                self.assertEqual(choice, order)
                self.assertIn(f"Response {choice}: {duel.good}", TOKENIZER.decode(row.ids))

    def test_the_good_text_is_predicted_inside_the_prompt(self):
        sample, rng = samples(1)[0], random.Random(3)
        duel = duels.Duel("CAPTION", "", sample.caption, "Nothing.")
        row, _ = rows.judge_rows(ENCODER, sample, duel, rng)
        inside = [i for i, w in zip(row.ids, row.weights, strict=True) if w == rows.RIGHT_TEXT]
        self.assertEqual(TOKENIZER.decode(inside).strip().rstrip("."), sample.caption.rstrip("."))

    def test_the_tokens_that_differ_and_the_last_one_are_marked_as_wrong(self):
        sample, rng = samples(1)[0], random.Random(3)
        duel = duels.Duel("CONCLUSION", "", "There is one circle.", "There is one square.")
        for row in rows.judge_rows(ENCODER, sample, duel, rng):
            wrong = [i for i, w in zip(row.ids, row.wrong, strict=True) if w == 1]
            self.assertEqual(TOKENIZER.decode(wrong).strip(), "square.")


class StagesOf(unittest.TestCase):
    def test_a_whole_response_has_its_four_stages(self):
        for sample in samples(50):
            self.assertEqual(own_samples.stages_of(sample.response()), sample.stages())

    def test_a_response_that_misses_one_is_not_taken(self):
        text = samples(1)[0].response().replace("<REASONING>", "")
        self.assertIsNone(own_samples.stages_of(text))


if __name__ == "__main__":
    unittest.main()

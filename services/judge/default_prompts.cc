#include "services/judge/default_prompts.h"

namespace stagebeam::judge {

// What all duels of a round share stands in front of the responses, where it is
// computed once.
const std::string_view kDefaultPrompts = R"json({
  "prompt": "You are a strict judge. Two assistants looked at the image and each wrote a {subject} for the question below. Decide which one is better: {criterion}. Length, style and order do not count. Reply with one sentence of this form and nothing else: Since [reason], I choose response [1/2].\n\nQuestion: {question}{hint}\n\nResponse 1:\n{first}\n\nResponse 2:\n{second}",
  "hint": "\n\nWhat was established before: {hint}",
  "criteria": {
    "summary": "prefer the summary that understands the question, lays out how to solve it, and leaves the details to later steps",
    "caption": "prefer the caption that describes what the question is about completely and says nothing that the image does not show",
    "reasoning": "prefer the reasoning whose every step follows from the image and the steps before it, and that leads to an answer",
    "conclusion": "prefer the conclusion that answers the question, fits the reasoning, and is correct",
    "sentence": "prefer the sentence that carries the answer forward and is true to the image",
    "response": "prefer the response whose final answer is correct and whose way to it holds"
  },
  "score_prefix": "I choose response ",
  "choices": ["1", "2"],
  "written_verdict": "I choose response {choice}"
})json";

}  // namespace stagebeam::judge

#!/usr/bin/env python3
"""The strongest fair Python peer: the same stage-level beam search on transformers, tuned.

Against the script that came with LLaVA-o1: the image is encoded once; the prompt head up to and
including <|image|> is prefilled once, and its cache (self-attention and cross-attention keys and
values) is shared by the candidates and the judge; the N candidates of a stage decode as one batch;
the survivor's cache row goes on into the next stage; the pairwise calls of a tournament round run
as one batch (a bracket, N-1 matches in all); each candidate's reasoning is verified once (N calls
in one batch rather than up to 2(N-1)); judging is greedy; the stop test decodes only a tail of the
new tokens; logits are computed for the last row only. The judge's prompts are worded afresh, about
as long as the original's.

Meant for transformers 4.56 or later; vision intermediates are corrected here. Replies are scripted
(common.py), so that every implementation does the same work. Prints one JSON line per run.
"""

import argparse
import copy
import json
import os
import random
import re
import sys
import time

import common


def parse_arguments():
    parser = argparse.ArgumentParser(description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--checkpoint", required=True)
    parser.add_argument("--beam", default="1,2,4", help="candidates of a stage, runs by commas")
    parser.add_argument("--stage-tokens", type=int, default=48)
    parser.add_argument("--judge-tokens", type=int, default=32)
    parser.add_argument("--dtype", choices=["bf16", "fp32"], default="bf16")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--repeat", type=int, default=1)
    parser.add_argument("--image", help="picture file; default: a drawn one of 1024 x 768")
    parser.add_argument("--prompt")
    parser.add_argument("--serve", action="store_true",
                        help="stay loaded: one run for each line of standard input, "
                        '{"beam": N, "rep": SEED, "image": FILE}')
    parser.add_argument("--dump", action="store_true", help="answers on standard error")
    return parser.parse_args()


ARGS = parse_arguments()
# Read when the libraries are imported.
os.environ.setdefault("OMP_NUM_THREADS", str(ARGS.threads))
os.environ.setdefault("TRANSFORMERS_VERBOSITY", "error")

import torch  # noqa: E402
import transformers  # noqa: E402
from transformers import (  # noqa: E402
    AutoProcessor,
    DynamicCache,
    MllamaForConditionalGeneration,
)

# Tokens of a reply's end in which a stop string is looked for.
STOP_TAIL = 24


class JudgePrompts:
    """Chat texts of a pairwise verdict with the picture, and of a text-only check."""

    WANT = {
        "summary": "outlines the approach to the question and does no detailed work",
        "caption": ("tells, without an error, as much as possible of what the picture shows that "
                    "the question needs"),
        "reasoning": ("explains, step by step and without an error, how the answer is reached; go "
                      "through each of the two, note where they differ, and decide from the "
                      "differences"),
        "conclusion": "agrees with the reasoning in the hint and does not refuse to answer",
    }

    def __init__(self, processor):
        self.processor = processor

    def chat(self, text, image):
        content = ([{"type": "image"}] if image else []) + [{"type": "text", "text": text}]
        return self.processor.apply_chat_template([{"role": "user", "content": content}],
                                                  add_generation_prompt=True)

    @staticmethod
    def part(output, tag):
        match = re.search(f"<{tag}>(.*?)</{tag}>", output, re.S)
        return match.group(1).strip() if match else ""

    def pair(self, prompt, outputs, stage):
        one, two = (self.part(output, stage.upper()) for output in outputs)
        caption, reasoning = (self.part(outputs[0], tag) for tag in ("CAPTION", "REASONING"))
        hint = {"reasoning": caption, "conclusion": caption + reasoning}.get(stage, "")
        want = self.WANT[stage]
        about = f"\n\nHint about the question: {hint}" if hint else ""
        return self.chat(
            f"You are a judge. Decide which of two texts is the better {stage}: the one that "
            f"{want}.\n\nQuestion: {prompt}{about}\nResponse 1: {one}\nResponse 2: {two}\n\n"
            f"The better {stage} is the one that {want}. Keep strictly to this form and add "
            'nothing to it.\n\nForm: "Since [reason], I choose response [1/2]."', True)

    def verify(self, output):
        caption, reasoning = (self.part(output, tag) for tag in ("CAPTION", "REASONING"))
        return self.chat(
            "You are a judge. Decide whether the reasoning below is correct, given the "
            "information. Take the information about the picture as true and look at the "
            "reasoning alone; check every calculation. Write 'correct' if you find no error and "
            f"'incorrect' if you find one.\n\nInformation: {caption}\n\nReasoning: {reasoning}",
            False)


class Engine:
    """The model, and the steps that a search is made of."""

    def __init__(self, path, dtype):
        self.model = MllamaForConditionalGeneration.from_pretrained(path, dtype=dtype).eval()
        self.processor = AutoProcessor.from_pretrained(path)
        self.tokenizer = self.processor.tokenizer
        self.text_model = self.model.model.language_model
        vision = self.model.model.vision_model
        vision.intermediate_layers_indices = [
            i - 1 for i in vision.config.intermediate_layers_indices]
        self.image_id = self.model.config.image_token_index
        self.eos = set(self.model.generation_config.eos_token_id)
        self.start_counting()

    def start_counting(self):
        self.stat = {"image_encodes": 0, "image_encode_s": 0.0, "prefill_tokens": 0,
                     "forwards": 0}

    def encode_image(self, image, text):
        """One pass of the vision tower, then prefill of the prompt's head up to <|image|>."""
        start = time.perf_counter()
        inputs = self.processor(image, text, return_tensors="pt")
        features = self.model.model.vision_model(
            pixel_values=inputs["pixel_values"], aspect_ratio_ids=inputs["aspect_ratio_ids"],
            aspect_ratio_mask=inputs["aspect_ratio_mask"]).last_hidden_state
        states = self.model.model.multi_modal_projector(features)
        states = states.reshape(1, -1, self.text_model.config.hidden_size)
        self.stat["image_encode_s"] += time.perf_counter() - start
        self.stat["image_encodes"] += 1
        ids = inputs["input_ids"][0].tolist()
        seen = int(inputs["aspect_ratio_mask"].sum()) * features.shape[-2]
        self.prefill_head(ids[:ids.index(self.image_id) + 1], states, seen)
        return ids

    def prefill_head(self, head, states, seen):
        """Fills the cache that all later calls are forks of. The first `seen` rows are real."""
        count = len(head)
        low = torch.finfo(self.text_model.dtype).min
        mask = torch.zeros(1, 1, count, states.shape[1], dtype=self.text_model.dtype)
        # Rows before <|image|> attend every slot, as the model does.
        mask[:, :, count - 1, seen:] = low
        row = torch.zeros(1, 1, count, 1, dtype=self.text_model.dtype)
        row[:, :, count - 1] = 1
        cache = DynamicCache()
        self.text_model(input_ids=torch.tensor([head]), past_key_values=cache,
                        cross_attention_states=states, use_cache=True,
                        cross_attention_mask=mask, full_text_row_masked_out_mask=row)
        # All later rows attend real tiles only.
        for i in self.text_model.config.cross_attention_layers:
            layer = cache.layers[i]
            layer.keys, layer.values = layer.keys[:, :, :seen], layer.values[:, :, :seen]
        self.stat["prefill_tokens"] += count
        self.head, self.head_cache, self.seen = head, cache, seen

    def fork_head(self, count):
        cache = copy.deepcopy(self.head_cache)
        if count > 1:
            cache.batch_repeat_interleave(count)
        return cache

    def forward(self, ids, cache, mask, positions):
        past, rows = cache.get_seq_length(), ids.shape[1]
        # Without a mask and with more than one row, transformers would run cross-attention as if
        # it were causal.
        cross = None
        if rows > 1:
            cross = torch.zeros(1, 1, rows, self.seen, dtype=self.text_model.dtype)
        hidden = self.text_model(
            input_ids=ids, past_key_values=cache, attention_mask=mask, position_ids=positions,
            use_cache=True, cross_attention_mask=cross,
            cache_position=torch.arange(past, past + rows)).last_hidden_state
        self.stat["forwards"] += 1
        return self.model.lm_head(hidden[:, -1]).float()

    def prefill(self, ids, cache):
        """Appends ids to a cache of one row."""
        past = cache.get_seq_length()
        positions = torch.arange(past, past + len(ids))[None]
        self.forward(torch.tensor([ids]), cache, None, positions)
        self.stat["prefill_tokens"] += len(ids)

    @staticmethod
    def sample(logits, temperature=0.6, top_p=0.9, top_k=50):
        """generate()'s sampling with the checkpoint's settings; top_k is its default."""
        values, indices = logits.topk(top_k, -1)
        shares = torch.softmax(values / temperature, -1)
        shares[shares.cumsum(-1) - shares >= top_p] = 0
        return indices.gather(-1, torch.multinomial(shares, 1))[:, 0]

    def decode(self, rows, cache, forced, greedy, stop, limit=2048):
        """New ids per row; the cache is extended. rows: ids not yet in the cache, one list each."""
        past, count = cache.get_seq_length(), len(rows)
        longest = max(map(len, rows))
        pad = self.tokenizer.pad_token_id
        ids = torch.tensor([[pad] * (longest - len(r)) + r for r in rows])
        keep = torch.tensor([[0] * (longest - len(r)) + [1] * len(r) for r in rows])
        ragged = bool((keep == 0).any())
        mask = None
        if ragged:
            mask = torch.cat([torch.ones(count, past, dtype=torch.long), keep], 1)
        positions = past + keep.cumsum(1).sub_(1).clamp_(min=0)
        out, done = [[] for _ in rows], [False] * count
        self.stat["prefill_tokens"] += sum(map(len, rows))
        for step in range(limit):
            logits = self.forward(ids, cache, mask, positions)
            picked = (logits.argmax(-1) if greedy else self.sample(logits)).tolist()
            for b in range(count):
                if done[b]:
                    picked[b] = pad
                    continue
                picked[b] = forced[b][step]
                out[b].append(picked[b])
                done[b] = picked[b] in self.eos or self.stops(out[b], stop)
            if all(done):
                return out
            ids = torch.tensor(picked)[:, None]
            positions = positions[:, -1:] + 1
            if ragged:
                mask = torch.cat([mask, torch.ones(count, 1, dtype=torch.long)], 1)
        return out

    def stops(self, ids, stop):
        return stop is not None and stop in self.tokenizer.decode(ids[-STOP_TAIL:])


class Search:
    """One search: sample a stage, verify its reasoning, let candidates meet in pairs, go on."""

    def __init__(self, engine, scripts, question, beam, rng):
        self.engine = engine
        self.scripts = scripts
        self.prompts = JudgePrompts(engine.processor)
        self.question = question
        self.beam = beam
        self.rng = rng
        self.seconds = {"stage": 0.0, "judge": 0.0, "verify": 0.0}
        self.calls = {"stage": 0, "judge": 0, "verify": 0}
        self.new_tokens = {"stage": 0, "judge": 0, "verify": 0}

    def run(self, image):
        """The answer's text."""
        chat = self.engine.processor.apply_chat_template(
            [{"role": "user", "content": [{"type": "image"},
                                          {"type": "text", "text": self.question}]}],
            add_generation_prompt=True)
        self.ids = self.engine.encode_image(image, chat)
        self.start = len(self.ids)
        self.cache = self.engine.fork_head(1)
        for stage, name in enumerate(common.STAGES):
            candidates = self.sample(stage, name)
            winner = self.choose(name, [self.text(c) for c in candidates])
            self.ids = self.ids + candidates[winner]
            if self.beam > 1:
                self.cache.batch_select_indices(torch.tensor([winner]))
        return self.text([])

    def text(self, more):
        return self.engine.tokenizer.decode(self.ids[self.start:] + more,
                                            skip_special_tokens=True)

    def count(self, kind, begin, replies):
        self.seconds[kind] += time.perf_counter() - begin
        self.calls[kind] += len(replies)
        self.new_tokens[kind] += sum(map(len, replies))

    def sample(self, stage, name):
        begin = time.perf_counter()
        have = self.cache.get_seq_length()
        if self.beam > 1:
            # The rest of the prompt once, then fork.
            if stage == 0 and self.start - 1 > have:
                self.engine.prefill(self.ids[have:-1], self.cache)
                have = self.start - 1
            self.cache.batch_repeat_interleave(self.beam)
        replies = self.engine.decode(
            [self.ids[have:]] * self.beam, self.cache,
            [self.scripts.stage(stage, i) for i in range(self.beam)], False, f"</{name}>")
        self.count("stage", begin, replies)
        return replies

    def choose(self, name, texts):
        """The index of the text that is left."""
        alive = list(range(self.beam))
        self.rng.shuffle(alive)
        is_checked = name == "REASONING" and self.beam > 1
        wrong = self.verify(texts) if is_checked else set()
        while len(alive) > 1:
            alive = self.round(name.lower(), texts, alive, wrong)
        return alive[0]

    def verify(self, texts):
        """The indices of the texts whose reasoning the judge finds incorrect."""
        begin = time.perf_counter()
        tokenizer = self.engine.tokenizer
        rows = [tokenizer.encode(self.prompts.verify(text)) for text in texts]
        replies = self.engine.decode(
            rows, DynamicCache(), [self.scripts.verify(i) for i in range(len(texts))], True, None)
        wrong = {i for i, r in enumerate(replies) if "incorrect" in tokenizer.decode(r)}
        self.count("verify", begin, replies)
        return wrong

    def round(self, stage, texts, alive, wrong):
        """Who is left of `alive` when neighbours have met; all verdicts in one batch."""
        left = [alive[-1]] if len(alive) % 2 else []
        asked = []
        for i, j in zip(alive[0::2], alive[1::2], strict=False):
            if i in wrong:
                left.append(j)
            elif j in wrong:
                left.append(i)
            else:
                asked.append((i, j))
        return left + self.verdicts(stage, texts, asked) if asked else left

    def verdicts(self, stage, texts, pairs):
        begin = time.perf_counter()
        engine, first = self.engine, self.calls["judge"]
        rows = []
        for i, j in pairs:
            prompt = self.prompts.pair(self.question, [texts[i], texts[j]], stage)
            ids = engine.tokenizer.encode(prompt)
            assert ids[:len(engine.head)] == engine.head
            rows.append(ids[len(engine.head):])
        scripts = [self.scripts.judge(first + k) for k in range(len(pairs))]
        replies = engine.decode(rows, engine.fork_head(len(pairs)), scripts, True, None)
        winners = [i if "I choose response 1" in engine.tokenizer.decode(reply) else j
                   for (i, j), reply in zip(pairs, replies, strict=True)]
        self.count("judge", begin, replies)
        return winners


def measure(engine, scripts, image, beam, rep, loaded):
    """One run, as a line of figures."""
    torch.manual_seed(rep)
    engine.start_counting()
    common.reset_peak()
    search = Search(engine, scripts, ARGS.prompt or common.QUESTION, beam, random.Random(rep))
    cpu, start = common.cpu_s(), time.perf_counter()
    text = search.run(image)
    wall = time.perf_counter() - start
    assert all(f"</{stage}>" in text for stage in common.STAGES), text
    if ARGS.dump:
        print(text, file=sys.stderr)
    common.emit(
        impl="peer", transformers=transformers.__version__, torch=torch.__version__,
        checkpoint=os.path.basename(os.path.normpath(ARGS.checkpoint)), dtype=ARGS.dtype,
        threads=ARGS.threads, beam=beam, stage_tokens=ARGS.stage_tokens,
        judge_tokens=ARGS.judge_tokens, rep=rep, wall_s=round(wall, 3),
        cpu_s=round(common.cpu_s() - cpu, 2), sequences=sum(search.calls.values()),
        calls=search.calls, call_s={k: round(v, 3) for k, v in search.seconds.items()},
        forwards=engine.stat["forwards"], new_tokens=sum(search.new_tokens.values()),
        prompt_tokens_prefilled=engine.stat["prefill_tokens"],
        image_encodes=engine.stat["image_encodes"],
        image_encode_s=round(engine.stat["image_encode_s"], 3), **loaded,
        peak_rss_mb=common.rss_mb(True), loadavg=os.getloadavg()[0])


def serve(engine, scripts, loaded):
    """Runs what the lines of standard input ask for; waiting for one takes no processor time."""
    from PIL import Image

    for line in sys.stdin:
        asked = json.loads(line)
        # Decoded when it is encoded, within the run's time, as a service has to.
        measure(engine, scripts, Image.open(asked["image"]), asked["beam"], asked["rep"], loaded)


def main():
    torch.set_num_threads(ARGS.threads)
    torch.set_grad_enabled(False)
    start = time.perf_counter()
    engine = Engine(ARGS.checkpoint, {"bf16": torch.bfloat16, "fp32": torch.float32}[ARGS.dtype])
    loaded = {"load_s": round(time.perf_counter() - start, 2), "rss_loaded_mb": common.rss_mb()}
    scripts = common.Scripts(engine.tokenizer, ARGS.stage_tokens, ARGS.judge_tokens)
    if ARGS.serve:
        return serve(engine, scripts, loaded)
    if ARGS.image:
        from PIL import Image

        image = Image.open(ARGS.image)
    else:
        image = common.make_image()
    for beam in [int(count) for count in ARGS.beam.split(",")]:
        for rep in range(ARGS.repeat):
            measure(engine, scripts, image, beam, rep, loaded)


if __name__ == "__main__":
    main()

"""Asks a running cluster the questions of questions.json, one after another.

Started by `make demo`, which finds the orchestrator in STAGEBEAM_SERVER and its
metrics page in STAGEBEAM_METRICS.
"""

import argparse
import json
import os
import pathlib
import subprocess
import urllib.request

HERE = pathlib.Path(__file__).resolve().parent
SHOWN_METRICS = ("stagebeam_orchestrator_requests_total", "stagebeam_orchestrator_candidates_total",
                 "stagebeam_orchestrator_duels_total", "stagebeam_orchestrator_degradations",
                 "stagebeam_orchestrator_tokens_total")


def title(text):
    print(f"\n{'=' * 78}\n{text}\n{'=' * 78}", flush=True)


def ask(program, row, trace, flags):
    """Runs `stagebeam ask` with its output live; the response, or None."""
    command = [program, "ask", "--image", HERE / row["picture"], row["question"],
               "--trace", trace, *flags]
    if subprocess.run(command).returncode != 0:
        return None
    return json.loads(trace.read_text())


def show_trace(response):
    """Every candidate and duel of a search, with what was kept."""
    for expansion in response["trace"]["expansions"]:
        print(f"\n{expansion['stage'].removeprefix('STAGE_')}")
        texts = [candidate["text"] for candidate in expansion["candidates"]]
        for i, candidate in enumerate(expansion["candidates"]):
            first = texts.index(texts[i])
            text = " ".join(texts[i].split()) if first == i else f"same as {first + 1}"
            mark = "kept" if i in expansion["survivors"] else "    "
            cut = "" if candidate["eligible"] else " (no closing tag)"
            print(f"  {mark} {i + 1} after {candidate['parent'] + 1}, log-probability "
                  f"{candidate['logprob']:.2f}{cut}: {text}")
        for duel in expansion["duels"]:
            print(f"       {duel['first'] + 1} against {duel['second'] + 1}: "
                  f"{duel['winner'] + 1} wins, {duel['confidence']:.2f} sure")


def show_metrics(address):
    print(f"metrics page of the orchestrator while it runs: {address}")
    page = urllib.request.urlopen(address, timeout=10).read().decode()
    for line in page.splitlines():
        if line.startswith(SHOWN_METRICS):
            print("  " + line)


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--program", required=True, help="the stagebeam program")
    parser.add_argument("--out", type=pathlib.Path, required=True, help="folder for the traces")
    args = parser.parse_args()
    args.out.mkdir(parents=True, exist_ok=True)

    rows = json.loads((HERE / "questions.json").read_text())
    print(f"{len(rows)} questions of many kinds, stage beam with 4 candidates, temperature 1.\n"
          "The pictures are held out: training never saw them. The model is small and errs;\n"
          "the known answer stands beside each.")
    right, last = 0, None
    for number, row in enumerate(rows, 1):
        title(f"{number} of {len(rows)}, {row['kind']}: {row['picture']}\n{row['question']}")
        response = ask(args.program, row, args.out / f"{row['kind']}.json",
                       ["--strategy", "stage-beam", "--candidates", "4", "--seed", "1",
                        "--temperature", "1"])
        is_right = response is not None and response["answer"] == row["answer"]
        right += is_right
        last = response or last
        print(f"known answer: {row['answer']} -> {'right' if is_right else 'WRONG'}", flush=True)

    title(f"{right} of {len(rows)} right")
    if last:
        title(f"The whole search behind the last answer, as {args.out} holds it for each")
        show_trace(last)
    title("Metrics")
    show_metrics(os.environ["STAGEBEAM_METRICS"])
    return 0 if last else 1


if __name__ == "__main__":
    raise SystemExit(main())

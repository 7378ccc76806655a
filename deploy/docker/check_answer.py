"""Checks that `stagebeam ask --json`, read from standard input, told of a search
that went through all four stages, and prints what was kept of each."""

import json
import sys

STAGES = ["STAGE_SUMMARY", "STAGE_CAPTION", "STAGE_REASONING", "STAGE_CONCLUSION"]


def main():
    events = [json.loads(line) for line in sys.stdin]
    if not events or "finished" not in events[-1]:
        sys.exit("the search did not finish")
    response = events[-1]["finished"]
    for stage in response["stages"]:
        print(f"      {stage['stage'].removeprefix('STAGE_')}: {stage['text']}")
    if [stage["stage"] for stage in response["stages"]] != STAGES:
        sys.exit("the answer does not have the four stages")
    if not all(stage["text"] for stage in response["stages"]) or not response["answer"]:
        sys.exit("a stage of the answer is empty")
    if response["degradations"]:
        sys.exit(f"something went wrong on the way: {response['degradations']}")
    if response["usage"]["duel_count"] == 0:
        sys.exit("no judge was asked")


if __name__ == "__main__":
    main()

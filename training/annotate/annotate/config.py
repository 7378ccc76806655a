"""Flags, and what they must hold."""

import argparse
import os
import pathlib
import urllib.parse

from annotate import prompts
from annotate.endpoint import EndpointSettings
from annotate.pipeline import REASONS, PipelineSettings


class ConfigError(Exception):
    """A flag or variable that cannot be used; the message names it."""


def parse(arguments):
    """The flags as a namespace; exits with 2 where argparse finds fault."""
    parser = argparse.ArgumentParser(
        prog="stagebeam-annotate",
        description="Asks an OpenAI-compatible endpoint for a four-stage response to each "
                    "question, has it judged against the known answer, and writes the good ones "
                    "as training data. Run again with the same flags to go on.")
    _add_files(parser)
    _add_question(parser)
    _add_endpoint(parser)
    return parser.parse_args(arguments)


def pipeline_settings(args):
    return PipelineSettings(
        model=args.model, judge_model=args.judge_model or args.model,
        max_tokens=args.max_tokens, token_field=args.token_field, temperature=args.temperature,
        images=args.images or args.input.parent, out=args.out, concurrency=args.concurrency,
        stop_after=args.stop_after)


def endpoint_settings(args):
    """Raises ConfigError, which does not show the key."""
    parts = urllib.parse.urlsplit(args.url)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise ConfigError("--url: must begin with http:// or https:// and name a host")
    key = os.environ.get(args.key_variable, "").strip() or None
    if key and not (key.isascii() and key.isprintable()):
        raise ConfigError(f"{args.key_variable}: must be printable ASCII")
    return EndpointSettings(
        url=args.url.rstrip("/"), key=key, timeout_s=args.timeout, tries=args.tries,
        first_wait_s=args.first_wait, longest_wait_s=args.longest_wait)


def question_settings(args, wording):
    """What the responses depend on, and must not change within one directory."""
    return {"model": args.model, "judge_model": args.judge_model or args.model,
            "answer": args.answer, "temperature": args.temperature, "max_tokens": args.max_tokens,
            "prompts": wording.fingerprint()}


def _add_files(parser):
    group = parser.add_argument_group("files")
    group.add_argument("--input", required=True, type=pathlib.Path, metavar="FILE",
                       help=".jsonl or .tsv: id, image or image_base64, question, answer")
    group.add_argument("--images", type=pathlib.Path, metavar="DIR",
                       help="directory that the paths in image are below (default: the input's)")
    group.add_argument("--out", required=True, type=pathlib.Path, metavar="DIR",
                       help="accepted.jsonl, refused.jsonl, summary.json, images/")
    group.add_argument("--again", action="append", default=[], choices=list(REASONS),
                       help="ask again those that were set aside for this reason; repeatable")


def _add_question(parser):
    group = parser.add_argument_group("what is asked")
    group.add_argument("--model", required=True, help="writes the responses; must see images")
    group.add_argument("--judge_model", help="judges the conclusions (default: --model)")
    group.add_argument("--answer", choices=("shown", "hidden"), default="shown",
                       help="whether the known answer is in the first call (default: shown)")
    group.add_argument("--prompts", type=pathlib.Path, default=prompts.BUILT_IN, metavar="DIR",
                       help="wording of your own: response_shown.txt or response_hidden.txt, "
                            "and verdict.txt")
    group.add_argument("--temperature", type=_between(float, 0, 2),
                       help="default: the endpoint's own")
    group.add_argument("--max_tokens", type=_between(int, 1, 1_000_000), default=2048,
                       help="of one reply (default: %(default)s)")
    group.add_argument("--token_field", choices=("max_tokens", "max_completion_tokens"),
                       default="max_tokens", help="what the endpoint calls that limit")


def _add_endpoint(parser):
    group = parser.add_argument_group("the endpoint")
    group.add_argument("--url", required=True,
                       help="without /chat/completions, e.g. http://127.0.0.1:8000/v1")
    group.add_argument("--key_variable", default="OPENAI_API_KEY", metavar="NAME",
                       help="environment variable with the key; may be unset "
                            "(default: %(default)s)")
    group.add_argument("--concurrency", type=_between(int, 1, 1024), default=16,
                       help="records at once (default: %(default)s)")
    group.add_argument("--per_minute", type=_between(float, 0.01, 1_000_000),
                       help="requests a minute at most (default: no limit)")
    group.add_argument("--timeout", type=_between(float, 0.01, 3600), default=120.0,
                       help="seconds of one try (default: %(default)s)")
    group.add_argument("--tries", type=_between(int, 1, 100), default=6,
                       help="of one call (default: %(default)s)")
    group.add_argument("--first_wait", type=_between(float, 0.001, 3600), default=1.0,
                       help="seconds before the second try at most, doubled for each further "
                            "one (default: %(default)s)")
    group.add_argument("--longest_wait", type=_between(float, 0.001, 86_400), default=120.0,
                       help="seconds between two tries at most; a Retry-After beyond it ends "
                            "the run (default: %(default)s)")
    group.add_argument("--stop_after", type=_between(int, 1, 1_000_000), default=20,
                       help="end the run when so many records in a row got no answer "
                            "(default: %(default)s)")


def _between(kind, low, high):
    def value(text):
        number = kind(text)
        if not low <= number <= high:
            raise argparse.ArgumentTypeError(f"must be from {low} to {high}, is {text}")
        return number
    value.__name__ = kind.__name__  # argparse names it where `kind` fails
    return value

"""The command: opens everything, runs the pipeline, says what came of it.

Exit codes: 0 every record has an outcome; 1 the run stopped before; 2 wrong usage or input;
130 interrupted. After 1 and 130 the same command goes on.
"""

import asyncio
import json
import signal
import sys

import tqdm

from annotate import config, prompts, records, usage
from annotate.endpoint import Endpoint, Unusable
from annotate.journal import Journal, JournalError
from annotate.pace import Pace
from annotate.pipeline import REASONS, Pipeline

_INTERRUPTED = 130


def main(arguments=None):
    """Runs the command; returns its exit code."""
    args = config.parse(arguments)
    try:
        wording = prompts.load(args.answer, args.prompts)
        settings = config.endpoint_settings(args)
        total = records.count_and_check(args.input)
        args.out.mkdir(parents=True, exist_ok=True)
        with Journal.open(args.out, args.again) as journal:
            _check_directory(args.out / "run.json", config.question_settings(args, wording))
            return _run(args, settings, wording, journal, total)
    except (config.ConfigError, prompts.PromptError, records.InputError, JournalError,
            OSError) as error:
        return _fail(error, 2)
    except KeyboardInterrupt:  # before there was anything to go on with
        return _fail("interrupted", _INTERRUPTED)


def _run(args, settings, wording, journal, total):
    spent, code = usage.Usage(), 0
    try:
        asyncio.run(_annotate(args, settings, wording, journal, total, spent))
    except asyncio.CancelledError:
        code = _fail("interrupted; the same command goes on", _INTERRUPTED)
    except (Unusable, OSError, JournalError, records.InputError) as error:
        code = _fail(f"stopped: {error}", 1)
    found = usage.summary(total, journal, spent)
    usage.write_json(args.out / "summary.json", found)
    print(usage.render(found, REASONS))
    return code


async def _annotate(args, settings, wording, journal, total, spent):
    task = asyncio.current_task()
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, task.cancel)
    async with Endpoint(settings, Pace(args.per_minute), spent) as endpoint:
        pipeline = Pipeline(config.pipeline_settings(args), wording, endpoint, journal)
        # disable=None: silent where standard error is no terminal.
        with tqdm.tqdm(total=total, initial=len(journal), unit="record", disable=None) as bar:
            await pipeline.run(records.read(args.input), bar.update)


def _check_directory(path, settings):
    """Holds the directory to the settings it was begun with; writes them into a new one."""
    if not path.exists():
        usage.write_json(path, settings)
        return
    try:
        begun = json.loads(path.read_text(encoding="utf-8"))
        begun = dict(begun)
    except (ValueError, TypeError):
        raise JournalError(f"{path}: must be one JSON object") from None
    for name, value in settings.items():
        if begun.get(name) != value:
            raise JournalError(
                f"{path}: {name}: was {begun.get(name)!r} when the directory was begun, is now "
                f"{value!r}; one directory holds one way of asking")


def _fail(error, code):
    print(f"stagebeam-annotate: {error}", file=sys.stderr)
    return code

"""stagebeam-eval run TABLE --out FOLDER."""

import sys

from stagebeam_eval import predictions, results, settings, tables
from stagebeam_eval.asking import Asker, Client, RunStopped, connect
from stagebeam_eval.journals import BadJournal, Journal
from stagebeam_eval.running import Stop, run


def check(args):
    """Ends with one line about the option that makes no sense."""
    for name in ("concurrency", "timeout", "patience", "candidates", "survivors",
                 "initial_candidates"):
        if getattr(args, name) <= 0:
            sys.exit(f"error: --{name}: must be more than 0")


def ask(args):
    table = tables.read(args.table)
    mine = {**settings.of_run(args), "table": table.name,
            "table_sha256": results.digest(args.table)}
    with Journal(args.out, mine) as journal, Stop() as stop:
        client = Client(connect(args.server), args.patience, args.timeout, stop)
        run(table, journal, Asker(client, table, journal.run), args.concurrency, stop)
        predictions.write(args.out, table, journal.answers)
        return table, journal.answers


def main(args):
    check(args)
    try:
        table, answers = ask(args)
    except (OSError, tables.BadTable, BadJournal) as error:
        sys.exit(f"error: {error}")
    except RunStopped as error:
        sys.exit(f"stopped: {error}; the answers so far are in {args.out}, and the same command "
                 "goes on from there")
    failed = sum("error" in answer for answer in answers.values())
    print(f"{len(table.rows)} questions answered, {failed} of them with an error; "
          f"{table.skipped} rows without a picture left out: {args.out}/predictions.xlsx")

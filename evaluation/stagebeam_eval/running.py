"""A run: every question of a table asked once, however often the run is interrupted."""

import concurrent.futures
import itertools
import signal
import threading

from tqdm import tqdm

from stagebeam_eval.asking import RunStopped


class Stop:
    """An Event that the first SIGINT or SIGTERM sets while it is entered; a second one ends the
    program as ever. Main thread only."""

    def __enter__(self):
        self.event = threading.Event()
        self.before = {number: signal.signal(number, self.take)
                       for number in (signal.SIGINT, signal.SIGTERM)}
        return self.event

    def take(self, *_):
        self.event.set()
        self.restore()

    def restore(self):
        for number, handler in self.before.items():
            signal.signal(number, handler)

    def __exit__(self, *_):
        self.restore()


def run(table, journal, asker, concurrency, stop):
    """Asks what the journal has no answer of, so many at a time.

    RunStopped where the cluster is out of reach or `stop` is set; answers that were on their way
    then are awaited and kept.
    """
    waiting = iter([row for row in table.rows if row.index not in journal.answers])
    asked, refusal = set(), None
    with (concurrent.futures.ThreadPoolExecutor(concurrency) as pool,
          tqdm(total=len(table.rows), initial=len(journal.answers), unit="question") as bar):
        while True:
            if not stop.is_set():
                some = itertools.islice(waiting, concurrency - len(asked))
                asked |= {pool.submit(asker.ask, row) for row in some}
            if not asked:
                break
            done, asked = concurrent.futures.wait(
                asked, return_when=concurrent.futures.FIRST_COMPLETED)
            refusal = keep(done, journal, bar, stop) or refusal
    if refusal:
        raise refusal
    if len(journal.answers) < len(table.rows):
        raise RunStopped("interrupted")


def keep(done, journal, bar, stop):
    """Writes the answers down; the last RunStopped among them, which sets `stop`."""
    refusal = None
    for future in done:
        try:
            journal.add(future.result())
            bar.update()
        except RunStopped as error:
            refusal = error
            stop.set()
    return refusal

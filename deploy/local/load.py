"""Questions of every strategy to a cluster on this machine, so that its metrics move."""

import itertools
import json
import pathlib
import subprocess
from concurrent.futures import ThreadPoolExecutor

EXAMPLES = pathlib.Path(__file__).resolve().parents[2] / "examples"
STRATEGIES = (("single",), *((name, "--candidates=3")
                            for name in ("best-of-n", "sentence-beam", "stage-beam")))
JUDGES = ("both-orders", "score", "write")
PATIENCE = "2m"
TEMPERATURE = 1.5  # At which candidates differ, so that there are duels.


class Load:
    """Asks the demo's questions, several at a time, every strategy and way to judge in turn."""

    def __init__(self, program, server, at_a_time=3):
        self.program, self.server, self.at_a_time = program, server, at_a_time
        self.rows = json.loads((EXAMPLES / "questions.json").read_text())
        self.seeds = itertools.count(1)

    def command(self, number):
        """The question `number` of an endless list."""
        row = self.rows[number % len(self.rows)]
        strategy = STRATEGIES[number % len(STRATEGIES)]
        judge = JUDGES[number // len(STRATEGIES) % len(JUDGES)]
        return [self.program, "ask", "--server", self.server, "--image",
                EXAMPLES / row["picture"], "--judge", judge, "--temperature", str(TEMPERATURE),
                "--seed", str(number), "--timeout", PATIENCE, "--json",
                "--strategy", *strategy, row["question"]]

    def ask(self, number):
        """How the program that asks it ended."""
        return subprocess.run(self.command(number), stdin=subprocess.DEVNULL,
                              capture_output=True, text=True)

    def run(self, count):
        """Asks so many more; the ends of the programs that asked."""
        numbers = list(itertools.islice(self.seeds, count))
        with ThreadPoolExecutor(self.at_a_time) as pool:
            return list(pool.map(self.ask, numbers))

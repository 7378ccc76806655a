"""Changes the replicas of a running cluster, so that no call is lost.

A new replica is listed once it serves. One that goes is no longer listed, and
then ends as a pod does: it finishes its calls and takes no new ones.
"""

from plan import ROLES, twin
from processes import StartError, end, publish


class Scaler:
    """The workers of one cluster."""

    def __init__(self, running):
        self.running = running
        self.leaving = []  # Processes that end.

    def scale(self, kind, count):
        """Makes it `count` processes of a kind; StartError leaves it as it was."""
        have = self.of(kind)
        self.add(have[-1], count - len(have))
        for process in have[count:]:
            self.retire(process)

    def restart(self):
        """Replaces each worker by a new one, one after the other."""
        for process in [p for p, _ in self.running.children if p.kind in ROLES]:
            self.add(process, 1)
            self.retire(process)

    def of(self, kind):
        """The processes of a kind, oldest first; StartError where there is none."""
        found = [process for process, _ in self.running.children if process.kind == kind]
        if not found:
            raise StartError(f"this cluster has no {kind} of its own")
        return found

    def add(self, model, count):
        """Starts processes like `model`, and lists them once all serve."""
        added = []
        try:
            for _ in range(count):
                process = twin(model, self.free_name(model.kind))
                # Before the orchestrator, which ends first.
                self.running.launch(process, place=len(self.running.children) - 1)
                added.append(process)
            self.running.wait_for(added)
        except BaseException:
            for process in added:
                self.retire(process)
            raise
        self.publish()
        return added

    def retire(self, process):
        """Ends a process, its calls first."""
        self.leaving.append(process)
        self.publish()
        child = next(child for p, child in self.running.children if p is process)
        end(child)
        self.running.children.remove((process, child))
        self.leaving.remove(process)

    def free_name(self, kind):
        """A name that no process of the kind had, so that each log stays."""
        number = 1
        while self.running.log_of(f"{kind}-{number}").exists():
            number += 1
        return f"{kind}-{number}"

    def publish(self):
        publish(self.running.options.state,
                [p for p, _ in self.running.children if p not in self.leaving])

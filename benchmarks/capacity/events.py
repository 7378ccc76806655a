"""The clock of a simulation and what is to happen when."""

import heapq
import itertools


class Events:
    """Runs callbacks in the order of their times; equal times in the order they were asked for."""

    def __init__(self):
        self.now = 0.0
        self._heap = []
        self._count = itertools.count()

    def at(self, time, callback, *arguments):
        heapq.heappush(self._heap, (time, next(self._count), callback, arguments))

    def after(self, seconds, callback, *arguments):
        self.at(self.now + seconds, callback, *arguments)

    def run(self, until=float("inf")):
        """Until nothing is left to happen before `until`."""
        while self._heap and self._heap[0][0] <= until:
            self.now, _, callback, arguments = heapq.heappop(self._heap)
            callback(*arguments)

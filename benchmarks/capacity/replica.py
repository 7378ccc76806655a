"""A worker that computes several calls together, as the engine's scheduler does.

Calls wait in order of arrival for `places`; a call holds its places until its last part ends. All
running parts advance together, the more of them the slower: `seconds(parts)` is the time in which
each advances by one unit. What a call brings as `first_s` is computed before anything else goes on.
"""

import collections
import heapq


class Call:
    """Work for a replica: `parts` in units of its speed, and who hears of the end."""

    __slots__ = ("parts", "places", "first_s", "done", "arrived", "queued_s", "left")

    def __init__(self, parts, places, first_s, done):
        self.parts = parts
        self.places = places
        self.first_s = first_s
        self.done = done
        self.arrived = self.queued_s = 0.0
        self.left = len(parts)


class Replica:
    """One pod's engine. `observe(seconds)` hears how long each call queued."""

    def __init__(self, events, places, seconds, observe=lambda seconds: None):
        self.events = events
        self.places = places
        self.seconds = seconds
        self.observe = observe
        self.free = places
        self.load = 0  # Places taken and asked for.
        self.waiting = collections.deque()
        self.running = 0  # Calls.
        self.ready_at = 0.0
        self.draining = False
        self.busy_s = 0.0
        self.on_idle = None
        self._parts = []  # Heap of (progress at which it ends, order, call).
        self._order = 0
        self._progress = 0.0
        self._first_s = 0.0
        self._at = events.now
        self._version = 0

    def enter(self, call):
        call.arrived = self.events.now
        self.load += call.places
        self.waiting.append(call)
        if self._admit():
            self._plan()

    def _admit(self):
        """Gives places to those in front; True where somebody got some."""
        admitted = False
        while self.waiting and self.waiting[0].places <= self.free:
            if not admitted:
                self._advance()
            admitted = True
            self._start(self.waiting.popleft())
        return admitted

    def _start(self, call):
        call.queued_s = self.events.now - call.arrived
        self.observe(call.queued_s)
        self.free -= call.places
        self.running += 1
        self._first_s += call.first_s
        for units in call.parts:
            self._order += 1
            heapq.heappush(self._parts, (self._progress + units, self._order, call))

    def _advance(self):
        """Brings the parts' progress up to now."""
        passed = self.events.now - self._at
        self._at = self.events.now
        if not self._parts:
            return
        self.busy_s += passed
        first = min(passed, self._first_s)
        self._first_s -= first
        self._progress += (passed - first) / self.seconds(len(self._parts))

    def _plan(self):
        """The next part's end, unless something happens before."""
        self._version += 1
        if not self._parts:
            return
        units = max(0.0, self._parts[0][0] - self._progress)
        seconds = self._first_s + units * self.seconds(len(self._parts))
        self.events.after(seconds, self._part_ends, self._version)

    def _part_ends(self, version):
        if version != self._version:
            return
        self._advance()
        progress, _, call = heapq.heappop(self._parts)
        self._progress = max(self._progress, progress)
        call.left -= 1
        if call.left == 0:
            self._end(call)
        self._plan()

    def _end(self, call):
        self.running -= 1
        self.free += call.places
        self.load -= call.places
        self._admit()
        call.done(call)
        if self.draining and not self.running and not self.waiting and self.on_idle:
            self.on_idle(self)

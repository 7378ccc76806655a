"""When the next request may leave: a rate, and pauses that the endpoint asks for."""

import asyncio
import time


class Pace:
    """Shared by everything that asks one endpoint. For one event loop.

    `per_minute` requests at most, evenly spaced; None is without limit.
    """

    def __init__(self, per_minute=None):
        self._interval_s = 60 / per_minute if per_minute else 0.0
        self._next = time.monotonic()

    async def turn(self):
        """Returns when a request may leave, and counts it."""
        while (wait := self._next - time.monotonic()) > 0:
            await asyncio.sleep(wait)
        self._next = max(self._next, time.monotonic()) + self._interval_s

    def hold(self, seconds):
        """No request leaves for so long, whoever's it is."""
        self._next = max(self._next, time.monotonic() + seconds)

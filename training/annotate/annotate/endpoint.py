"""Chat completions of an OpenAI-compatible endpoint, with retries where they can help.

Asked again: 408, 429, 5xx, timeouts and broken connections. Everything else is an answer.
"""

import asyncio
import dataclasses
import datetime
import email.utils

import httpx
import tenacity

from annotate import replies

# Nothing that one record has to do with: the key, the account, the model's name.
_STOPPING_STATUS = {401, 402, 404}
# Some endpoints say with "too many requests" that no request will ever do.
_STOPPING_CODES = {"insufficient_quota", "billing_hard_limit_reached"}


class EndpointError(Exception):
    """One record's call has failed, or been declined."""


class Declined(EndpointError):
    """The endpoint will not answer this."""


class GaveUp(EndpointError):
    """It failed as often as it may be asked."""


class Unusable(Exception):
    """The endpoint answers nobody; to go on would waste every record that is left."""


class _Retriable(Exception):
    """May pass if asked again."""


@dataclasses.dataclass(frozen=True)
class EndpointSettings:
    """How to reach the endpoint. `key` must not be shown to anybody."""

    url: str  # up to and without /chat/completions
    key: str | None = dataclasses.field(repr=False)
    timeout_s: float  # of one try, from request to last byte
    tries: int
    first_wait_s: float  # between tries: doubled each time, with chance
    longest_wait_s: float  # who asks for more is not asked any more


class Endpoint:
    """Asks; counts what it cost. An asynchronous context manager, for one event loop."""

    def __init__(self, settings, pace, usage):
        self._settings = settings
        self._pace = pace
        self._usage = usage
        headers = {"Authorization": f"Bearer {settings.key}"} if settings.key else {}
        # The whole try has a timeout of its own, see _try; the callers bound the connections.
        self._client = httpx.AsyncClient(
            headers=headers, timeout=None, limits=httpx.Limits(max_connections=None))

    async def __aenter__(self):
        return self

    async def __aexit__(self, *error):
        await self._client.aclose()

    async def complete(self, body):
        """The reply's text; raises EndpointError, replies.ReplyError or Unusable."""
        tries = tenacity.AsyncRetrying(
            stop=tenacity.stop_after_attempt(self._settings.tries),
            wait=tenacity.wait_random_exponential(
                self._settings.first_wait_s, self._settings.longest_wait_s),
            retry=tenacity.retry_if_exception_type(_Retriable), reraise=True)
        try:
            return await tries(self._try, body)
        except _Retriable as error:
            raise GaveUp(f"{error}, after {self._settings.tries} tries") from None

    async def _try(self, body):
        await self._pace.turn()
        self._usage.requests += 1
        try:
            async with asyncio.timeout(self._settings.timeout_s):
                response = await self._client.post(
                    self._settings.url + "/chat/completions", json=body)
        except TimeoutError:
            raise _Retriable(f"no answer in {self._settings.timeout_s:g} s") from None
        except httpx.TransportError as error:
            raise _Retriable(self._shown(
                f"connection failed: {type(error).__name__} {error}")) from None
        except httpx.DecodingError as error:
            raise replies.Garbled(f"the body cannot be decoded: {error}") from None
        self._check_status(response)
        message = replies.read(response.content)
        self._usage.prompt_tokens += message.prompt_tokens
        self._usage.completion_tokens += message.completion_tokens
        return message.text()

    def _check_status(self, response):
        if response.status_code == 200:
            return
        code, said = replies.error_of(response.content)
        problem = self._shown(f"status {response.status_code}: {said}")
        if response.status_code in _STOPPING_STATUS or code in _STOPPING_CODES:
            raise Unusable(problem)
        if response.status_code in (408, 429) or response.status_code >= 500:
            self._heed(response, problem)
            raise _Retriable(problem)
        raise Declined(problem)

    def _heed(self, response, problem):
        """Leaves the endpoint alone for as long as it asks, with all requests."""
        seconds = retry_after_s(response.headers.get("Retry-After")) or 0.0
        if seconds > self._settings.longest_wait_s:
            raise Unusable(f"{problem}; Retry-After is {seconds:.0f} s, "
                           f"at most {self._settings.longest_wait_s:g} s are waited")
        self._pace.hold(seconds)

    def _shown(self, text):
        """In one line, not too long, without the key, which endpoints like to quote."""
        if self._settings.key:
            text = text.replace(self._settings.key, "[key]")
        return " ".join(text.split())[:300]


def retry_after_s(header):
    """Seconds of a Retry-After header, a number or a date; None where it has no sense."""
    if header is None:
        return None
    try:
        return max(0.0, float(header)) if header.strip().isdigit() else _until(header)
    except (ValueError, TypeError, OverflowError):
        return None


def _until(date):
    at = email.utils.parsedate_to_datetime(date)
    if at.tzinfo is None:
        at = at.replace(tzinfo=datetime.UTC)
    return max(0.0, (at - datetime.datetime.now(datetime.UTC)).total_seconds())

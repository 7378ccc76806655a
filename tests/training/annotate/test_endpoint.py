"""What is asked again, when, and what is not."""

import asyncio
import datetime
import email.utils
import time

import pytest
from annotate import endpoint, replies
from annotate.pace import Pace
from annotate.usage import Usage
from annotation_world import KEY
from endpoint_server import answer_of

RETRIABLE = ["500", "503 html", "close", "half", "stall"]


def settings(url, **changes):
    return endpoint.EndpointSettings(**{
        "url": url, "key": KEY, "timeout_s": 1, "tries": 3, "first_wait_s": 0.01,
        "longest_wait_s": 60} | changes)


def body(identity="r-1"):
    return {"model": "judge", "messages": [{"role": "user", "content": (
        f"[{identity}]\nKnown answer: {answer_of(identity)}\n"
        f"Conclusion: {answer_of(identity)}")}]}


def ask(url, usage=None, **changes):
    """What one call gives, by an endpoint of its own."""
    async def call():
        asker = endpoint.Endpoint(settings(url, **changes), Pace(), usage or Usage())
        async with asker:
            return await asker.complete(body())
    return asyncio.run(call())


class WatchedPace(Pace):
    """Says when it is told to hold."""

    def __init__(self):
        super().__init__()
        self.held = asyncio.Event()

    def hold(self, seconds):
        super().hold(seconds)
        self.held.set()


def times(fault, count):
    return lambda identity, call, nth: fault if nth < count else None


@pytest.mark.parametrize("fault", RETRIABLE)
def test_what_may_pass_is_asked_again(serve, fault):
    server, usage = serve(times(fault, 2)), Usage()
    assert ask(server.url, usage) == "Valid."
    assert len(server.asked) == 3 == usage.requests
    assert (usage.prompt_tokens, usage.completion_tokens) == (700, 90)


@pytest.mark.parametrize("fault", RETRIABLE)
def test_and_given_up_after_so_many_tries(serve, fault):
    server = serve(times(fault, 3))
    with pytest.raises(endpoint.GaveUp, match="after 3 tries"):
        ask(server.url)
    assert len(server.asked) == 3


def test_so_is_an_address_where_nobody_listens(serve):
    server = serve()
    server.close()
    with pytest.raises(endpoint.GaveUp, match="connection failed: ConnectError"):
        ask(server.url)


@pytest.mark.parametrize(("fault", "error", "problem"), [
    ("400", endpoint.Declined, "status 400: as the script says"),
    ("401", endpoint.Unusable, r"status 401: no such key: Bearer \[key\]"),
    ("no quota", endpoint.Unusable, "status 429: as the script says"),
    ("html", replies.Garbled, "the body must be JSON"),
    ("no choices", replies.Garbled, "choices: must have at least one"),
    ("nothing", replies.Garbled, "content: must be text"),
    ("cut", replies.CutShort, "cut at the token limit"),
    ("filter", replies.Refusal, "content_filter"),
    ("refusal", replies.Refusal, "I cannot help with that")])
def test_an_answer_is_an_answer_and_not_asked_for_again(serve, fault, error, problem):
    server = serve(times(fault, 1))
    with pytest.raises(error, match=problem):
        ask(server.url)
    assert len(server.asked) == 1


def test_retry_after_is_waited_for(serve):
    server = serve(times("429", 1))
    assert ask(server.url) == "Valid."
    first, second = (asked.at for asked in server.asked)
    assert second - first >= 1


def test_retry_after_holds_back_everybody(serve):
    server = serve(lambda identity, call, nth: "429" if identity == "r-0" and not nth else None)

    async def call():
        pace = WatchedPace()
        async with endpoint.Endpoint(settings(server.url), pace, Usage()) as asker:
            first = asyncio.create_task(asker.complete(body("r-0")))
            await asyncio.wait_for(pace.held.wait(), 30)
            await asyncio.gather(first, *(asker.complete(body(f"r-{i}")) for i in range(1, 4)))

    asyncio.run(call())
    assert len(server.asked) == 5
    assert all(asked.at - server.asked[0].at >= 1 for asked in server.asked[1:])


def test_retry_after_may_be_a_date():
    at = datetime.datetime.now(datetime.UTC) + datetime.timedelta(seconds=100)
    assert 98 <= endpoint.retry_after_s(email.utils.format_datetime(at, usegmt=True)) <= 100
    assert endpoint.retry_after_s("Wed, 21 Oct 2015 07:28:00 GMT") == 0
    assert endpoint.retry_after_s("7") == 7
    for nonsense in (None, "", "soon", "-3", "1e9"):
        assert endpoint.retry_after_s(nonsense) is None


def test_who_wants_to_be_left_alone_for_too_long_is_not_asked_again(serve):
    server = serve(times("429 for an hour", 1))
    with pytest.raises(endpoint.Unusable, match="Retry-After is 3600 s, at most 60 s are waited"):
        ask(server.url)
    assert len(server.asked) == 1


def test_the_key_is_in_the_header_and_in_no_description(serve):
    server = serve()
    ask(server.url)
    assert server.asked[0].authorization == f"Bearer {KEY}"
    assert KEY not in repr(settings(server.url))
    ask(server.url, key=None)
    assert server.asked[1].authorization is None


def test_requests_leave_no_faster_than_the_rate():
    async def leave():
        pace = Pace(per_minute=1200)
        start = time.monotonic()

        async def one():
            await pace.turn()
            return time.monotonic() - start
        return sorted(await asyncio.gather(*(one() for _ in range(6))))

    left = asyncio.run(leave())
    for number, at in enumerate(left):
        assert at >= number * 0.05 - 0.001

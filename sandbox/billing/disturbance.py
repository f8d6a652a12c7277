"""Carries out what a fault does to a call as a whole."""

import math
import os
import time
from collections.abc import Callable

from flask import Response

from sandbox.billing.faults import Action, Rule
from sandbox.billing.problems import problem

_PAGE = "<!doctype html><title>Welcome</title><p>We will be back soon.</p>"
_CRASHED = 70


def disturbed(
    rule: Rule | None, act: Callable[[], Response], crash: Callable[[], Response]
) -> Response:
    """The answer to a call that a rule, or none, has its way with; ``act`` does the work.

    What is another piece of work rather than another answer (half a batch, late, a saved 500, a
    doctored statement) is not seen here.
    """
    if rule is None:
        return act()
    before = _BEFORE.get(rule.action)
    if before is not None:
        return before(rule)
    if rule.action is Action.CRASH_BEFORE_ACTING:
        return crash()
    if rule.action is Action.SLOW:
        time.sleep(rule.seconds)
    answer = act()
    if rule.action is Action.CRASH_AFTER_ACTING:
        return crash()
    after = _AFTER.get(rule.action)
    return after(rule, answer) if after else answer


def end_hard() -> Response:
    """As by SIGKILL or a loss of power: nothing is tidied up."""
    os._exit(_CRASHED)


def too_many(seconds: float) -> Response:
    """Nothing was done; the caller is to come again later."""
    answer = problem(429, "rate_limited", "too many top-ups at once")
    answer.headers["Retry-After"] = str(max(1, math.ceil(seconds)))
    return answer


def went_wrong(_: Rule | None = None) -> Response:
    """A 500, whatever was done."""
    return problem(500, "internal_error", "something went wrong")


def timed_out() -> Response:
    """As a gateway on the way says that it has waited for too long."""
    return problem(504, "timeout", "took too long")


def _kept_waiting(rule: Rule) -> Response:
    """By the time this is sent, a caller with time-outs has long gone."""
    time.sleep(rule.seconds)
    return timed_out()


def _page(_: Rule, __: Response) -> Response:
    return Response(_PAGE, content_type="text/html; charset=utf-8")


def _cut(rule: Rule, answer: Response) -> Response:
    """The announced length, fewer bytes, and the connection is lost."""
    body = answer.get_data()

    headers = {"Content-Length": str(len(body)), "Content-Type": answer.content_type}
    return Response(iter([body[: min(rule.bytes, len(body) - 1)]]), answer.status_code, headers)


_BEFORE: dict[Action, Callable[[Rule], Response]] = {
    Action.TIMEOUT_BEFORE_ACTING: _kept_waiting,
    Action.ERROR_500_BEFORE_ACTING: went_wrong,
    Action.RATE_LIMIT: lambda rule: too_many(rule.seconds),
}

_AFTER: dict[Action, Callable[[Rule, Response], Response]] = {
    Action.TIMEOUT_AFTER_ACTING: lambda rule, _: _kept_waiting(rule),
    Action.ERROR_500_AFTER_ACTING: lambda rule, _: went_wrong(rule),
    Action.HTML_200: _page,
    Action.DROP: _cut,
}

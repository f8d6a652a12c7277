"""Carries out what a fault does to a call as a whole."""

import time
from collections.abc import Callable

from flask import Response

from sandbox.billing.faults import Action, Rule
from sandbox.billing.problems import problem

_PAGE = "<!doctype html><title>Welcome</title><p>We will be back soon.</p>"


def disturbed(rule: Rule | None, act: Callable[[], Response]) -> Response:
    """The answer to a call that a rule, or none, has its way with; ``act`` does the work.

    ``half_batch`` is not seen here: it is a smaller piece of work, not another answer.
    """
    if rule is None:
        return act()
    if rule.action is Action.TIMEOUT_BEFORE_ACTING:
        return _kept_waiting(rule.seconds)
    if rule.action is Action.SLOW:
        time.sleep(rule.seconds)
    answer = act()
    if rule.action is Action.TIMEOUT_AFTER_ACTING:
        return _kept_waiting(rule.seconds)
    if rule.action is Action.ERROR_500_AFTER_ACTING:
        return problem(500, "internal_error", "something went wrong")
    if rule.action is Action.HTML_200:
        return Response(_PAGE, content_type="text/html; charset=utf-8")
    return answer


def _kept_waiting(seconds: float) -> Response:
    """By the time this is sent, a caller with time-outs has long gone."""
    time.sleep(seconds)
    return problem(504, "timeout", "took too long")

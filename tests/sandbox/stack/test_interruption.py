"""Wishes to stop, each heard once."""

import signal

import pytest

from sandbox.stack.interruption import Interrupted, Interruptible


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_the_first_wish_is_heard_and_no_other(number: signal.Signals) -> None:
    former = signal.getsignal(number)
    with Interruptible() as wishes:
        with pytest.raises(Interrupted):
            signal.raise_signal(number)
        signal.raise_signal(number)
        wishes.listen_again()
        with pytest.raises(Interrupted):
            signal.raise_signal(signal.SIGTERM)
    assert signal.getsignal(number) == former


def test_nohup_is_respected() -> None:
    former = signal.signal(signal.SIGHUP, signal.SIG_IGN)
    try:
        with Interruptible():
            signal.raise_signal(signal.SIGHUP)
    finally:
        signal.signal(signal.SIGHUP, former)

"""A plugin, read before anything else: thousands of tests are collected, and none is garbage."""

import gc

_SELDOM = (100_000, 20, 100)
"""When garbage is looked for: all that was collected is looked through each time else."""

gc.set_threshold(*_SELDOM)


def pytest_collection_finish() -> None:
    """What is there now stays until the end: nobody need look whether it is garbage."""
    gc.collect()
    gc.freeze()

"""Whatever the API document allows, and what it does not: no fault of ours, no answer untold.

Schemathesis makes the requests out of the document: the edges of each parameter and field, what is
just beyond them, and what comes by chance. `make api-fuzz N=1000 SEED=7` sends more of it.
"""

import os
from collections.abc import Iterator
from itertools import islice
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis import strategies as st
from schemathesis import Case, GenerationMode
from schemathesis.specs.openapi.checks import unsupported_method

from tests.told import CHECKS, Operation, is_guarded, meant_for, operations, told
from tests.wsgi.visitors import Scene

EXAMPLES = int(os.environ.get("API_FUZZ_EXAMPLES", "6"))
"""By chance, for each operation and each sort of visitor; the edges come on top."""
SEED = int(os.environ.get("API_FUZZ_SEED", "1"))
KNOCKS = 6
"""How many of the edges a stranger tries at a door that is shut."""


def visits() -> Iterator[tuple[str, str]]:
    """Operations and those who come by."""
    for operation in operations():
        if is_guarded(operation):
            yield operation.label, meant_for(operation)
        yield operation.label, "stranger"


@pytest.mark.parametrize(("label", "who"), list(visits()))
def test_nothing_is_a_fault_of_ours_nor_untold(scene: Scene, label: str, who: str) -> None:
    operation = told().find_operation_by_label(label)
    assert operation is not None
    scene.forget_tries()
    is_shut = who == "stranger" and is_guarded(operation)
    edges = islice(at_the_edges(operation), KNOCKS if is_shut else None)
    for place, case in enumerate(edges):
        send(scene, case, who, good=bool(place % 2))
    if not is_shut:
        by_chance(scene, operation, who)


def at_the_edges(operation: Operation) -> Iterator[Case[Any]]:
    """What a parameter or a field may just be, and what it may just not be."""
    schema = operation.schema
    yield from schema.iter_coverage_cases(
        operation,
        generation_modes=list(GenerationMode),
        generation_config=schema.config.generation_for(operation=operation),
    )


def by_chance(scene: Scene, operation: Operation, who: str) -> None:
    """What comes by chance, as told; half of it with ids and tokens of what is there."""
    chance = settings(
        max_examples=EXAMPLES,
        deadline=None,
        database=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )

    @seed(SEED)
    @chance
    @given(case=operation.as_strategy(), good=st.booleans())
    def sent(case: Case[Any], good: bool) -> None:
        send(scene, case, who, good=good)

    sent()


def send(scene: Scene, case: Case[Any], who: str, *, good: bool) -> None:
    """Send a request and look at the answer."""
    if good and is_allowed(case):
        case.path_parameters = scene.filled(case.path_parameters, path=True)
        case.body = scene.filled(case.body)
    response = case.call(app=scene.world.app, headers=scene.headers(who))
    case.validate_response(response, checks=[*CHECKS, unsupported_method])


def is_allowed(case: Case[Any]) -> bool:
    return case.meta is None or case.meta.generation.mode is GenerationMode.POSITIVE

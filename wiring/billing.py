"""The operator's billing as the settings have it: over HTTP behind a circuit breaker, or files."""

from pathlib import Path

from tracker.gateways.billing import HttpBilling
from tracker.gateways.circuit import Circuit
from tracker.gateways.guarded import GuardedBilling
from tracker.gateways.registry import RegistryBilling
from tracker.kit.settings import Settings
from tracker.kit.tasks import connect_redis
from tracker.settlement.ports import BillingGateway


def billing_of(settings: Settings) -> BillingGateway:
    """The gateway that settlement works with."""
    if isinstance(settings.billing, Path):
        return RegistryBilling(settings.billing, settings.billing_timeout)
    circuit = Circuit(connect_redis(settings.redis_url))
    http = HttpBilling(
        settings.billing, settings.billing_token, settings.billing_timeout, circuit.rest
    )
    return GuardedBilling(http, circuit)

"""Zoho CRM's side of the house: how its records are written and read, and the client of its API."""

from typing import TYPE_CHECKING

from mzi_core.lazy import finder

if TYPE_CHECKING:
    from mzi_adapters.zoho.callbacks import Notification, WatchCallbacks, Webhooks, is_echo
    from mzi_adapters.zoho.codec import ZohoCodec
    from mzi_adapters.zoho.gateway import ZohoClient, open_zoho
    from mzi_adapters.zoho.hosts import CONCURRENCY, DATA_CENTRES, DataCentre, ZohoAccount, data_centre
else:  # a type checker would take any name for one of these
    __getattr__ = finder(__name__, ["hosts", "codec", "callbacks", "gateway"])

__all__ = [
    "CONCURRENCY",
    "DATA_CENTRES",
    "DataCentre",
    "Notification",
    "WatchCallbacks",
    "Webhooks",
    "ZohoAccount",
    "ZohoClient",
    "ZohoCodec",
    "data_centre",
    "is_echo",
    "open_zoho",
]

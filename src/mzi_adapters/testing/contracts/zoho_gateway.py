"""The contract of the `ZohoGateway` port: subclass `ZohoGatewayContract` over a fixture `remote`, a `Remote`.

The organisation behind it has the modules that mzi declares, and may hold other records: every case marks
its own. A binding clears up after each case with `Remote.clear`. Cases write, change and delete.
"""

from mzi_adapters.testing.contracts.zoho_gateway_metadata import MetadataPromises
from mzi_adapters.testing.contracts.zoho_gateway_pages import DeletedPromises, PagingPromises
from mzi_adapters.testing.contracts.zoho_gateway_reading import RemoteReadingPromises
from mzi_adapters.testing.contracts.zoho_gateway_rows import RowPromises
from mzi_adapters.testing.contracts.zoho_gateway_status import StatusPromises
from mzi_adapters.testing.contracts.zoho_gateway_watching import WatchingPromises
from mzi_adapters.testing.contracts.zoho_gateway_writing import (
    RemoteDeletionPromises,
    UpdatingPromises,
    UpsertPromises,
)


class ZohoGatewayContract(
    StatusPromises,
    MetadataPromises,
    RemoteReadingPromises,
    PagingPromises,
    DeletedPromises,
    UpsertPromises,
    UpdatingPromises,
    RemoteDeletionPromises,
    RowPromises,
    WatchingPromises,
):
    """Everything the docstrings of the port promise, a test each."""

"""One tenant's Zoho CRM: put together from what each capability needs.

Every method raises GatewayError's descendants: AuthRevoked stops all work, GatewayUnavailable passes,
GatewayRefused does not. What concerns one record of a call is a result of that record, never an exception.
"""

from typing import Protocol

from mzi_core.ports.zoho.metadata import ZohoMetadata
from mzi_core.ports.zoho.reading import ZohoReading
from mzi_core.ports.zoho.status import ZohoStatus
from mzi_core.ports.zoho.watching import ZohoWatching
from mzi_core.ports.zoho.writing import ZohoWriting


class ZohoGateway(ZohoStatus, ZohoMetadata, ZohoReading, ZohoWriting, ZohoWatching, Protocol):
    """One tenant's Zoho CRM."""

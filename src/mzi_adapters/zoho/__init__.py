"""Zoho CRM's side of the house: how its records are written and read."""

from mzi_adapters.zoho.codec import ZohoCodec

__all__ = ["ZohoCodec"]

"""A Zoho CRM in memory."""

from mzi_adapters.testing.zoho.college import define_modules
from mzi_adapters.testing.zoho.fake import FakeZoho

__all__ = ["FakeZoho", "define_modules"]

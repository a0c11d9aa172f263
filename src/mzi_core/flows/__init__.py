"""Flows: kinds of agreement between what Zoho says and what Moodle says, each a queue of deliveries."""

from mzi_core.flows.taking import looked_at_for, take_flow

__all__ = ["looked_at_for", "take_flow"]

"""Flows: kinds of agreement between what Zoho says and what Moodle says, each a queue of deliveries."""

from mzi_core.flows.names import flow_names, meant_flows
from mzi_core.flows.taking import looked_at_for, subject_of, take_flow

__all__ = ["flow_names", "looked_at_for", "meant_flows", "subject_of", "take_flow"]

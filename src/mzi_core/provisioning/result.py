"""A step that was carried out, with what became of it."""

from collections.abc import Mapping
from typing import Generic

import attrs

from mzi_core.ports import Applied, Rejected, Unknown, WriteResult
from mzi_core.ports.writes import Id_co
from mzi_core.provisioning.step import Action, Step


@attrs.frozen(kw_only=True)
class StepResult(Generic[Id_co]):
    """A step and what the remote made of it: `result` is None where nothing was sent."""

    step: Step[object]
    result: WriteResult[Id_co] | None = None

    @property
    def well(self) -> bool:
        """Whether both sides say the same now, or would after a preview."""
        return self.step.act.agrees and (self.result is None or isinstance(self.result, Applied))

    @property
    def why(self) -> str:
        """Why it was not done, else what the step itself has to say; a sentence, or nothing."""
        return self.result.why if isinstance(self.result, Rejected | Unknown) else self.step.why

    @property
    def created(self) -> Id_co | None:
        """The id of what was created, where our record is to know it."""
        return self.result.id if self.step.learns and isinstance(self.result, Applied) else None

    @property
    def learned(self) -> Mapping[str, object]:
        """What our record is to say from now on, by field, besides what the step linked before it wrote.

        The moment only where it is that of the record's own counterpart, not of another one with its key.
        """
        step, result = self.step, self.result
        if not isinstance(result, Applied):
            return {}
        found: dict[str, object] = {**step.links} if step.act is Action.CREATE else {}
        if step.learns and self.created is not None:
            found[step.learns] = self.created
        if result.modified_at is not None and result.id == step.zoho_id:
            found["modified_at"] = result.modified_at
        return found

    @property
    def existing(self) -> Id_co | None:
        """The id of what has the key of what was to be created, where the remote said it."""
        return self.result.existing if isinstance(self.result, Rejected) else None

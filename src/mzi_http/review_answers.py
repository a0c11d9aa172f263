"""Items of the review list as they are answered; see `shapes`."""

from mzi_core.ports import ReviewItem
from mzi_http.answers import moment
from mzi_http.shapes import ListedReview


def listed_review(item: ReviewItem) -> ListedReview:
    """What is asked, and how it was decided."""
    return {
        "kind": item.kind,
        "key": item.key,
        "subject": item.subject,
        "module": item.module,
        "why": item.why,
        "candidates": [{"id": each.id, "sentence": each.sentence} for each in item.candidates],
        "state": item.state,
        "opened_at": moment(item.opened_at),
        "choice": item.choice,
        "decided_by": item.decided_by or None,
        "decided_at": None if item.decided_at is None else moment(item.decided_at),
    }

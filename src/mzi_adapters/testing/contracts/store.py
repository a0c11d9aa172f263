"""The contract of the `Store` port: subclass `StoreContract` over a fixture `store`, an empty store.

The store must be ready (its schema in place) and hold no tenant but the default one. The cases furnish it
themselves, and with every one of them goes a canary: a second tenant with the same ids, untouched at the end.
"""

from mzi_adapters.testing.contracts.store_brake import BrakePromises, PlanPromises
from mzi_adapters.testing.contracts.store_breakers import StoredBreakerPromises
from mzi_adapters.testing.contracts.store_columns import (
    AddingPromises,
    ParkingPromises,
    RecordUpdatePromises,
    ValuesPromises,
)
from mzi_adapters.testing.contracts.store_columns_refused import (
    NothingPromises,
    RefusedAddingPromises,
    RefusedChangingPromises,
)
from mzi_adapters.testing.contracts.store_decisions import DecisionPromises
from mzi_adapters.testing.contracts.store_deliveries import ClaimPromises, MakingDuePromises
from mzi_adapters.testing.contracts.store_deliveries_asked import DecidedPromises, DeliveryListPromises
from mzi_adapters.testing.contracts.store_deliveries_ended import EndingPromises
from mzi_adapters.testing.contracts.store_event_sources import EventSourcePromises
from mzi_adapters.testing.contracts.store_events import (
    EventListPromises,
    EventPromises,
    EventTransactionPromises,
)
from mzi_adapters.testing.contracts.store_history import HistoryPromises
from mzi_adapters.testing.contracts.store_idempotency import StoredResponsePromises
from mzi_adapters.testing.contracts.store_lists import ListingPromises
from mzi_adapters.testing.contracts.store_notices import ToldNoticePromises
from mzi_adapters.testing.contracts.store_parked import ParkedRecordPromises
from mzi_adapters.testing.contracts.store_records import ExactnessPromises, RecordPromises
from mzi_adapters.testing.contracts.store_registry import RegistryPromises
from mzi_adapters.testing.contracts.store_review import ReviewPromises
from mzi_adapters.testing.contracts.store_revisions import RevisionPromises
from mzi_adapters.testing.contracts.store_runs import RunPromises, UnfinishedPromises
from mzi_adapters.testing.contracts.store_settings import SettingsPromises
from mzi_adapters.testing.contracts.store_together import LockPromises, ReadingAsidePromises
from mzi_adapters.testing.contracts.store_tokens import AccessTokenPromises, StoredLeasePromises
from mzi_adapters.testing.contracts.store_touch import TouchPromises
from mzi_adapters.testing.contracts.store_transactions import TransactionPromises
from mzi_adapters.testing.contracts.store_writes import (
    DeletionPromises,
    MarkingPromises,
    UniquenessPromises,
    WritingPromises,
)


class StoreContract(
    TransactionPromises,
    LockPromises,
    ReadingAsidePromises,
    SettingsPromises,
    RegistryPromises,
    EventSourcePromises,
    ExactnessPromises,
    RecordPromises,
    WritingPromises,
    UniquenessPromises,
    DeletionPromises,
    MarkingPromises,
    ValuesPromises,
    AddingPromises,
    RecordUpdatePromises,
    RefusedAddingPromises,
    RefusedChangingPromises,
    NothingPromises,
    TouchPromises,
    RevisionPromises,
    ListingPromises,
    ParkedRecordPromises,
    ParkingPromises,
    HistoryPromises,
    DecisionPromises,
    EventPromises,
    EventListPromises,
    EventTransactionPromises,
    StoredResponsePromises,
    RunPromises,
    UnfinishedPromises,
    AccessTokenPromises,
    StoredLeasePromises,
    StoredBreakerPromises,
    MakingDuePromises,
    ClaimPromises,
    EndingPromises,
    DecidedPromises,
    DeliveryListPromises,
    BrakePromises,
    PlanPromises,
    ReviewPromises,
    ToldNoticePromises,
):
    """Everything the docstrings of the port promise, a test each."""

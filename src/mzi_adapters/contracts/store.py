"""The contract of the `Store` port: subclass `StoreContract` over a fixture `store`, an empty store.

The store must be ready (its schema in place) and hold no tenant but the default one. The cases furnish it
themselves, and with every one of them goes a canary: a second tenant with the same ids, untouched at the end.
"""

from mzi_adapters.contracts.store_again import TouchPromises, UnfinishedPromises
from mzi_adapters.contracts.store_columns import (
    AddingPromises,
    ChangingPromises,
    ParkingPromises,
    ValuesPromises,
)
from mzi_adapters.contracts.store_columns_refused import (
    NothingPromises,
    RefusedAddingPromises,
    RefusedChangingPromises,
)
from mzi_adapters.contracts.store_kept import AnswerPromises, DecisionPromises, GrantPromises, RunPromises
from mzi_adapters.contracts.store_lists import HeldPromises, ListingPromises
from mzi_adapters.contracts.store_records import ExactnessPromises, ReadingPromises
from mzi_adapters.contracts.store_together import ReadingAsidePromises, TurnPromises
from mzi_adapters.contracts.store_transactions import (
    RegistryPromises,
    SettingsPromises,
    TransactionPromises,
)
from mzi_adapters.contracts.store_writes import (
    DeletingPromises,
    MarkingPromises,
    UniquenessPromises,
    WritingPromises,
)


class StoreContract(
    TransactionPromises,
    TurnPromises,
    ReadingAsidePromises,
    SettingsPromises,
    RegistryPromises,
    ExactnessPromises,
    ReadingPromises,
    WritingPromises,
    UniquenessPromises,
    DeletingPromises,
    MarkingPromises,
    ValuesPromises,
    AddingPromises,
    ChangingPromises,
    RefusedAddingPromises,
    RefusedChangingPromises,
    NothingPromises,
    TouchPromises,
    ListingPromises,
    HeldPromises,
    ParkingPromises,
    DecisionPromises,
    AnswerPromises,
    RunPromises,
    UnfinishedPromises,
    GrantPromises,
):
    """Everything the docstrings of the port promise, a test each."""

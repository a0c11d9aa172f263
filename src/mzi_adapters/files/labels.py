"""What the columns of an export are called: labels, API names, and the words of one tenant."""

from collections import Counter
from collections.abc import Mapping
from functools import cache

from mzi_core.field_reference import known_fields
from mzi_core.module import AnyModule, Kind
from mzi_core.suggestions import Spellings, nearest, plain, spellings

ID_TITLES = frozenset({"record id", "id"})
OF_LOOKUP = ".id"
_OF_MODULE = ".module"
"""With which a backup names the module of a lookup that may point into several."""

_OF_EVERY_MODULE = (
    *(
        "Created Time",
        "Modified Time",
        "Created By",
        "Modified By",
        "Owner",
        "Tag",
        "Currency",
        "Exchange Rate",
    ),
    *("Last Activity Time", "User Modified Time", "System Modified Time", "System Related Activity Time"),
    *("Layout", "Locked", "Connected To", "Unsubscribed Mode", "Unsubscribed Time", "Record Image"),
    *("Record Status", "Record Creation Source ID"),
)
"""Labels that Zoho gives fields of any module, whether mzi reads them or not."""


@cache
def _api_names(name: str, declared: tuple[str, ...]) -> Mapping[str, str]:
    known = known_fields(name)
    labels = Counter(plain(field.label) for field in known.values())
    spelled = {
        plain(field.label): field.api_name for field in known.values() if labels[plain(field.label)] == 1
    }
    return spelled | {plain(each): each for each in reversed((*declared, *known))}


def api_names(module: AnyModule) -> Mapping[str, str]:
    """API names by every plain spelling that can only mean them: declared and known names, then labels."""
    return _api_names(module.name, tuple(name for field in module.fields for name in field.names))


def kinds(module: AnyModule) -> Mapping[str, Kind]:
    """How the value under an API name is held, where the declaration or the reference says so."""
    found = {name: field.kind for name, field in known_fields(module.name).items()}
    return found | {name: field.kind for field in module.fields for name in field.names}


def bare(title: str) -> str:
    """A title without what marks the id of a lookup."""
    return title.removesuffix(OF_LOOKUP)


def is_id(title: str) -> bool:
    """Whether the ids of the records stand under this title."""
    return title.casefold() in ID_TITLES


_EVERYWHERE = frozenset(map(plain, (*_OF_EVERY_MODULE, *ID_TITLES)))


@cache
def _kept(name: str, declared: tuple[str, ...]) -> Spellings:
    known = known_fields(name)
    return spellings((each, known[each].label if each in known else each) for each in declared)


def is_field(module: AnyModule, title: str) -> bool:
    """Whether a title is the name or label of a field of `module`, read or not."""
    spelled = plain(bare(title).removesuffix(_OF_MODULE))
    return spelled in _EVERYWHERE or spelled in api_names(module)


def meant(module: AnyModule, title: str) -> tuple[str, ...]:
    """Up to three API names that a title may have meant, nearest first: of fields whose values are kept."""
    return nearest(bare(title), _kept(module.name, tuple(n for field in module.fields for n in field.names)))

"""Students and teachers as Moodle accounts. Sources: reference B3, B13."""

from collections.abc import Iterable, Mapping, Sequence
from functools import partial
from typing import Any

import attrs

from mzi_core.internet_domains import in_ascii
from mzi_core.module import Counterpart
from mzi_core.modules import Student, Teacher
from mzi_core.ports import MoodleUser, NewUser, UserChange
from mzi_core.provisioning.step import (
    Action,
    IdNumbers,
    MoodleDefaults,
    NewPasswords,
    Step,
    Usernames,
    apart,
    differences,
    foreseen,
    has_tag,
)
from mzi_core.values import MoodleId, RecordKey, ZohoId

LONGEST = 100
"""What Moodle keeps of a name or an address; a longer one it refuses with an error of its database."""

MAILED = "Moodle makes a password for the new account and mails it at once."

GUEST, FIRST_ADMINISTRATOR = MoodleId(1), MoodleId(2)
"""The accounts every Moodle begins with."""

AccountStep = Step[NewUser | UserChange]


@attrs.frozen(kw_only=True)
class Person:
    """What an account is made from."""

    zoho_id: ZohoId
    email: str | None
    """With its domain in ASCII: Moodle takes no other letter in an address."""

    first_name: str
    last_name: str
    account: MoodleId | None


def person_of(record: Student | Teacher) -> Person:
    """The person behind a record. A name in one field is parted before its last word."""
    if isinstance(record, Teacher):
        first, last = _parted(record.name)
    elif record.first_name and record.last_name:
        first, last = record.first_name.strip(), record.last_name.strip()
    else:
        first, last = _parted(record.full_name or "")
    return Person(
        zoho_id=record.zoho_id,
        email=record.academic_email and in_ascii(record.academic_email),
        first_name=first,
        last_name=last,
        account=record.moodle_userid,
    )


def _parted(name: str) -> tuple[str, str]:
    first, _, last = " ".join(name.split()).rpartition(" ")
    return (first, last) if first else (last, "")


@attrs.frozen(kw_only=True)
class FoundAccounts:
    """What Moodle and our store say: accounts by id, username and address; which record has which account.

    `elsewhere`: which record of another module has which account. `service`: the account behind our token;
    `is_administrator`: it is one of the site's, so that Moodle would let it change the others. `chosen`:
    which account a person has said is whose.
    """

    by_id: Mapping[MoodleId, MoodleUser] = attrs.field(factory=dict)
    by_username: Mapping[str, Sequence[MoodleUser]] = attrs.field(factory=dict)
    by_email: Mapping[str, Sequence[MoodleUser]] = attrs.field(factory=dict)
    owners: Mapping[MoodleId, RecordKey] = attrs.field(factory=dict)
    elsewhere: Mapping[MoodleId, RecordKey] = attrs.field(factory=dict)
    service: MoodleId | None = None
    is_administrator: bool = False
    chosen: Mapping[str, MoodleId] = attrs.field(factory=dict)


def account_steps(
    people: Iterable[Person], found: FoundAccounts, defaults: MoodleDefaults, counterpart: Counterpart
) -> list[AccountStep]:
    """A step for each person. An account is found by its id, else by username and address, both exactly.

    An id can be wrong in Zoho. So an account that has neither the id number, the username nor the address of
    the person is not touched, and neither is the service's own, nor one that a record of another module has.

    `counterpart`: what the declaration says of a record in Moodle.
    """
    link = counterpart.id
    owners = dict(found.owners)
    steps = []
    for person in people:
        step = foreseen(person.zoho_id, partial(_step, person, found, owners, defaults, link))
        if link in step.links:
            owners[step.links[link]] = person.zoho_id
        steps.append(step)
    return steps


def _step(
    person: Person,
    found: FoundAccounts,
    owners: Mapping[MoodleId, RecordKey],
    defaults: MoodleDefaults,
    link: str,
) -> AccountStep:
    problem = _unusable(person)
    if problem:
        return _cannot(person, problem)
    if person.account is not None:
        account = found.by_id.get(person.account)
        if account is None or account.deleted:
            return _cannot(
                person,
                f"Its Moodle account {person.account} is gone; restore it there, or empty the id in Zoho.",
            )
        return _theirs(person, account, found, defaults) or _existing(person, account, link)
    email = str(person.email)
    named = {user.id: user for user in found.by_username.get(email, ())}
    addressed = {user.id: user for user in found.by_email.get(email, ())}
    either = {**named, **addressed}
    if not either:
        return _created(person, defaults, link)
    both = {id for id in named if id in addressed} if named and addressed else set(either)
    candidates = {found.chosen.get(person.zoho_id)} & set(either) or both
    if len(candidates) != 1:
        ids = tuple(sorted(either))
        several = ", ".join(map(str, ids))
        why = f"Moodle accounts {several} share its username or address; keep one of them."
        return _cannot(person, why, ids)
    (account,) = (user for id, user in either.items() if id in candidates)
    owner = owners.get(account.id)
    if owner not in (None, person.zoho_id):
        why = f"Its Moodle account {account.id} already belongs to record {owner}."
        return _cannot(person, why, (account.id,))
    return _theirs(person, account, found, defaults) or _existing(person, account, link)


def _theirs(
    person: Person, account: MoodleUser, found: FoundAccounts, defaults: MoodleDefaults
) -> AccountStep | None:
    """The step about an account that is not this person's to change; None for one that is."""
    if account.id == found.service:
        return _apart(person, account, f"Moodle account {account.id} is the one mzi itself works with.")
    if account.id in (GUEST, FIRST_ADMINISTRATOR):
        why = f"Moodle account {account.id} is the guest or the administrator that Moodle came with."
        return _apart(person, account, why)
    if found.is_administrator:
        why = (
            "The account of mzi is an administrator, so Moodle would let it change other administrators and "
            "does not say who they are; give mzi an account with a role of its own."
        )
        return _apart(person, account, why)
    if account.id_number == person.zoho_id:
        return None
    owner = found.elsewhere.get(account.id)
    if owner is not None:
        why = f"Moodle account {account.id} already belongs to record {owner}."
        return _apart(person, account, why, is_candidate=True)
    if found.chosen.get(person.zoho_id) == account.id:
        return None
    if str(person.email) not in (account.username.lower(), account.email.lower()):
        why = (
            f"Moodle account {account.id} has neither its id number, its username nor its address, so it may "
            "be somebody else's. Correct the id in Zoho, or give the account the address in Moodle."
        )
        return _apart(person, account, why, is_candidate=True)
    if account.id_number and defaults.id_numbers is IdNumbers.KEEP:
        why = (
            f"Moodle account {account.id} has the id number of something else; empty it in Moodle, or let "
            "mzi replace such numbers (`moodle.id_numbers`)."
        )
        return _apart(person, account, why, is_candidate=True)
    return None


def _apart(person: Person, account: MoodleUser, why: str, *, is_candidate: bool = False) -> AccountStep:
    """A step that cannot be done, with both sides shown."""
    return apart(person.zoho_id, account.id, *_sides(person, account), why, is_candidate=is_candidate)


def _sides(person: Person, account: MoodleUser) -> tuple[dict[str, str], dict[str, str]]:
    """What Moodle and what our record say of the same fields."""
    after = _said(person)
    return {name: getattr(account, name) for name in after} | {"email": account.email.lower()}, after


def _unusable(person: Person) -> str:
    if not person.email:
        return "It has no academic e-mail, which is the Moodle username."
    if not person.first_name or not person.last_name:
        return "It has no first and last name; Moodle needs both."
    long = [each for each in (person.email, person.first_name, person.last_name) if len(each) > LONGEST]
    return f"Moodle keeps names and addresses of at most {LONGEST} characters." if long else ""


def _unfit(sent: Iterable[str], said: Mapping[str, str]) -> str:
    """Why Moodle would refuse one of the fields that are to be sent; it would not say which."""
    for field in sent:
        if field in _NAMES and has_tag(said[field]):
            return f"Its {_NAMES[field]} has a `<`, which Moodle takes for HTML; correct it in Zoho."
        if field == "email" and not said[field].isascii():
            odd = next(letter for letter in said[field] if not letter.isascii())
            return f"Its academic e-mail has `{odd}`, which Moodle takes in no address; correct it in Zoho."
    return ""


_NAMES = {"first_name": "first name", "last_name": "last name"}
_USERNAME = frozenset("abcdefghijklmnopqrstuvwxyz0123456789-.@_")
"""The characters of a username, unless a site allows others."""


def _username(person: Person, rule: Usernames) -> str | None:
    """The username of a new account; None where the rule has none that Moodle takes."""
    email = str(person.email)
    if rule is Usernames.EXTENDED or _USERNAME.issuperset(email):
        return email
    return str(person.zoho_id) if rule is Usernames.ADDRESS_OR_ID else None


def _created(person: Person, defaults: MoodleDefaults, link: str) -> AccountStep:
    after = _said(person)
    email = str(person.email)
    unfit = _unfit(after, after)
    if unfit:
        return _cannot(person, unfit)
    username = _username(person, defaults.usernames)
    if username is None:
        odd = next(letter for letter in email if letter not in _USERNAME)
        why = (
            f"Its academic e-mail has `{odd}`, which Moodle takes in no username; correct it, or let mzi "
            "make usernames by another rule (`moodle.usernames`)."
        )
        return _cannot(person, why)
    write = NewUser(
        username=username,
        email=email,
        first_name=person.first_name,
        last_name=person.last_name,
        id_number=person.zoho_id,
        auth=defaults.auth,
        mailed=defaults.passwords is NewPasswords.MAILED,
    )
    return Step(
        zoho_id=person.zoho_id,
        act=Action.CREATE,
        changes=differences(dict.fromkeys(("username", *after)), {"username": username, **after}),
        write=write,
        why=MAILED if write.is_mailed else "",
        learns=link,
    )


def _said(person: Person) -> dict[str, str]:
    return {
        "first_name": person.first_name,
        "last_name": person.last_name,
        "email": str(person.email),
        "id_number": person.zoho_id,
    }


def _existing(person: Person, account: MoodleUser, link: str) -> AccountStep:
    """The step about an account that is there. Its username stays: it is what the person logs in with."""
    before, after = _sides(person, account)
    changes = differences(before, after)
    unfit = _unfit([each.field for each in changes], after)
    if unfit:
        return _apart(person, account, unfit)
    linked = person.account == account.id
    act = Action.CHANGE if changes else Action.NOTHING if linked else Action.LINK
    sent: dict[str, Any] = {each.field: after[each.field] for each in changes}
    return Step(
        zoho_id=person.zoho_id,
        act=act,
        counterpart=str(account.id),
        changes=changes,
        why="The account is suspended." if account.suspended else "",
        write=UserChange(id=account.id, **sent) if changes else None,
        links={} if linked else {link: account.id},
    )


def _cannot(person: Person, why: str, candidates: tuple[MoodleId, ...] = ()) -> AccountStep:
    account = None if person.account is None else str(person.account)
    return Step(
        zoho_id=person.zoho_id, act=Action.CANNOT, counterpart=account, why=why, candidates=candidates
    )

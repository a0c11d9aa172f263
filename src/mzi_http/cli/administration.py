"""`mzi db`, `mzi keys` and `mzi tenants`: the store itself, and who may use it."""

from mzi_core.ports import ApiKey
from mzi_core.use_cases.access import tenant_id
from mzi_http import services
from mzi_http.answers import moment as instant
from mzi_http.answers import store_state
from mzi_http.cli.console_tables import identifier, moment, pairs, plain, table
from mzi_http.cli.shell import AsJson, Ended, Given, Missing, Shell, Tenant, UsageError


def _schema(shell: Shell) -> None:
    if not services.has_schema(shell.settings):
        raise UsageError("This store is in memory: it has no schema, and nothing outlives the command.")


async def upgrade(*, shell: Given) -> Ended:
    """Bring the store's schema up to date; a store that is not there yet is made."""
    _schema(shell)
    await services.upgrade(shell.settings)
    shell.show(f"The schema is at revision {await services.revision(shell.settings)}.")
    return Ended.WELL


async def check(*, shell: Given) -> Ended:
    """Compare the store's schema with the modules mzi knows."""
    _schema(shell)
    async with shell.open():
        found = await services.differences(shell.settings)
    if not found:
        shell.show("The schema is what the modules ask for.")
        return Ended.WELL
    shell.show("The schema differs from what the modules ask for:", "", *map(plain, found))
    return Ended.NO_STORE


async def status(*, as_json: AsJson = False, shell: Given) -> Ended:
    """Say which store this is, and whether it is ready."""
    async with shell.open() as use_cases:
        health = await use_cases.store.health()
    if as_json:
        shell.json(store_state(health))
    else:
        ready = "yes" if health.ready else "no"
        rows = {"store": health.backend, "version": health.version, "ready": ready, "": health.message}
        shell.show(pairs((name, value or "–") for name, value in rows.items()))
    return Ended.WELL if health.ready else Ended.NO_STORE


async def clean(*, tenant: Tenant = None, as_json: AsJson = False, shell: Given) -> Ended:
    """Forget what was kept for as long as the settings say: events, and what was changed of records.

    `events.keep_taken`, `events.keep_refused` and `history.keep` say how many days that is. `mzi serve` does
    so by itself every hour. Events that wait are never forgotten, nor is a student's request.
    """
    from mzi_http.worker import forgotten  # noqa: PLC0415  # as the other commands of the group need it not

    async with shell.open() as use_cases:
        done = await use_cases.forget(shell.tenant(tenant), services.retention_of(shell.settings))
    if as_json:
        shell.json({"forgotten": dict(done)})
    else:
        said = forgotten(done)
        shell.show(f"Forgotten: {said}." if said else "Nothing is old enough to be forgotten.")
    return Ended.WELL


async def new(label: str, /, *, tenant: str | None = None, as_json: AsJson = False, shell: Given) -> Ended:
    """Make a key that opens the service. Its text is shown this once and kept nowhere.

    Parameters
    ----------
    label
        What the key is for, in your own words.
    tenant
        The one tenant it opens; without it the key opens every tenant.
    """
    async with shell.open(Missing.MAKE) as use_cases:
        made, secret = await use_cases.new_key(label, None if tenant is None else tenant_id(tenant))
    if as_json:
        shell.json({**_key(made), "key": secret})
        return Ended.WELL
    opens = "every tenant" if made.tenant is None else f"tenant {made.tenant}"
    shell.say(f"A key for {opens}, shown this once. Send it as `Authorization: Bearer …`.")
    shell.line(secret)
    return Ended.WELL


def _key(one: ApiKey) -> dict[str, object]:
    return {
        "id": one.id,
        "label": one.label,
        "tenant": one.tenant,
        "created_at": instant(one.created_at),
        "revoked_at": None if one.revoked_at is None else instant(one.revoked_at),
    }


async def list_keys(*, as_json: AsJson = False, shell: Given) -> Ended:
    """List the keys, revoked ones too."""
    async with shell.open() as use_cases:
        found = await use_cases.list_keys()
    if as_json:
        shell.json([_key(one) for one in found])
        return Ended.WELL
    shown = table(identifier("key"), "label", "opens", "made", "revoked")
    for one in found:
        opens = one.tenant or "every tenant"
        shown.add_row(one.id, plain(one.label), opens, moment(one.created_at), moment(one.revoked_at))
    shell.show(shown if found else "There is no key; `mzi keys new LABEL` makes one.")
    return Ended.WELL


async def revoke(id: str, /, *, shell: Given) -> Ended:
    """Close a key for good.

    Parameters
    ----------
    id
        The key's public part, as `mzi keys list` shows it.
    """
    async with shell.open() as use_cases:
        closed = await use_cases.revoke_key(id)
    shell.show(f"Key {closed.id} ({plain(closed.label)}) opens nothing since {moment(closed.revoked_at)}.")
    return Ended.WELL


async def add(name: str, /, *, shell: Given) -> Ended:
    """Make a tenant.

    Parameters
    ----------
    name
        Small letters, digits, `-` and `_`.
    """
    async with shell.open(Missing.MAKE) as use_cases:
        made = await use_cases.add_tenant(tenant_id(name))
    shell.show(f"Tenant {name} is made." if made else f"Tenant {name} is there already.")
    return Ended.WELL


async def list_tenants(*, as_json: AsJson = False, shell: Given) -> Ended:
    """List the tenants."""
    async with shell.open() as use_cases:
        found = await use_cases.list_tenants()
    if as_json:
        shell.json(list(found))
    else:
        shell.show(*found)
    return Ended.WELL


async def zone(name: str, /, *, tenant: Tenant = None, shell: Given) -> Ended:
    """Choose the time zone in which the people of a tenant are told times.

    Parameters
    ----------
    name
        As in the IANA database: Asia/Amman.
    """
    async with shell.open(Missing.MAKE) as use_cases:
        chosen = await use_cases.choose_zone(shell.tenant(tenant), name)
    shell.show(f"Times are told in the zone {chosen.zone}.")
    return Ended.WELL

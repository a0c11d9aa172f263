# ruff: noqa: S608  # statements are made of parts that stand here
"""What is said to PostgreSQL and to SQLite about deliveries.

Values stand at %1, %2 and so on (see `Driver.ask`), and many rows at once in one of them, as a JSON array of
objects. On PostgreSQL the time is `clock_timestamp()`, asked once a statement: a sub-select, for an index is
not used with a function that may answer differently for each row. On SQLite the moment is the last value.

On PostgreSQL whoever waits for rows takes them in the order of their keys, so that no two sessions wait for
each other. The tenant stands in the rows that are asked for, behind MATERIALIZED: seen by the planner, and
while it knows nothing of the table, it would make it read all of a tenant's rows (see `postgres.FINDING`).
"""

from collections.abc import Iterable, Mapping
from functools import cache

import attrs

from mzi_core.ports.deliveries import MOST_PUT_OFF

COLUMNS = (
    *("flow", "key", "subject", "state", "generation", "settled", "due_at", "claim", "leased_until"),
    *("starts", "tries", "look_at", "waits_flow", "waits_key", "agreed", "intent", "plan_id"),
    *("approved_generation", "reason", "updated_at"),
)
"""What is read of a delivery, in this order."""

CLAIMED = (
    *("flow", "key", "subject", "claim", "generation", "starts", "tries", "due_at", "leased_until"),
    *("agreed", "intent", "plan_id", "approved_generation", "was"),
)
"""What a claim says, in this order, and the state before."""


@attrs.frozen(kw_only=True)
class Statements:
    """One statement for each thing there is to be done."""

    make_due: str
    claim: str
    claim_some: str
    fence: str
    renew: str
    note: str
    end: str
    redrive: str
    wake: str
    approve: str
    reject: str
    pause: str
    flows: str
    at: str
    states: str
    held_under: str
    add_counts: str
    forget: str
    due_flows: str


def _read(condition: str, order: str, hint: str = "") -> str:
    return (
        f"SELECT {', '.join(COLUMNS)} FROM deliveries{hint} "
        f"WHERE tenant_id = %1 AND {condition} ORDER BY {order}"
    )


FILTERS = {
    "flow": "flow = {}",
    "state": "state = {}",
    "subject": "subject = {} AND subject != ''",
    "plan_id": "plan_id = {} AND state = 'held'",
}
"""What may be asked of the deliveries in a list."""


_FEW_HAVE = {"plan_id": "ix_deliveries_plan", "subject": "ix_deliveries_subject"}


@cache
def listed(dialect: str, *asked: str) -> str:
    """A page of those of which all that is asked holds; the values stand in the same order.

    They are followed by what the page begins behind, a key, or where no flow is asked a flow and a key; and
    by how many are wanted. SQLite is told by which index it finds few: without ANALYZE, which nobody runs, it
    would go by the state.
    """
    place = 2 + len(asked)
    behind, more = ("key > %{0}", 1) if "flow" in asked else ("(flow, key) > (%{0}, %{1})", 2)
    conditions = [FILTERS[name].format(f"%{number}") for number, name in enumerate(asked, 2)]
    conditions.append(behind.format(place, place + 1))
    index = next((_FEW_HAVE[name] for name in _FEW_HAVE if name in asked), None)
    hint = f" INDEXED BY {index}" if index and dialect == "sqlite" else ""
    order = f"{'key' if 'flow' in asked else 'flow, key'} LIMIT %{place + more}"
    return _read(" AND ".join(conditions), order, hint)


ONE = _read("flow = %2 AND key = %3", "key")
COUNTS = "SELECT flow, state, number FROM delivery_counts WHERE tenant_id = %1 AND number > 0"
RESUME = "DELETE FROM delivery_pauses WHERE tenant_id = %1 AND flow = %2"

HELD = "state = 'held' AND plan_id = %2"
"""Which deliveries are held under a plan."""

APPROVED = "approved_generation = generation + 1"
REJECTED = """\
was = state, state = 'settled', settled = generation, reason = %3, updated_at = {now}"""

MADE_DUE = """\
generation = generation + 1, was = state, state = 'due', due_at = {now}, starts = 0, tries = 0,
    waits_flow = NULL, waits_key = NULL, reason = '', updated_at = {now}"""
"""What is set of one that was not due."""

MADE_DUE_AGAIN = """\
ON CONFLICT (tenant_id, flow, key) DO UPDATE SET
    generation = d.generation + 1, was = d.state, state = 'due',
    due_at = CASE WHEN d.state = 'due' AND (excluded.was = '' OR d.due_at < excluded.due_at)
        THEN d.due_at ELSE excluded.due_at END,
    starts = CASE d.state WHEN 'due' THEN d.starts ELSE 0 END,
    tries = CASE WHEN d.state = 'due' AND excluded.was = '' THEN d.tries ELSE 0 END,
    reason = CASE WHEN d.state = 'due' AND excluded.was = '' THEN d.reason ELSE '' END,
    waits_flow = NULL, waits_key = NULL, updated_at = excluded.updated_at,
    subject = CASE excluded.subject WHEN '' THEN d.subject ELSE excluded.subject END"""
"""One that is due keeps its time, for a failure may have put it off, unless it is due at once: `was` of what
would be new says so. It may also be at work: then its lease, its claim and its starts are the worker's."""

AT_ONCE = "at once"
WAS = "CASE generation WHEN 1 THEN '' ELSE was END"
"""The state before of one that was made due: a new one was in none."""

NEW = (
    *("tenant_id", "flow", "key", "subject", "claim", "due_at", "updated_at", "generation", "settled"),
    *("state", "was", "starts", "tries", "plan_id", "approved_generation", "reason"),
)
BEGINS = "1, 0, 'due', {how}, 0, 0, '', 0, ''"
"""How the last columns of a new one begin. Its first claim is the moment in microseconds, and therefore above
every claim of one of this key that was forgotten: nobody claims a key a million times a second."""

STARTED = """\
    claim = claim + 1, starts = starts + 1, leased_until = {until}, was = state, state = 'due',
    generation = generation + CASE state WHEN 'settled' THEN 1 ELSE 0 END,
    due_at = CASE state WHEN 'settled' THEN {now} ELSE due_at END,
    reason = CASE state WHEN 'settled' THEN '' ELSE reason END,
    look_at = CASE state WHEN 'settled' THEN NULL ELSE look_at END, updated_at = {now}"""

PAUSED = "EXISTS (SELECT 1 FROM delivery_pauses p WHERE p.tenant_id = {tenant} AND p.flow = {flow})"
FREE = "(leased_until IS NULL OR leased_until <= {now})"

CLAIMABLE = f"""\
tenant_id = %1 AND flow = %2 AND state = 'due' AND due_at <= {{now}} AND {FREE}
        AND NOT {PAUSED.format(tenant="%1", flow="%2")}{{only}}"""

LOOKABLE = f"""\
tenant_id = %1 AND flow = %2 AND state = 'settled' AND look_at <= {{now}}
        AND NOT {PAUSED.format(tenant="%1", flow="%2")}{{only}}"""

CLAIM = f"""\
first AS MATERIALIZED (
    SELECT {{place}} AS place, starts FROM deliveries WHERE {CLAIMABLE} ORDER BY due_at LIMIT 1 {{skip}}
), batch AS MATERIALIZED (
    SELECT {{place}} AS place FROM deliveries
    WHERE {CLAIMABLE} AND starts < 2 AND (SELECT starts FROM first) < 2
    ORDER BY due_at LIMIT %3 {{skip}}
), looks AS MATERIALIZED (
    SELECT {{place}} AS place FROM deliveries
    WHERE {LOOKABLE} AND NOT EXISTS (SELECT 1 FROM first WHERE starts >= 2)
    ORDER BY look_at LIMIT %3 - (SELECT count(*) FROM batch) {{skip}}
)
UPDATE deliveries SET {STARTED}
WHERE {{is_one_of}} (
    SELECT place FROM batch UNION ALL SELECT place FROM looks
    UNION ALL SELECT place FROM first WHERE starts >= 2
){{end}} RETURNING {", ".join(CLAIMED)}"""
"""The oldest decides: begun twice and never ended, it is claimed alone; else with others that are not so."""

IS_OURS = "d.claim = number AND d.leased_until IS NOT NULL"
"""Whether a claim is the newest, and not ended: an end takes the lease away."""

IS_ASKED = "d.tenant_id = of_tenant AND d.flow = of_flow AND d.key = of_key"

ENDED = """\
    settled = CASE ending WHEN 'settled' THEN worked_on ELSE settled END,
    was = state,
    state = CASE WHEN generation > worked_on THEN 'due' ELSE ending END,
    due_at = CASE WHEN ending = 'due' THEN {after} WHEN generation > worked_on THEN {now} ELSE due_at END,
    leased_until = NULL,
    starts = CASE WHEN ending = 'due' AND counts = 0 THEN starts - 1 ELSE 0 END,
    tries = CASE WHEN ending = 'due' THEN tries + counts
        WHEN ending = 'dead' AND generation = worked_on THEN tries ELSE 0 END,
    look_at = {look},
    waits_flow = CASE WHEN ending = 'waiting' AND generation = worked_on THEN on_flow END,
    waits_key = CASE WHEN ending = 'waiting' AND generation = worked_on THEN on_key END,
    agreed = CASE WHEN new_agreed IS NULL THEN agreed WHEN {forgets_agreed} THEN NULL ELSE new_agreed END,
    intent = CASE ending WHEN 'settled' THEN NULL ELSE intent END,
    plan_id = coalesce(under_plan, plan_id),
    reason = CASE WHEN ending = 'due' OR generation = worked_on THEN why ELSE '' END,
    updated_at = {now}"""

NOTED = """\
    agreed = CASE WHEN new_agreed IS NULL THEN agreed WHEN {forgets_agreed} THEN NULL ELSE new_agreed END,
    intent = CASE WHEN new_intent IS NULL THEN intent WHEN {forgets_intent} THEN NULL ELSE new_intent END,
    updated_at = {now}"""

DUE_FLOWS = f"""\
SELECT known.tenant_id, known.flow FROM (
    SELECT DISTINCT tenant_id, flow FROM delivery_counts WHERE (tenant_id, flow) > (%1, %2)
) AS known
WHERE NOT {PAUSED.format(tenant="known.tenant_id", flow="known.flow")} AND (
    EXISTS (
        SELECT 1 FROM deliveries d WHERE d.tenant_id = known.tenant_id AND d.flow = known.flow
        AND d.state = 'due' AND d.due_at <= {{now}} AND {FREE}
    ) OR EXISTS (
        SELECT 1 FROM deliveries d WHERE d.tenant_id = known.tenant_id AND d.flow = known.flow
        AND d.state = 'settled' AND d.look_at <= {{now}}
    )
) ORDER BY known.tenant_id, known.flow LIMIT %3"""

FLOWS = """\
SELECT known.flow, (
    SELECT min(due_at) FROM deliveries WHERE tenant_id = %1 AND flow = known.flow AND state = 'due'
), p.reason, p.paused_at, {now}, (
    SELECT count(*) FROM (
        SELECT 1 FROM deliveries WHERE tenant_id = %1 AND flow = known.flow AND {later}
        ORDER BY due_at LIMIT {most}
    ) AS put_off
), (
    SELECT min(due_at) FROM deliveries WHERE tenant_id = %1 AND flow = known.flow AND {later}
), (
    SELECT reason FROM deliveries WHERE tenant_id = %1 AND flow = known.flow AND {later}
    ORDER BY due_at LIMIT 1
) FROM (
    SELECT flow FROM delivery_counts WHERE tenant_id = %1
    UNION SELECT flow FROM delivery_pauses WHERE tenant_id = %1
) AS known LEFT JOIN delivery_pauses p ON p.tenant_id = %1 AND p.flow = known.flow ORDER BY known.flow"""

LATER = "state = 'due' AND due_at > {now}"
"""Which deliveries were put off."""

PAUSE = """\
INSERT INTO delivery_pauses (tenant_id, flow, reason, paused_at) VALUES (%1, %2, %3, {now})
ON CONFLICT (tenant_id, flow) DO UPDATE SET reason = excluded.reason"""

FORGETTABLE = "d.state = 'settled' AND d.agreed IS NULL AND d.look_at IS NULL AND d.updated_at <= {before}"

SEEN = """\
SELECT key FROM deliveries WHERE tenant_id = %1 AND flow = %2 AND state = 'settled' AND key > %3
ORDER BY key LIMIT %4"""

ENDING = {
    "of_flow": "text",
    "of_key": "text",
    "number": "bigint",
    "worked_on": "bigint",
    "ending": "text",
    "why": "text",
    "new_agreed": "jsonb",
    "on_flow": "text",
    "on_key": "text",
    "under_plan": "text",
    "after": "interval",
    "counts": "integer",
    "look": "interval",
}
"""What is asked about a claim that ends, with PostgreSQL's types."""

NOTE = {
    "of_flow": "text",
    "of_key": "text",
    "number": "bigint",
    "new_agreed": "jsonb",
    "new_intent": "jsonb",
}
CLAIM_KEY = {"of_flow": "text", "of_key": "text", "number": "bigint"}
KEY = {"of_flow": "text", "of_key": "text"}


HELD_UNDER = """\
SELECT asked.value, (
    SELECT count(*) FROM deliveries{hint} WHERE tenant_id = %1 AND plan_id = asked.value AND state = 'held'
) FROM {asked} AS asked{columns}"""

# PostgreSQL

_NOW = "(SELECT now FROM moment)"
_BEFORE = "clock_timestamp() - %3::interval"
_MOMENT = "WITH moment AS MATERIALIZED (SELECT clock_timestamp() AS now)"


def _asked(columns: Mapping[str, str]) -> str:
    """The rows that are asked about; LIMIT tells the planner how many, which it would else take for 100."""
    kinds = ", ".join(f"{name} {kind}" for name, kind in columns.items())
    return (
        "asked AS MATERIALIZED (\n    SELECT %1::text AS of_tenant, * "
        f"FROM jsonb_to_recordset(%2::text::jsonb) AS asked({kinds})\n"
        "    LIMIT jsonb_array_length(%2::text::jsonb)\n)"
    )


_STATE = ("flow", "key", "state")
"""How a delivery stands, in this order."""


def _each_asked(columns: Iterable[str]) -> str:
    wanted = ", ".join(f"d.{name}" for name in columns)
    return (
        f"WITH {_asked(KEY)} SELECT found.* FROM asked CROSS JOIN LATERAL (\n"
        f"    SELECT {wanted} FROM deliveries d WHERE {IS_ASKED} OFFSET 0\n) AS found"
    )


def _locked(condition: str, strength: str = "NO KEY UPDATE", asked: str = "asked") -> str:
    """Those asked for of which a condition holds, locked one by one in the order of their keys."""
    return f"""\
ours AS MATERIALIZED (
    SELECT asked.* FROM (SELECT * FROM {asked} ORDER BY of_flow COLLATE "C", of_key COLLATE "C") AS asked
    CROSS JOIN LATERAL (
        SELECT 1 FROM deliveries d WHERE {IS_ASKED} AND {condition} LIMIT 1 FOR {strength}
    ) AS locked
)"""


def _claimed(columns: Mapping[str, str], changes: str, returning: str) -> str:
    return (
        f"{_MOMENT}, {_asked(columns)}, {_locked(IS_OURS)}\n"
        f"UPDATE deliveries AS d SET {changes}\nFROM ours WHERE {IS_ASKED} RETURNING {returning}"
    )


WAITS_STILL = "d.state = 'waiting' AND d.waits_flow = on_flow AND d.waits_key = on_key"

_MADE_DUE = f"""\
changed AS (
    UPDATE deliveries AS d SET {MADE_DUE.format(now=_NOW)}
    FROM ours WHERE {IS_ASKED} RETURNING d.flow
) SELECT flow, count(*) FROM changed GROUP BY flow"""


def _of_plan(changes: str) -> str:
    """Change all that is held under a plan; by flow how many."""
    return (
        f"{_MOMENT}, chosen AS MATERIALIZED (\n"
        "    SELECT tenant_id AS of_tenant, flow AS of_flow, key AS of_key FROM deliveries\n"
        f"    WHERE tenant_id = %1 AND {HELD} ORDER BY flow, key FOR NO KEY UPDATE\n"
        f"), changed AS (\n    UPDATE deliveries AS d SET {changes}\n"
        f"    FROM chosen WHERE {IS_ASKED} RETURNING d.flow\n"
        ") SELECT flow, count(*) FROM changed GROUP BY flow"
    )


def _claim(only: str) -> str:
    return f"{_MOMENT}, " + CLAIM.format(
        now=_NOW,
        until=f"{_NOW} + %4::interval",
        place="ctid",
        skip="FOR UPDATE SKIP LOCKED",
        is_one_of="ctid = ANY (ARRAY",
        end=")",
        only=only,
    )


LOCK = f"WITH {_asked(KEY)}, {_locked('true')} SELECT count(*) FROM ours"
"""Wait for rows, on PostgreSQL alone."""

POSTGRES = Statements(
    make_due=f"""\
WITH made AS (
    INSERT INTO deliveries AS d ({", ".join(NEW)})
    SELECT %1, of_flow, of_key, about, (extract(epoch FROM clock_timestamp()) * 1000000)::bigint,
        clock_timestamp(), clock_timestamp(), {BEGINS.format(how="how")}
    FROM jsonb_to_recordset(%2::text::jsonb) AS asked(of_flow text, of_key text, about text, how text)
    {MADE_DUE_AGAIN}
    RETURNING flow, {WAS} AS was
) SELECT flow, was, count(*) FROM made GROUP BY flow, was""",
    claim=_claim(""),
    claim_some=_claim(" AND key = ANY (ARRAY(SELECT jsonb_array_elements_text(%5::text::jsonb)))"),
    # KEY SHARE keeps away a claim, which asks for FOR UPDATE, and nobody who makes the key due: a worker
    # that keeps its fence over a long session would else hold up every intake, and wait for it in turn.
    fence=f"WITH {_asked(CLAIM_KEY)}, {_locked(IS_OURS, 'KEY SHARE')} SELECT of_flow, of_key FROM ours",
    renew=_claimed(
        CLAIM_KEY,
        f"leased_until = {_NOW} + %3::interval, updated_at = {_NOW}",
        "d.flow, d.key, d.leased_until",
    ),
    note=_claimed(
        NOTE,
        NOTED.format(now=_NOW, forgets_agreed="new_agreed = '{}'", forgets_intent="new_intent = '{}'"),
        "d.flow, d.key",
    ),
    end=_claimed(
        ENDING,
        ENDED.format(
            now=_NOW,
            after=f"{_NOW} + after",
            look=f"GREATEST(look_at, {_NOW} + look)",
            forgets_agreed="new_agreed = '{}'",
        ),
        "d.flow, d.key, d.state",
    ),
    redrive=f"""{_MOMENT}, {_asked(KEY)}, {_locked("d.state = 'dead'")}, {_MADE_DUE}""",
    # OFFSET has each parent looked up by itself: else all that wait might be read for a few.
    wake=f"""\
{_MOMENT}, {_asked(KEY)}, waiters AS MATERIALIZED (
    SELECT of_tenant, waiter.* FROM asked CROSS JOIN LATERAL (
        SELECT flow AS of_flow, key AS of_key, waits_flow AS on_flow, waits_key AS on_key FROM deliveries
        WHERE tenant_id = of_tenant AND state = 'waiting'
            AND waits_flow = asked.of_flow AND waits_key = asked.of_key OFFSET 0
    ) AS waiter
), {_locked(WAITS_STILL, asked="waiters")}, {_MADE_DUE}""",
    approve=_of_plan(f"{MADE_DUE.format(now=_NOW)}, {APPROVED}"),
    reject=_of_plan(REJECTED.format(now=_NOW)),
    pause=PAUSE.format(now="clock_timestamp()"),
    flows=f"{_MOMENT} {FLOWS.format(now=_NOW, later=LATER.format(now=_NOW), most=MOST_PUT_OFF)}",
    at=_each_asked(COLUMNS),
    states=_each_asked(_STATE),
    held_under=HELD_UNDER.format(
        hint="", asked="jsonb_array_elements_text(%2::text::jsonb)", columns="(value)"
    ),
    add_counts="""\
INSERT INTO delivery_counts AS c (tenant_id, flow, state, number)
SELECT %1, of_flow, of_state, more
FROM jsonb_to_recordset(%2::text::jsonb) AS asked(of_flow text, of_state text, more bigint)
ON CONFLICT (tenant_id, flow, state) DO UPDATE SET number = c.number + excluded.number""",
    forget=f"""\
WITH {_asked(KEY)}, {_locked(FORGETTABLE.format(before=_BEFORE), "UPDATE SKIP LOCKED")},
gone AS (DELETE FROM deliveries d USING ours WHERE {IS_ASKED} RETURNING 1) SELECT * FROM gone""",
    due_flows=f"{_MOMENT} {DUE_FLOWS.format(now=_NOW)}",
)


# SQLite: `json_each` gives the rows, one session writes at a time, and nobody waits for a row.


def _asked_of_json(columns: Mapping[str, str]) -> str:
    wanted = ", ".join(f"value ->> '{name}' AS {name}" for name in columns)
    return f"WITH asked AS MATERIALIZED (\n    SELECT %1 AS of_tenant, {wanted} FROM json_each(%2)\n)"


def _each_asked_of_json(columns: Iterable[str]) -> str:
    wanted = ", ".join(f"d.{name}" for name in columns)
    return f"{_asked_of_json(KEY)} SELECT {wanted} FROM asked JOIN deliveries d ON {IS_ASKED}"


def _changed_alone(columns: Mapping[str, str], condition: str, changes: str, returning: str) -> str:
    return (
        f"{_asked_of_json(columns)}\nUPDATE deliveries AS d SET {changes}\n"
        f"FROM asked WHERE {IS_ASKED} AND {condition} RETURNING {returning}"
    )


def _claim_alone(only: str) -> str:
    return "WITH " + CLAIM.format(
        now="%5", until="%4", place="rowid", skip="", is_one_of="rowid IN", end="", only=only
    )


SQLITE = Statements(
    make_due=f"""\
INSERT INTO deliveries AS d ({", ".join(NEW)})
SELECT %1, value ->> 'of_flow', value ->> 'of_key', value ->> 'about', %3, %4, %4,
    {BEGINS.format(how="value ->> 'how'")}
FROM json_each(%2) WHERE true
{MADE_DUE_AGAIN}
RETURNING flow, {WAS}, 1""",
    claim=_claim_alone(""),
    claim_some=_claim_alone(" AND key IN (SELECT value FROM json_each(%6))"),
    fence=f"{_asked_of_json(CLAIM_KEY)} SELECT of_flow, of_key FROM asked JOIN deliveries d ON {IS_ASKED} "
    f"WHERE {IS_OURS}",
    renew=_changed_alone(CLAIM_KEY, IS_OURS, "leased_until = %3, updated_at = %4", "flow, key, leased_until"),
    note=_changed_alone(
        NOTE,
        IS_OURS,
        NOTED.format(now="%3", forgets_agreed="new_agreed = '{}'", forgets_intent="new_intent = '{}'"),
        "flow, key",
    ),
    end=_changed_alone(
        ENDING,
        IS_OURS,
        ENDED.format(
            now="%3",
            after="after",
            look="max(coalesce(look_at, look), coalesce(look, look_at))",
            forgets_agreed="new_agreed = '{}'",
        ),
        "flow, key, state",
    ),
    redrive=_changed_alone(KEY, "d.state = 'dead'", MADE_DUE.format(now="%3"), "flow, 1"),
    # As in `listed`: SQLite would go by the state alone.
    wake=f"{_asked_of_json(KEY)} UPDATE deliveries INDEXED BY ix_deliveries_waits "
    f"SET {MADE_DUE.format(now='%3')} "
    f"WHERE tenant_id = %1 AND state = 'waiting' AND "
    "(waits_flow, waits_key) IN (SELECT of_flow, of_key FROM asked) RETURNING flow, 1",
    approve=f"UPDATE deliveries INDEXED BY ix_deliveries_plan SET {MADE_DUE.format(now='%3')}, {APPROVED} "
    f"WHERE tenant_id = %1 AND {HELD} RETURNING flow, 1",
    reject=f"UPDATE deliveries INDEXED BY ix_deliveries_plan SET {REJECTED.format(now='%4')} "
    f"WHERE tenant_id = %1 AND {HELD} RETURNING flow, 1",
    pause=PAUSE.format(now="%4"),
    flows=FLOWS.format(now="%2", later=LATER.format(now="%2"), most=MOST_PUT_OFF),
    at=_each_asked_of_json(COLUMNS),
    states=_each_asked_of_json(_STATE),
    # As in `listed`: SQLite would go by the state alone.
    held_under=HELD_UNDER.format(hint=" INDEXED BY ix_deliveries_plan", asked="json_each(%2)", columns=""),
    add_counts="""\
INSERT INTO delivery_counts AS c (tenant_id, flow, state, number)
SELECT %1, value ->> 'of_flow', value ->> 'of_state', value ->> 'more' FROM json_each(%2) WHERE true
ON CONFLICT (tenant_id, flow, state) DO UPDATE SET number = c.number + excluded.number""",
    forget=f"{_asked_of_json(KEY)} DELETE FROM deliveries AS d WHERE tenant_id = %1 AND "
    f"(flow, key) IN (SELECT of_flow, of_key FROM asked) AND {FORGETTABLE.format(before='%3')} RETURNING 1",
    due_flows=DUE_FLOWS.format(now="%4"),
)

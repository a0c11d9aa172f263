"""Reading records: one, these, those with a value, how many."""

from datetime import UTC, datetime

from mzi_adapters.testing.contracts.fixtures import raises
from mzi_adapters.testing.contracts.zoho_gateway_remote import (
    ATTEMPT,
    DAY,
    FEEDBACK,
    GRADER,
    GRADES,
    KEY,
    LONG_AGO,
    NOBODY,
    PLAIN,
    ROWS,
    SYNCED,
    WITH_ROWS,
    Remote,
    applied,
    id_of,
    row,
    rows_of,
)
from mzi_core.errors import AmbiguousMatch, GatewayError, RemoteNotFound
from mzi_core.ports import Selection


class RemoteReadingPromises:
    """What is there is told as it is."""

    async def test_one_record_comes_whole(self, remote: Remote) -> None:
        """With every value as it was written and its id as text."""
        said = {
            FEEDBACK: "Sehr gut, O'Neil \\ 100 % \u0645\u0645\u062a\u0627\u0632 \U0001f389",
            ATTEMPT: 2,
            DAY: "2026-03-01",
        }
        (zoho_id,) = await remote.plant(1, **said)
        record = await remote.gateway.get(GRADES, zoho_id)
        assert record is not None
        assert {name: record[name] for name in said} == said
        assert id_of(record) == zoho_id

    async def test_an_id_nobody_has_is_nothing(self, remote: Remote) -> None:
        """Not an error."""
        assert await remote.gateway.get(GRADES, NOBODY) is None

    async def test_many_records_come_by_id(self, remote: Remote) -> None:
        """More than one call can ask for, and what is not there is left out."""
        ids = await remote.plant(*range(150))
        found = await remote.gateway.get_many(GRADES, [*ids, NOBODY, *ids[:3]], PLAIN)
        assert {zoho_id: record[KEY] for zoho_id, record in found.items()} == {
            zoho_id: remote.key(n) for n, zoho_id in enumerate(ids)
        }

    async def test_many_records_come_with_their_rows(self, remote: Remote) -> None:
        """A record without rows has an empty list of them."""
        with_rows, without = await remote.plant(1, 2)
        rows = [row("P1", "Achieved"), row("M1", "Not achieved")]
        applied(await remote.gateway.put_rows(GRADES, with_rows, ROWS, rows, key=["LO_Code"]))
        found = await remote.gateway.get_many(GRADES, [with_rows, without], WITH_ROWS)
        assert rows_of(found[with_rows]) == [("M1", "Not achieved"), ("P1", "Achieved")]
        assert rows_of(found[without]) == []

    async def test_a_record_is_found_by_exactly_its_value(self, remote: Remote) -> None:
        """Neither by a value like it, nor by one in other letters, nor by a part of it."""
        near = [f"{remote.mark}-{tail}" for tail in ("S-1", "S_1", "s-1x", "S-11", "O'Neil", "a+b@c.example")]
        records = [{KEY: key, GRADER: key} for key in near]
        for result in await remote.gateway.upsert(GRADES, records, by=[KEY]):
            applied(result)
        for key in near:
            found = await remote.gateway.find(GRADES, KEY, [key], PLAIN)
            assert {value: record[GRADER] for value, record in found.items()} == {key: key}
        for stranger in ("S-", "S-1X", "S 1", "%", "'"):
            assert await remote.gateway.find(GRADES, KEY, [f"{remote.mark}-{stranger}"], PLAIN) == {}

    async def test_records_are_found_by_the_hundred(self, remote: Remote) -> None:
        """In two calls for two hundred; values nobody has are left out."""
        await remote.plant(*range(150))
        before = (await remote.gateway.usage()).calls
        found = await remote.gateway.find(GRADES, KEY, [remote.key(n) for n in range(200)], PLAIN)
        assert sorted(found) == [remote.key(n) for n in range(150)]
        assert (await remote.gateway.usage()).calls == before + 2

    async def test_two_records_with_the_value_are_one_too_many(self, remote: Remote) -> None:
        """Which of them was meant, nobody knows."""
        await remote.plant(1, 2, **{GRADER: f"{remote.mark} Grader"})
        with raises(AmbiguousMatch) as caught:
            await remote.gateway.find(GRADES, GRADER, [f"{remote.mark} Grader"], PLAIN)
        assert remote.mark not in caught.message

    async def test_counting(self, remote: Remote) -> None:
        """Everything, or what was modified since."""
        everything = await remote.gateway.count(GRADES)
        lately = await remote.gateway.count(GRADES, since=LONG_AGO)
        await remote.plant(1, 2, 3)
        assert await remote.gateway.count(GRADES) == everything + 3
        assert await remote.gateway.count(GRADES, since=LONG_AGO) == lately + 3

    async def test_a_module_nobody_has_cannot_be_read(self, remote: Remote) -> None:
        """A module's absence is an error of its own where its fields are asked for."""
        with raises(RemoteNotFound):
            await remote.gateway.fields("No_Such_Module")
        with raises(GatewayError):
            await remote.gateway.get("No_Such_Module", NOBODY)

    async def test_an_empty_selection_is_refused(self, remote: Remote) -> None:
        """Before anything is sent."""
        before = (await remote.gateway.usage()).calls
        with raises(ValueError):
            await remote.gateway.find(GRADES, "No such; name", ["x"], PLAIN)
        with raises(ValueError):
            await remote.gateway.get_many(GRADES, [NOBODY], Selection(fields=()))
        assert (await remote.gateway.usage()).calls == before

    async def test_moments_come_with_their_offset(self, remote: Remote) -> None:
        """Whatever offset the organisation writes, it is the same instant."""
        (zoho_id,) = await remote.plant(1, **{SYNCED: "2026-03-01T09:30:00-07:00"})
        found = await remote.gateway.get_many(GRADES, [zoho_id], Selection(fields=(SYNCED,)))
        assert datetime.fromisoformat(str(found[zoho_id][SYNCED])) == datetime(2026, 3, 1, 16, 30, tzinfo=UTC)

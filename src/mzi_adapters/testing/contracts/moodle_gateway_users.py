"""Users: found exactly, created once, changed each for itself."""

from typing import Any
from unittest import SkipTest

import attrs

from mzi_adapters.testing.contracts.moodle_gateway_campus import NOBODY, Campus, applied_ids, rejection
from mzi_core.ports import Applied, NewUser, RejectionKind, UserChange, UserKey
from mzi_core.provisioning.accounts import FIRST_ADMINISTRATOR


class FindingUsersPromises:
    """Who is found has exactly the value that was asked for."""

    async def test_users_are_found_by_every_key(self, campus: Campus) -> None:
        """Under the value as it was asked for; nobody stands under the others."""
        [id] = applied_ids(
            await campus.gateway.create_users([attrs.evolve(campus.person(1), id_number=campus.mark)])
        )
        campus.made.append(id)
        for key, value in (
            (UserKey.ID, str(id)),
            (UserKey.USERNAME, campus.name(1)),
            (UserKey.EMAIL, campus.name(1)),
            (UserKey.ID_NUMBER, campus.mark),
        ):
            found = await campus.gateway.find_users(
                key, [value, campus.name(404) if key != UserKey.ID else "987654"]
            )
            assert [[user.id for user in users] for users in found.values()] == [[id]], key
            assert list(found) == [value]

    async def test_whoever_is_not_found_in_haste_is_found_on_creating(self, campus: Campus) -> None:
        """An address in capitals may be missed, its owner is not made twice."""
        typed = attrs.evolve(campus.person(1), email=f"Sara.{campus.mark}@MZI.example")
        [id] = applied_ids(await campus.gateway.create_users([typed]))
        campus.made.append(id)
        lower = typed.email.lower()
        found = await campus.gateway.find_users(UserKey.EMAIL, [lower], thoroughly=False)
        assert [user.id for user in found.get(lower, ())] in ([], [id])
        again = attrs.evolve(campus.person(2), email=lower)
        [result] = await campus.gateway.create_users([again])
        assert rejection(result).existing == id

    async def test_usernames_and_addresses_are_found_whatever_their_case(self, campus: Campus) -> None:
        """Moodle keeps addresses as they were typed, and its two databases disagree about them."""
        typed = attrs.evolve(campus.person(1), email=f"Sara.{campus.mark}@MZI.example")
        [id] = applied_ids(await campus.gateway.create_users([typed]))
        campus.made.append(id)
        for asked in (typed.email, typed.email.lower(), typed.email.upper()):
            found = await campus.gateway.find_users(UserKey.EMAIL, [asked])
            assert [user.id for user in found[asked]] == [id]
        shouted = campus.name(1).upper()
        assert (await campus.gateway.find_users(UserKey.USERNAME, [shouted]))[shouted][0].id == id

    async def test_a_wildcard_in_an_address_is_a_letter(self, campus: Campus) -> None:
        """Moodle's search takes `_` for any letter and `%` for any number of them."""
        await campus.people(1, 2, 3)
        for asked in (f"{campus.mark}._@mzi.example", f"{campus.mark}.%@mzi.example", "%"):
            assert await campus.gateway.find_users(UserKey.EMAIL, [asked]) == {}

    async def test_several_users_can_have_one_id_number(self, campus: Campus) -> None:
        """Moodle accepts it, so the caller is told of all."""
        people = [attrs.evolve(campus.person(n), id_number=campus.mark) for n in (1, 2)]
        ids = applied_ids(await campus.gateway.create_users(people))
        campus.made += ids
        found = await campus.gateway.find_users(UserKey.ID_NUMBER, [campus.mark])
        assert sorted(user.id for user in found[campus.mark]) == sorted(ids)

    async def test_a_value_that_moodle_cannot_read_spoils_no_other(self, campus: Campus) -> None:
        """One bad username, and Moodle refuses the whole list."""
        [id] = await campus.people(1)
        found = await campus.gateway.find_users(UserKey.USERNAME, ["bad user!", campus.name(1), ""])
        assert {name: [user.id for user in users] for name, users in found.items()} == {campus.name(1): [id]}

    async def test_many_are_found_in_few_calls_and_none_is_lost(self, campus: Campus) -> None:
        """PHP drops the form fields beyond its limit without a word."""
        ids = await campus.people(*range(1140, 1200))
        asked = [campus.name(n) for n in range(1200)]
        found = await campus.gateway.find_users(UserKey.USERNAME, asked)
        assert sorted(user.id for users in found.values() for user in users) == sorted(ids)

    async def test_a_deleted_user_comes_only_by_id_and_marked(self, campus: Campus) -> None:
        """Moodle still answers for the id."""
        ids = await campus.people(1, 2)
        campus.hands.delete_user(ids[0])
        by_id = await campus.gateway.find_users(UserKey.ID, [str(one) for one in ids])
        assert [by_id[str(one)][0].deleted for one in ids] == [True, False]
        by_name = await campus.gateway.find_users(UserKey.USERNAME, [campus.name(1), campus.name(2)])
        assert list(by_name) == [campus.name(2)]


class CreatingUsersPromises:
    """Nobody is created twice, and one bad user harms no other."""

    async def test_users_are_created_in_order(self, campus: Campus) -> None:
        """More than fit into one call."""
        ids = await campus.people(*range(120))
        found = await campus.gateway.find_users(UserKey.ID, [str(id) for id in ids])
        assert [found[str(id)][0].username for id in ids] == [campus.name(n) for n in range(120)]

    async def test_what_a_user_is_created_with_is_there(self, campus: Campus) -> None:
        """Arabic names, too."""
        user = NewUser(
            username=campus.name(1),
            first_name="علي",
            last_name="أحمد",
            email=campus.name(1),
            auth="manual",
            id_number=campus.mark,
            city="Amman",
            country="JO",
        )
        [id] = applied_ids(await campus.gateway.create_users([user]))
        campus.made.append(id)
        found = (await campus.gateway.find_users(UserKey.ID, [str(id)]))[str(id)][0]
        assert (found.first_name, found.last_name, found.city, found.country) == (
            "علي",
            "أحمد",
            "Amman",
            "JO",
        )
        assert (found.id_number, found.auth, found.suspended) == (campus.mark, "manual", False)

    async def test_who_is_there_already_is_named(self, campus: Campus) -> None:
        """By username, and by address whatever its case."""
        [id] = await campus.people(1)
        same_address = attrs.evolve(campus.person(2), email=campus.name(1).upper())
        results = await campus.gateway.create_users([campus.person(1), same_address, campus.person(3)])
        campus.made += applied_ids(results[2:])
        for result in results[:2]:
            assert (rejection(result).kind, rejection(result).existing) == (RejectionKind.CONFLICT, id)

    async def test_one_bad_user_harms_no_other(self, campus: Campus) -> None:
        """Moodle rolls all of them back, and does not say which was bad."""
        people = [campus.person(n) for n in range(60)]
        people[17] = attrs.evolve(people[17], email="not-an-address")
        people[41] = attrs.evolve(people[41], first_name="F" * 101)
        results = await campus.gateway.create_users(people)
        campus.made += applied_ids([one for n, one in enumerate(results) if n not in (17, 41)])
        assert rejection(results[17]).kind is RejectionKind.BAD_INPUT
        assert rejection(results[41]).kind is RejectionKind.BAD_INPUT
        assert len(set(campus.made)) == 58

    async def test_what_no_user_can_have_is_refused_for_that_user(self, campus: Campus) -> None:
        """Signs that a site takes in no username, letters in no address, and what it takes for HTML."""
        changes: tuple[dict[str, Any], ...] = (
            *({"username": f"{campus.mark}{sign}@mzi.example"} for sign in "'+%ü"),
            {"email": f"{campus.mark}ü@mzi.example"},
            {"first_name": "Sara <3"},
            {"last_name": "<b>Student</b>"},
        )
        people = [attrs.evolve(campus.person(n), **change) for n, change in enumerate(changes)]
        results = await campus.gateway.create_users([*people, campus.person(100)])
        campus.made += applied_ids(results[-1:])
        assert [rejection(one).kind for one in results[:-1]] == [RejectionKind.BAD_INPUT] * len(people)

    async def test_a_country_must_be_a_code(self, campus: Campus) -> None:
        """Moodle takes the name of one, and stores a zero."""
        people = [
            attrs.evolve(campus.person(n), country=c) for n, c in enumerate(("Jordan", "jo", "XX", "JO"))
        ]
        results = await campus.gateway.create_users(people)
        campus.made += applied_ids(results[3:])
        assert [rejection(one).kind for one in results[:3]] == [RejectionKind.BAD_INPUT] * 3

    async def test_the_same_user_twice_in_one_request_is_one(self, campus: Campus) -> None:
        """The second is refused, whatever the case of its address."""
        twin = attrs.evolve(campus.person(2), email=campus.name(1).upper())
        results = await campus.gateway.create_users([campus.person(1), campus.person(1), twin])
        campus.made += applied_ids(results[:1])
        assert [rejection(one).kind for one in results[1:]] == [RejectionKind.CONFLICT] * 2

    async def test_no_users_are_no_call(self, campus: Campus) -> None:
        """Moodle takes an empty list for a missing parameter."""
        assert await campus.gateway.create_users([]) == []
        assert await campus.gateway.update_users([]) == []
        assert await campus.gateway.find_users(UserKey.ID, []) == {}


class ChangingUsersPromises:
    """Each change stands for itself."""

    async def test_a_change_leaves_the_rest_alone_and_empties_what_it_names(self, campus: Campus) -> None:
        """None is not empty."""
        [id] = applied_ids(
            await campus.gateway.create_users([attrs.evolve(campus.person(1), id_number="N", city="Irbid")])
        )
        campus.made.append(id)
        results = await campus.gateway.update_users([UserChange(id=id, city="Amman", id_number="")])
        assert results == [Applied(id=id)]
        found = (await campus.gateway.find_users(UserKey.ID, [str(id)]))[str(id)][0]
        assert (found.city, found.id_number, found.last_name) == ("Amman", "", "Student 1")

    async def test_a_user_who_leaves_is_suspended_and_can_return(self, campus: Campus) -> None:
        """Nobody is deleted."""
        [id] = await campus.people(1)
        for suspended in (True, False):
            change = UserChange(id=id, suspended=suspended)
            assert await campus.gateway.update_users([change]) == [Applied(id=id)]
            found = await campus.gateway.find_users(UserKey.ID, [str(id)])
            assert found[str(id)][0].suspended is suspended

    async def test_one_bad_change_harms_no_other(self, campus: Campus) -> None:
        """Moodle warns, and the warning is the error."""
        ids = await campus.people(1, 2, 3, 4)
        results = await campus.gateway.update_users(
            [
                UserChange(id=ids[0], city="A"),
                UserChange(id=NOBODY, city="B"),
                UserChange(id=ids[1], email=campus.name(1)),
                UserChange(id=ids[2], email="not-an-address"),
                UserChange(id=ids[3], country="Jordan"),
                UserChange(id=ids[0], first_name="Lina"),
            ]
        )
        assert (results[0], results[5]) == (Applied(id=ids[0]), Applied(id=ids[0]))
        kinds = [rejection(one).kind for one in results[1:5]]
        assert kinds == [
            RejectionKind.NOT_FOUND,
            RejectionKind.CONFLICT,
            RejectionKind.BAD_INPUT,
            RejectionKind.BAD_INPUT,
        ]

    async def test_a_username_of_another_is_refused(self, campus: Campus) -> None:
        """Only the database notices."""
        ids = await campus.people(1, 2)
        [result] = await campus.gateway.update_users([UserChange(id=ids[1], username=campus.name(1))])
        assert rejection(result).kind is RejectionKind.BAD_INPUT

    async def test_an_administrator_is_changed_by_no_other_account(self, campus: Campus) -> None:
        """Moodle does not say who is one. An account that is one itself is told so."""
        if (await campus.gateway.site()).is_administrator:
            raise SkipTest("This account is an administrator, to whom Moodle refuses nothing.")
        [result] = await campus.gateway.update_users([UserChange(id=FIRST_ADMINISTRATOR)])
        assert rejection(result).kind is RejectionKind.PERMISSION

    async def test_a_deleted_user_is_not_found(self, campus: Campus) -> None:
        """There is nobody to change."""
        [id] = await campus.people(1)
        campus.hands.delete_user(id)
        [result] = await campus.gateway.update_users([UserChange(id=id, city="A")])
        assert rejection(result).kind is RejectionKind.NOT_FOUND

"""How many calls large requests take."""

import attrs
from tests.gateways.moodle.given import SARA, TOKEN, client_of

from mzi_adapters.testing.moodle import FakeMoodle
from mzi_core.ports import Applied, Enrolment, UserKey
from mzi_core.values import MoodleId


async def test_a_thousand_enrolments_in_one_course_take_at_most_25_calls() -> None:
    """Finding the thousand by their addresses included."""
    site = FakeMoodle(token=TOKEN)
    course = MoodleId(site.add_course(shortname="BM-1"))
    names = [f"student{n:04}@mzi.example" for n in range(1000)]
    for name in names:
        site.add_user(username=name)
    moodle = client_of(site)
    found = await moodle.find_users(UserKey.EMAIL, names)
    enrolments = [Enrolment(user=found[name][0].id, course=course, role=MoodleId(5)) for name in names]
    assert await moodle.enrol(enrolments) == [Applied()] * 1000
    assert len(await moodle.enrolled(course)) == 1000
    assert site.calls <= 25


async def test_creating_fifty_users_is_one_call_and_three_looks() -> None:
    """By username, by address, and whether the account sees anybody."""
    site = FakeMoodle(token=TOKEN)
    people = [
        attrs.evolve(
            SARA,
            username=f"u{n}",
            email=f"u{n}@mzi.example",
            auth="manual",
            id_number=str(n),
            phone="+962790000001",
            city="Amman",
            country="JO",
        )
        for n in range(300)
    ]
    results = await client_of(site).create_users(people)
    assert len({one.id for one in results if isinstance(one, Applied)}) == 300

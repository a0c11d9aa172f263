"""What is worth telling, what of it is told now, and in which words."""

import json
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import attrs
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mzi_core.event_proofs import Scheme
from mzi_core.module import Side
from mzi_core.notices import (
    AGAIN,
    REMEMBERED,
    SETTLED,
    Conditions,
    NoticeComparison,
    NotifyPolicy,
    QuietHours,
    command,
    compared,
    data_of,
    digest_of_lines,
    headline,
    notices,
    path,
    sentence,
    text_of,
)
from mzi_core.ports import (
    BrakePlan,
    DeliveryState,
    EventSource,
    FlowStatus,
    Notice,
    NoticeAddress,
    NoticeDigest,
    NoticeKind,
    NoticeLine,
    NoticeState,
    ReviewKind,
    ToldNotice,
)
from mzi_core.values import DEFAULT_TENANT

NOW = datetime(2026, 2, 15, 8, 0, tzinfo=UTC)
HOUR = timedelta(hours=1)
MINUTE = timedelta(minutes=1)

PLAN, PAUSED, DEAD, SILENT, REVIEW = (
    NoticeAddress(NoticeKind.PLAN, "019c5a00-0000-7000-8000-00008f00ba11"),
    NoticeAddress(NoticeKind.PAUSED, "take:students"),
    NoticeAddress(NoticeKind.DEAD, "grade"),
    NoticeAddress(NoticeKind.SILENT, "1a2b3c4d"),
    NoticeAddress(NoticeKind.REVIEW, "account"),
)


def plan(n: int) -> BrakePlan:
    return BrakePlan(id=f"plan{n}", flow="enrolment", action="suspend", opened_at=NOW)


def flow(name: str, dead: int = 0, paused: str | None = None) -> FlowStatus:
    counts = {DeliveryState.SETTLED: 900, DeliveryState.DEAD: dead} if dead else {DeliveryState.SETTLED: 900}
    return FlowStatus(flow=name, counts=counts, oldest_due=None, paused=paused)


def source(id: str, days: float) -> EventSource:
    """A source that was made so many days ago."""
    return EventSource(
        id=id,
        tenant=DEFAULT_TENANT,
        origin=Side.ZOHO,
        scheme=Scheme.HEADER,
        label="Rules of Ms Canary",
        created_at=NOW - timedelta(days=days),
    )


def found(policy: NotifyPolicy | None = None, **conditions: Any) -> Mapping[str, int]:
    """What is worth telling, by its key, with its number."""
    told = notices(Conditions(**conditions), policy or NotifyPolicy(), NOW)
    return {str(each.address): each.number for each in told}


class TestWhatIsWorthTelling:
    def test_a_plan_is_while_anything_is_held_under_it(self) -> None:
        plans = [plan(1), plan(2), plan(3)]
        assert found(plans=plans, held={"plan1": 40, "plan2": 0}) == {"plan:plan1": 40}

    def test_a_flow_is_while_it_is_paused_or_something_of_it_is_dead(self) -> None:
        flows = [flow("course"), flow("grade", dead=3), flow("account", dead=1, paused="A reason.")]
        assert found(flows=flows) == {"paused:account": 1, "dead:account": 1, "dead:grade": 3}

    def test_the_review_list_is_by_kind(self) -> None:
        assert found(reviews={ReviewKind.COURSE: 2, ReviewKind.ACCOUNT: 0}) == {"review:course": 2}

    @pytest.mark.parametrize(
        ("made", "heard", "days", "is_silent"),
        [
            (10, 0.1, 3, False),
            (10, 3, 3, True),
            (10, 2.99, 3, False),
            (10, None, 3, True),  # it has never told anything, or that was forgotten
            (2, None, 3, False),
            (2, 10, 3, False),  # no event is older than its source, whatever the clocks say
            (10, 5, 7, False),
            (10, None, None, False),
        ],
    )
    def test_a_source_is_when_it_has_told_nothing_for_long(
        self, made: float, heard: float | None, days: int | None, is_silent: bool
    ) -> None:
        after = None if days is None else timedelta(days=days)
        told = found(
            NotifyPolicy(silent_after=after),
            sources=[source("1a2b", made)],
            heard={} if heard is None else {"1a2b": NOW - timedelta(days=heard)},
        )
        assert told == ({"silent:1a2b": 1} if is_silent else {})

    def test_what_cannot_wait_comes_first(self) -> None:
        told = found(
            plans=[plan(2), plan(1)],
            held={"plan1": 1, "plan2": 1},
            flows=[flow("b", dead=1, paused="x"), flow("a", dead=1)],
            reviews={ReviewKind.WITHDRAWAL: 1, ReviewKind.ACCOUNT: 1},
            sources=[source("1a2b", 9)],
        )
        assert list(told) == [
            "plan:plan1",
            "plan:plan2",
            "paused:b",
            "dead:a",
            "dead:b",
            "silent:1a2b",
            "review:account",
            "review:withdrawal",
        ]

    def test_where_all_is_well_there_is_nothing(self) -> None:
        assert found() == {}


def told(address: NoticeAddress, number: int, ago: timedelta, gone: timedelta | None = None) -> ToldNotice:
    gone_at = None if gone is None else NOW - gone
    return ToldNotice(address=address, number=number, told_at=NOW - ago, gone_at=gone_at)


def comparison(
    now: Mapping[NoticeAddress, int], *before: ToldNotice, is_quiet: bool = False
) -> NoticeComparison:
    standing = [Notice(address=address, number=number) for address, number in now.items()]
    return compared(standing, before, NOW, is_quiet=is_quiet)


def states(comparison: NoticeComparison) -> list[tuple[NoticeAddress, NoticeState, int]]:
    return [(line.notice.address, line.state, line.before) for line in comparison.lines]


class TestWhenItIsTold:
    @pytest.mark.parametrize(
        ("number", "before", "state"),
        [
            (1, None, NoticeState.NEW),
            (1, (0, 2 * HOUR, None), NoticeState.NEW),  # it was told that it is over, and is there again
            (3, (3, HOUR, None), None),
            (5, (3, HOUR, None), None),
            (6, (3, HOUR, None), NoticeState.GROWN),
            (2, (1, MINUTE, None), NoticeState.GROWN),
            (1, (3, HOUR, None), None),
            (1, (3, AGAIN - MINUTE, None), None),
            (1, (3, AGAIN, None), NoticeState.STILL),
            (3, (3, -AGAIN, None), NoticeState.STILL),  # our clock was wrong when it was told
            (3, (3, -HOUR, None), None),
            (3, (3, HOUR, MINUTE), None),  # it was gone for a moment
        ],
    )
    def test_when_it_is_new_has_doubled_or_stands_for_another_day(
        self, number: int, before: tuple[int, timedelta, timedelta | None] | None, state: NoticeState | None
    ) -> None:
        rows = [] if before is None else [told(DEAD, *before)]
        done = comparison({DEAD: number}, *rows)
        assert [line.state for line in done.lines] == ([] if state is None else [state])
        kept = ToldNotice(address=DEAD, number=number, told_at=NOW)
        assert list(done.told) == ([] if state is None else [kept])

    @pytest.mark.parametrize(
        ("gone", "is_told"), [(None, False), (MINUTE, False), (SETTLED - MINUTE, False), (SETTLED, True)]
    )
    def test_that_it_is_over_when_it_has_been_so_for_an_hour(
        self, gone: timedelta | None, is_told: bool
    ) -> None:
        before = told(DEAD, 3, 2 * HOUR, gone)
        done = comparison({}, before)
        assert states(done) == ([(DEAD, NoticeState.OVER, 3)] if is_told else [])
        assert list(done.noted) == ([attrs.evolve(before, gone_at=NOW)] if gone is None else [])
        assert list(done.told) == ([ToldNotice(address=DEAD, number=0, told_at=NOW)] if is_told else [])

    def test_that_it_is_over_once_and_that_is_forgotten_in_time(self) -> None:
        for ago in (HOUR, AGAIN, REMEMBERED - MINUTE):
            assert comparison({}, told(DEAD, 0, ago)) == comparison({})
        assert list(comparison({}, told(DEAD, 0, REMEMBERED)).forgotten) == [DEAD]
        assert list(comparison({DEAD: 1}, told(DEAD, 0, REMEMBERED)).forgotten) == []

    def test_what_comes_back_before_anybody_was_told_is_the_same(self) -> None:
        before = told(DEAD, 3, HOUR, MINUTE)
        done = comparison({DEAD: 3}, before)
        assert list(done.noted) == [attrs.evolve(before, gone_at=None)]
        assert done.lines == []

    def test_in_quiet_hours_only_what_cannot_wait(self) -> None:
        everything = dict.fromkeys((PLAN, PAUSED, DEAD, SILENT, REVIEW), 1)
        assert [line.notice.address for line in comparison(everything, is_quiet=True).lines] == [PLAN, PAUSED]
        assert len(comparison(everything).lines) == 5
        over = told(PLAN, 3, 2 * HOUR, SETTLED)
        assert comparison({}, over, is_quiet=True).lines == []
        assert comparison({}, over, is_quiet=True).told == []
        assert [line.state for line in comparison({}, over).lines] == [NoticeState.OVER]

    @pytest.mark.parametrize(
        ("start", "end", "quiet", "loud"),
        [
            ("22:00", "07:00", ["22:00", "23:59", "00:00", "06:59"], ["07:00", "12:00", "21:59"]),
            ("12:00", "13:30", ["12:00", "13:29"], ["11:59", "13:30", "00:00"]),
        ],
    )
    def test_quiet_hours_may_go_over_midnight(
        self, start: str, end: str, quiet: list[str], loud: list[str]
    ) -> None:
        hours = QuietHours(time.fromisoformat(start), time.fromisoformat(end))
        day = datetime(2026, 2, 15, tzinfo=ZoneInfo("Asia/Amman"))
        for text, is_quiet in [*((each, True) for each in quiet), *((each, False) for each in loud)]:
            at = time.fromisoformat(text)
            assert hours.covers(day.replace(hour=at.hour, minute=at.minute)) is is_quiet, text


INTERVAL = timedelta(minutes=15)
ADDRESSES = (PLAN, DEAD, REVIEW)


@given(
    st.lists(
        st.tuples(
            st.fixed_dictionaries({}, optional=dict.fromkeys(ADDRESSES, st.integers(1, 40))),
            st.integers(1, 100),
        ),
        max_size=12,
    ),
    st.booleans(),
    st.sets(st.integers(0, 200)),
)
def test_over_any_history_each_is_told_while_it_stands_and_not_twice_a_day(
    stretches: list[tuple[dict[NoticeAddress, int], int]],
    has_night: bool,
    failing: set[int],
) -> None:
    """Of runs every quarter of an hour, in which each notice has a number or is not there."""
    kept: dict[NoticeAddress, ToldNotice] = {}
    last: dict[NoticeAddress, tuple[datetime, int]] = {}  # told to stand, and not that it is over
    quiet = QuietHours(time(22), time(7))
    now, turn = NOW, 0
    for standing, length in stretches:
        for _ in range(length):
            is_quiet = has_night and quiet.covers(now)
            rows = sorted(kept.values(), key=lambda each: each.address)
            numbers = [Notice(address=each, number=number) for each, number in standing.items()]
            done = compared(numbers, rows, now, is_quiet=is_quiet)
            kept |= {each.address: each for each in done.noted}
            for address in done.forgotten:
                del kept[address]
            is_sent = turn not in failing
            if is_sent:
                hear(done, last, now)
                kept |= {each.address: each for each in done.told}
            for address in standing:  # whatever stands is known, once something could be sent
                if is_sent and (address.kind.cannot_wait or not is_quiet):
                    assert address in last
                    assert now - last[address][0] < AGAIN
            now, turn = now + INTERVAL, turn + 1


def hear(done: NoticeComparison, last: dict[NoticeAddress, tuple[datetime, int]], now: datetime) -> None:
    """What people know by then."""
    assert len({line.notice.address for line in done.lines}) == len(done.lines)
    for line in done.lines:
        address, number = line.notice.address, line.notice.number
        if line.state is NoticeState.OVER:
            del last[address]  # only of what people know
            continue
        if address in last:
            at, before = last[address]
            assert now - at >= AGAIN or number >= 2 * before
        last[address] = (now, number)


def line(address: NoticeAddress, state: NoticeState, number: int = 1, before: int = 0) -> NoticeLine:
    about = {NoticeKind.PLAN: "suspend in enrolment", NoticeKind.SILENT: "Zoho, since 2026-02-10 08:00Z"}
    notice = Notice(address=address, number=number, about=about.get(address.kind, ""))
    return NoticeLine(notice=notice, state=state, before=before)


def digest(*lines: NoticeLine) -> NoticeDigest:
    return digest_of_lines(DEFAULT_TENANT, "mail", lines, (), NOW.astimezone(ZoneInfo("Asia/Amman")))


class TestTheWords:
    @pytest.mark.parametrize(
        ("told", "said"),
        [
            (
                line(PLAN, NoticeState.NEW, 1_040),
                "The brake holds 1,040 deliveries (suspend in enrolment) until a person decides.",
            ),
            (
                line(PLAN, NoticeState.NEW),
                "The brake holds 1 delivery (suspend in enrolment) until a person decides.",
            ),
            (
                line(PAUSED, NoticeState.STILL),
                "The flow take:students is paused: nothing of it is worked on. It was told before.",
            ),
            (
                line(DEAD, NoticeState.GROWN, 6, 3),
                "6 deliveries of grade are dead. It was 3 when it was told last.",
            ),
            (line(DEAD, NoticeState.NEW), "1 delivery of grade is dead."),
            (
                line(SILENT, NoticeState.NEW),
                "The source 1a2b3c4d (Zoho, since 2026-02-10 08:00Z) has told nothing.",
            ),
            (line(REVIEW, NoticeState.NEW, 2), "2 items wait on the review list (account)."),
            (line(REVIEW, NoticeState.NEW), "1 item waits on the review list (account)."),
            (line(DEAD, NoticeState.OVER, 0, 3), "Over: no delivery of grade is dead any more."),
        ],
    )
    def test_each_is_a_sentence(self, told: NoticeLine, said: str) -> None:
        assert sentence(told) == said

    @pytest.mark.parametrize("kind", NoticeKind)
    def test_every_kind_says_when_it_is_over_and_where_to_look(self, kind: NoticeKind) -> None:
        address = NoticeAddress(kind, "a b;{of}&c")
        assert sentence(line(address, NoticeState.OVER)).startswith("Over: ")
        assert command(address).startswith("mzi ")
        assert path(address).startswith("/api/v1/")
        for told in (command(address), path(address)):
            assert "a b" not in told.replace("'a b;{of}&c'", "")

    def test_what_a_name_holds_stays_one_word_of_the_command_and_of_the_address(self) -> None:
        address = NoticeAddress(NoticeKind.DEAD, "my flow")
        assert command(address) == "mzi deliveries list --flow 'my flow' --state dead"
        assert path(address) == "/api/v1/deliveries?flow=my%20flow&state=dead"

    @pytest.mark.parametrize(
        ("lines", "said"),
        [
            ([], "mzi, tenant default: a test"),
            ([line(DEAD, NoticeState.NEW)], "mzi, tenant default: 1 to look at"),
            (
                [line(DEAD, NoticeState.NEW), line(PLAN, NoticeState.OVER), line(PAUSED, NoticeState.STILL)],
                "mzi, tenant default: 2 to look at, 1 over",
            ),
            ([line(PLAN, NoticeState.OVER)], "mzi, tenant default: 1 over"),
        ],
    )
    def test_the_headline_counts(self, lines: Sequence[NoticeLine], said: str) -> None:
        assert headline(digest(*lines)) == said

    def test_the_text_says_whose_it_is_and_when_on_their_clock(self) -> None:
        text = text_of(digest(line(DEAD, NoticeState.NEW, 3), line(PAUSED, NoticeState.OVER)))
        assert text == (
            "What mzi has to tell of tenant default, 2026-02-15 11:00 (Asia/Amman):\n"
            "\n"
            "* 3 deliveries of grade are dead.\n"
            "  mzi deliveries list --flow grade --state dead\n"
            "\n"
            "* Over: the flow take:students goes on.\n"
            "  mzi deliveries status\n"
            "\n"
            "What stands is told again when it has doubled, or after a day. `mzi notify status` shows it.\n"
        )
        assert text_of(digest()) == (
            "This is a test of mzi for tenant default, sent 2026-02-15 11:00 (Asia/Amman). "
            "Nothing need be done.\n"
        )

    def test_the_data_are_plain_json(self) -> None:
        data = data_of(digest(line(DEAD, NoticeState.GROWN, 6, 3)))
        assert json.loads(json.dumps(data)) == {
            "type": "mzi.notices",
            "timestamp": "2026-02-15T11:00:00+03:00",
            "data": {
                "tenant": "default",
                "notices": [
                    {
                        "key": "dead:grade",
                        "kind": "dead",
                        "state": "grown",
                        "number": 6,
                        "before": 3,
                        "said": "6 deliveries of grade are dead. It was 3 when it was told last.",
                        "command": "mzi deliveries list --flow grade --state dead",
                        "path": "/api/v1/deliveries?flow=grade&state=dead",
                    }
                ],
            },
        }
        assert data_of(digest())["type"] == "mzi.test"

    def test_the_id_is_the_same_while_the_same_is_told(self) -> None:
        """Whenever it is tried again; with anything else it is another."""
        first = line(DEAD, NoticeState.NEW, 3)

        def id(way: str, told_line: NoticeLine, *before: ToldNotice, at: datetime = NOW) -> str:
            return digest_of_lines(DEFAULT_TENANT, way, [told_line], before, at).id

        assert id("mail", first) == id("mail", first, at=NOW + HOUR)
        others = [
            id("webhook", first),
            id("mail", line(DEAD, NoticeState.NEW, 4)),
            id("mail", line(PAUSED, NoticeState.NEW, 3)),
            id("mail", first, told(DEAD, 0, HOUR)),
            id("mail", first, told(DEAD, 0, 2 * HOUR)),
            id("mail", line(DEAD, NoticeState.STILL, 3), told(DEAD, 3, AGAIN)),
        ]
        assert len({id("mail", first), *others}) == len(others) + 1

    def test_nothing_of_a_label_or_a_reason_is_told(self) -> None:
        conditions = Conditions(
            flows=[flow("grade", dead=1, paused="Ms Canary is away")],
            sources=[source("1a2b3c4d", 9)],
            plans=[attrs.evolve(plan(1), decided_by="Ms Canary", reason="Canary")],
            held={"plan1": 2},
        )
        lines = [
            NoticeLine(notice=each, state=NoticeState.NEW)
            for each in notices(conditions, NotifyPolicy(), NOW)
        ]
        assert len(lines) == 4
        said = text_of(digest(*lines)) + json.dumps(data_of(digest(*lines))) + headline(digest(*lines))
        assert "Canary" not in said

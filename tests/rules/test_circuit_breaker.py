"""When a breaker opens, for how long, who may try, and what a call tells of the service."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta

import attrs
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mzi_core.circuit_breaker import (
    POLICY,
    BreakerPolicy,
    Contact,
    RecentCalls,
    after_probe,
    asked_pause,
    contact,
    opened,
    probed,
    refusal,
    seconds_left,
)
from mzi_core.errors import (
    AccessRefused,
    AlreadyTaken,
    AmbiguousWrite,
    AuthRevoked,
    GatewayError,
    GatewayLimited,
    GatewayUnavailable,
    InputRefused,
    ProtocolError,
    RemoteBug,
    StoreUnavailable,
)
from mzi_core.ports import OpenBreaker

NOW = datetime(2026, 9, 1, 8, tzinfo=UTC)
AWAY = GatewayUnavailable("Moodle", "HTTP 503: the site is down.", code="503", retry_after=90)


def after(seconds: float) -> datetime:
    return NOW + timedelta(seconds=seconds)


def because_of(error: GatewayError, cause: BaseException) -> GatewayError:
    error.__cause__ = cause
    return error


UNSURE = AmbiguousWrite("Moodle", "It may have been carried out.")
TOLD: Mapping[str, tuple[BaseException | None, Contact]] = {
    "all went well": (None, Contact.ANSWERED),
    "5xx": (AWAY, Contact.FAILED),
    "no connection": (GatewayUnavailable("Zoho", "it cannot be reached."), Contact.FAILED),
    "a write without an answer": (UNSURE, Contact.FAILED),
    "a write and 5xx": (because_of(AmbiguousWrite("Zoho", ""), AWAY), Contact.FAILED),
    "a write and a page": (
        because_of(AmbiguousWrite("Zoho", ""), ProtocolError("Zoho", "")),
        Contact.ANSWERED,
    ),
    "too many requests": (GatewayLimited("Zoho", "its limit is reached."), Contact.UNKNOWN),
    "a write and too many requests": (
        because_of(AmbiguousWrite("Zoho", ""), GatewayLimited("Zoho", "")),
        Contact.UNKNOWN,
    ),
    "revoked credentials": (AuthRevoked("Zoho", "refused."), Contact.UNKNOWN),
    "our store": (
        because_of(GatewayUnavailable("Zoho", "no token."), StoreUnavailable("moved")),
        Contact.UNKNOWN,
    ),
    "given up": (KeyboardInterrupt(), Contact.UNKNOWN),
    "a fault of ours": (ValueError(), Contact.UNKNOWN),
    "no right": (AccessRefused("Moodle", "no capability."), Contact.ANSWERED),
    "a refused record": (InputRefused("Moodle", "a value is malformed."), Contact.ANSWERED),
    "a taken value": (AlreadyTaken("Moodle", "taken."), Contact.ANSWERED),
    "a fault of one function": (RemoteBug("Moodle", "a coding error."), Contact.ANSWERED),
    "a page that is no answer": (ProtocolError("Moodle", "not JSON."), Contact.ANSWERED),
    "one thing in it is busy": (GatewayUnavailable("Moodle", "busy.", code="busy"), Contact.ANSWERED),
}


@pytest.mark.parametrize(("error", "expected"), TOLD.values(), ids=TOLD)
def test_what_a_call_tells_of_the_service(error: BaseException | None, expected: Contact) -> None:
    assert contact(error, {"busy"}) is expected


@pytest.mark.parametrize(
    ("error", "seconds"),
    [
        (AWAY, 90),
        (because_of(AmbiguousWrite("Moodle", ""), AWAY), 90),
        (GatewayUnavailable("Moodle", "down."), 0),
        (UNSURE, 0),
        (None, 0),
    ],
)
def test_how_long_a_service_asks_to_be_left_alone(error: BaseException | None, seconds: float) -> None:
    assert asked_pause(error) == seconds


OPENS = {
    "nothing was called": ("", False),
    "too few, though all failed": ("####", False),
    "just enough, and all failed": ("#####", True),
    "three of five": (".#.##", True),
    "two of five": (".#.#.", False),
    "half of ten": ("#.#.#.#.#.", True),
    "four of ten": ("#.#.#.#...", False),
    "a hundred went well, then five of the latest ten failed": ("." * 100 + "#####", True),
    "a hundred failed, then six went well": ("#" * 100 + "......", False),
}


@pytest.mark.parametrize(("calls", "expected"), OPENS.values(), ids=OPENS)
def test_when_it_opens(calls: str, expected: bool) -> None:
    recent = RecentCalls()
    for at, call in enumerate(calls):
        recent = recent.followed_by(at, call == "#", POLICY)
    assert recent.open_it(POLICY) is expected


def test_what_ended_before_the_window_is_not_looked_at() -> None:
    recent = RecentCalls()
    for at in (0, 1, 2, 3, POLICY.window):  # of the last one the first is as long ago as may be
        recent = recent.followed_by(at, True, POLICY)
    assert recent.calls[0] == (1, True)
    assert not recent.open_it(POLICY)
    assert recent.followed_by(POLICY.window, True, POLICY).open_it(POLICY)


PAUSES = {
    "the first time": (1, 0, 30),
    "the second time": (2, 0, 60),
    "the fifth time": (5, 0, 480),
    "the sixth time": (6, 0, 900),
    "the ten thousandth time": (10_000, 0, 900),
    "less is asked": (3, 5, 120),
    "more is asked": (1, 3000, 3000),
    "more is asked than is believed": (1, 1e9, 7200),
}


@pytest.mark.parametrize(("openings", "asked", "seconds"), PAUSES.values(), ids=PAUSES)
def test_how_long_it_stays_open(openings: int, asked: float, seconds: float) -> None:
    assert POLICY.pause(openings, asked) == seconds


@pytest.mark.parametrize(
    ("numbers", "said"),
    [
        ({"least": 0}, "`least`"),
        ({"least": 11}, "`least`"),
        ({"share": 0.0}, "`share`"),
        ({"share": 1.1}, "`share`"),
        ({"window": 0.0}, "`window`"),
        ({"longest_probe": 0.0}, "`longest_probe`"),
        ({"first": 0.0}, "`first`"),
        ({"first": 901.0}, "`longest`"),
        ({"longest": 7201.0}, "`longest_asked`"),
    ],
)
def test_a_policy_that_makes_no_sense_is_refused(numbers: dict[str, float], said: str) -> None:
    with pytest.raises(ValueError, match=said):
        BreakerPolicy(**numbers)  # type: ignore[arg-type]


OPEN = opened("Zoho", "https://www.zohoapis.eu", NOW)
PROBED = probed(OPEN, after(30), 240)
LEFT = {
    "just opened": (OPEN, 0, 30),
    "nearly half open": (OPEN, 29, 1),
    "half open": (OPEN, 30, 0),
    "long half open": (OPEN, 86_400, 0),
    "opened while a clock was wrong": (OPEN, -7300, 0),
    "a probe was sent": (PROBED, 30, 240),
    "a probe has nearly used up its time": (PROBED, 269, 1),
    "a probe has had its time": (PROBED, 270, 0),
    "a probe was sent while a clock was wrong": (PROBED, -7300, 0),
}


@pytest.mark.parametrize(("breaker", "at", "seconds"), LEFT.values(), ids=LEFT)
def test_when_a_probe_may_be_sent(breaker: OpenBreaker, at: float, seconds: float) -> None:
    assert seconds_left(breaker, after(at), POLICY) == seconds


def test_who_comes_early_waits_for_another_probe_alone() -> None:
    assert seconds_left(OPEN, NOW, POLICY, early=True) == 0
    assert seconds_left(probed(OPEN, NOW, 10), NOW, POLICY, early=True) == 10


def test_a_probe_has_no_more_time_than_the_policy_gives() -> None:
    assert probed(OPEN, NOW, 1e9).probed_until == after(POLICY.longest_probe)


AFTER_PROBE: Mapping[str, tuple[Contact, float, float, OpenBreaker | None]] = {
    "an answer closes it": (Contact.ANSWERED, 31, 0, None),
    "an answer before its time closes it": (Contact.ANSWERED, 1, 0, None),
    "a failure opens it for twice as long": (
        Contact.FAILED,
        31,
        0,
        attrs.evolve(OPEN, claims=1, openings=2, until=after(91)),
    ),
    "a failure opens it for as long as is asked": (
        Contact.FAILED,
        31,
        600,
        attrs.evolve(OPEN, claims=1, openings=2, until=after(631)),
    ),
    "a failure before its time lengthens nothing": (Contact.FAILED, 1, 600, attrs.evolve(OPEN, claims=1)),
    "nothing learned makes room": (Contact.UNKNOWN, 31, 0, attrs.evolve(OPEN, claims=1)),
}


@pytest.mark.parametrize(("found", "at", "asked", "expected"), AFTER_PROBE.values(), ids=AFTER_PROBE)
def test_what_a_probe_makes_of_it(
    found: Contact, at: float, asked: float, expected: OpenBreaker | None
) -> None:
    assert after_probe(PROBED, found, after(at), asked) == expected


def test_a_refused_call_is_told_since_when_and_when_it_is_tried_again() -> None:
    error = refusal(OPEN, after(10), 20)
    assert str(error) == (
        "Zoho: it stopped answering, so nothing has been sent to it since 2026-09-01 08:00:00 UTC, and it is "
        "tried again at 2026-09-01 08:00:30 UTC. Try again after 20 seconds; `mzi doctor` tries it at once."
    )
    assert (error.service, error.retry_after) == ("Zoho", 20)


def test_a_refused_call_is_told_of_a_probe_that_is_under_way() -> None:
    error = refusal(PROBED, after(31), 239)
    assert "one call finds out just now whether it answers again." in str(error)
    assert error.retry_after == 30


# Any number of processes at one kept breaker, whose clocks agree: whatever they do, in any order.

POLICIES = st.builds(
    lambda sample, least, share, first, grown: BreakerPolicy(
        sample=sample,
        least=min(least, sample),
        share=share,
        first=first,
        longest=first * grown,
        longest_asked=first * grown * 4,
        longest_probe=100.0,
    ),
    sample=st.integers(1, 12),
    least=st.integers(1, 12),
    share=st.floats(0.1, 1),
    first=st.floats(1, 60),
    grown=st.floats(1, 20),
)
STEPS = st.lists(
    st.tuples(
        st.floats(0, 200),  # seconds that pass
        st.sampled_from(["call", "early call", "end"]),
        st.sampled_from(Contact),
        st.floats(0, 300),  # seconds that the service asks for
    ),
    max_size=60,
)


MICROSECOND = 1e-6
"""To which moments are rounded."""


@given(policy=POLICIES, steps=STEPS)
def test_whatever_happens_one_probe_is_under_way_and_it_is_always_tried_again(
    policy: BreakerPolicy, steps: list[tuple[float, str, Contact, float]]
) -> None:
    now, kept = NOW, opened("Zoho", "", NOW, policy=policy)
    probes: list[OpenBreaker] = []
    for seconds, step, found, asked in steps:
        now += timedelta(seconds=seconds)
        left = seconds_left(kept, now, policy, early=step == "early call")
        at_work = [each for each in probes if each.probed_until is not None and each.probed_until > now]
        assert len(at_work) <= 1
        if step != "end" and left <= 0:
            assert at_work == []
            kept = probed(kept, now, 80, policy)
            probes.append(kept)
        elif step == "end" and probes:
            mine = probes.pop(0)
            if kept != mine:
                continue  # its time was up and another one is under way: what it found counts for nothing
            ended = after_probe(mine, found, now, asked, policy)
            assert (ended is None) == (found is Contact.ANSWERED)
            if ended is None:
                return
            kept = ended
        assert (
            seconds_left(kept, now, policy) <= max(policy.longest_asked, policy.longest_probe) + MICROSECOND
        )
    now += timedelta(seconds=policy.longest_asked + policy.longest_probe + MICROSECOND)
    assert seconds_left(kept, now, policy) == 0
    assert after_probe(probed(kept, now, 1, policy), Contact.ANSWERED, now) is None


@given(policy=POLICIES, calls=st.lists(st.tuples(st.floats(0, 900), st.booleans()), max_size=60))
def test_it_never_opens_under_the_least_sample_nor_for_calls_that_went_well(
    policy: BreakerPolicy, calls: list[tuple[float, bool]]
) -> None:
    recent, at, all_of_them = RecentCalls(), 0.0, []
    for seconds, failed in calls:
        at += seconds
        recent = recent.followed_by(at, failed, policy)
        all_of_them.append((at, failed))
        assert len(recent.calls) <= policy.sample
        looked_at = [call for call in all_of_them[-policy.sample :] if at - call[0] < policy.window]
        failures = sum(failed for _, failed in looked_at)
        assert recent.open_it(policy) == (
            len(looked_at) >= policy.least and failures >= policy.share * len(looked_at)
        )
        assert not recent.open_it(policy) or failures > 0


@given(policy=POLICIES, calls=st.integers(12, 60))
def test_a_service_that_never_answers_opens_it(policy: BreakerPolicy, calls: int) -> None:
    recent = RecentCalls()
    for at in range(calls):
        recent = recent.followed_by(at, True, policy)
    assert recent.open_it(policy)

"""What proves who sent an event: tables for each scheme, mutations, and the official library as an oracle."""

import base64
import hmac
import json
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from hashlib import sha256

import pytest
from hypothesis import assume, example, given
from hypothesis import strategies as st
from standardwebhooks.webhooks import Webhook

from mzi_core.event_proofs import (
    HEADERS,
    LONGEST_TOKEN,
    SCHEMES,
    SCHEMES_OF,
    EventRequest,
    Scheme,
    SecretRefused,
    checked_secret,
    digest_of,
    new_secret,
    signing_headers,
)
from mzi_core.module import Side

NOW = datetime(2021, 2, 25, 14, 55, 30, tzinfo=UTC)
BODY = '{"id": "1", "name": "رنا"}'.encode()
KEY = "an invented key of the tests"
WHSEC = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
TOKEN = "mzi_1a2b3c4d_an-invented-token"
SECRETS = {Scheme.HMAC: KEY, Scheme.STANDARD: WHSEC}
TOKENS = (Scheme.HEADER, Scheme.URL, Scheme.CHANNEL)


def believed(came: EventRequest, scheme: Scheme, at: datetime = NOW) -> bool:
    """Whether a request proves itself by a scheme, with the secret that the tests have for it."""
    presented = SCHEMES[scheme].presented(came)
    secret = SECRETS.get(scheme) or digest_of(TOKEN)
    return bool(presented) and SCHEMES[scheme].proves(presented, secret, came, at)


def came(
    origin: Side = Side.ZOHO,
    body: bytes = BODY,
    *,
    sent: Mapping[str, str] | None = None,
    url_token: str = "",
    body_token: str = "",
    **headers: str,
) -> EventRequest:
    """What came, with the headers of `sent` and those that are named, `-` written `_`."""
    named = {name.replace("_", "-"): value for name, value in {**(sent or {}), **headers}.items()}
    return EventRequest(origin=origin, body=body, headers=named, url_token=url_token, body_token=body_token)


def signature(body: bytes = BODY, key: str = KEY) -> bytes:
    return hmac.new(key.encode(), body, sha256).digest()


def hexadecimal(raw: bytes) -> str:
    return raw.hex()


def base64_of(raw: bytes) -> str:
    return base64.b64encode(raw).decode()


class TestHmac:
    """A signature of the body in a header, as Zoho's scripts and Moodle's plugins make it."""

    @pytest.mark.parametrize("prefix", ["", "sha256="])
    @pytest.mark.parametrize("form", [hexadecimal, base64_of, lambda raw: raw.hex().upper()])
    @pytest.mark.parametrize(
        ("origin", "header"),
        [(Side.ZOHO, "x_zoho_signature"), (Side.MOODLE, "x_moodle_signature")],
    )
    def test_hexadecimal_and_base64_are_believed(
        self, origin: Side, header: str, form: type[str], prefix: str
    ) -> None:
        assert believed(came(origin, sent={header: prefix + form(signature())}), Scheme.HMAC)

    @pytest.mark.parametrize(
        "sent",
        [
            "",
            "sha256=",
            "sha1=" + signature().hex(),
            "SHA256=" + signature().hex(),
            "sha256=sha256=" + signature().hex(),
            signature().hex()[:-1],
            signature().hex() + "0",
            signature().hex()[:-1] + "G",
            signature().hex().capitalize(),
            signature().hex().replace("a", "A"),
            base64_of(signature()).rstrip("="),
            base64.urlsafe_b64encode(signature()).decode() + " ",
            signature(key="another").hex(),
            signature(b"another body").hex(),
            "é" * 64,
            "0" * 64,
            "=" * 44,
            "\ud800" * 64,
            "a" * 100_000,
        ],
    )
    def test_anything_else_is_not(self, sent: str) -> None:
        assert not believed(came(x_zoho_signature=sent), Scheme.HMAC)

    def test_the_header_of_the_other_origin_says_nothing(self) -> None:
        assert not believed(came(Side.MOODLE, x_zoho_signature=signature().hex()), Scheme.HMAC)

    def test_the_recorded_event_of_zoho_is_believed_and_changed_by_a_byte_is_not(self) -> None:
        """The signature is over these bytes, with the secret `test-secret`."""
        body = (
            b'{"notification_id":"ntf-000101","timestamp":"2026-01-26T14:30:00+03:00","operation":"update",'
            b'"module":"BTEC_Students","record_id":"5398830000090000001","data":{"Student_Moodle_ID":"4101",'
            b'"Phone_Number":"+962790000001"}}'
        )
        sent = "ec8899231f52523279becd55675f6460fd97b24f03db822c77aacdcb64008f66"
        for prefix in ("", "sha256="):
            event = came(body=body, x_zoho_signature=prefix + sent)
            assert SCHEMES[Scheme.HMAC].proves(
                SCHEMES[Scheme.HMAC].presented(event), "test-secret", event, NOW
            )
        changed = came(body=body.replace(b"4101", b"4102"), x_zoho_signature=sent)
        assert not SCHEMES[Scheme.HMAC].proves(sent, "test-secret", changed, NOW)


class TestTokens:
    """A token, sent as it is."""

    @pytest.mark.parametrize(
        ("event", "scheme"),
        [
            (came(x_zoho_token=TOKEN), Scheme.HEADER),
            (came(Side.MOODLE, x_moodle_token=TOKEN), Scheme.HEADER),
            (came(Side.MOODLE, authorization=f"Bearer {TOKEN}"), Scheme.HEADER),
            (came(authorization=f"bearer  {TOKEN}"), Scheme.HEADER),
            (came(url_token=TOKEN), Scheme.URL),
            (came(body_token=TOKEN), Scheme.CHANNEL),
        ],
    )
    def test_a_token_is_believed_where_its_scheme_looks_for_it_and_nowhere_else(
        self, event: EventRequest, scheme: Scheme
    ) -> None:
        assert {each for each in TOKENS if believed(event, each)} == {scheme}

    @pytest.mark.parametrize(
        "event",
        [
            came(),
            came(x_zoho_token=TOKEN[:-1]),
            came(x_zoho_token=TOKEN.upper()),
            came(x_zoho_token=f"{TOKEN}x"),
            came(x_zoho_token=digest_of(TOKEN)),
            came(x_zoho_token="é" + TOKEN),
            came(x_zoho_token=TOKEN * 100),
            came(x_moodle_token=TOKEN),
            came(Side.MOODLE, x_zoho_token=TOKEN),
            came(authorization=TOKEN),
            came(authorization=f"Basic {TOKEN}"),
            came(authorization="Bearer"),
            came(authorization=f"Bearer {'x' * 100_000}"),
            came(x_zoho_token="wrong", authorization=f"Bearer {TOKEN}"),
            came(url_token=digest_of(TOKEN)),
            came(url_token="\ud800"),
            came(url_token="رنا"),
            came(url_token="x" * 100_000, body_token="x" * 100_000),
        ],
    )
    def test_what_is_not_the_token_is_not_believed(self, event: EventRequest) -> None:
        assert [each for each in TOKENS if believed(event, each)] == []


def standard(
    body: bytes = BODY, *, secret: str = WHSEC, changed: Mapping[str, str] | None = None
) -> EventRequest:
    """A Standard Webhook of this moment, rightly signed; then some headers are changed."""
    signed = signing_headers(Side.MOODLE, Scheme.STANDARD, secret, body, id="msg_1", at=NOW)
    return came(Side.MOODLE, body, sent={**signed, **(changed or {})})


SIGNED = standard().headers["webhook-signature"]
LONGEST = timedelta(minutes=5)


class TestStandard:
    """Standard Webhooks 1.0."""

    def test_the_published_vector_is_believed(self) -> None:
        """It was made by the plugin's PHP."""
        event = came(
            Side.MOODLE,
            b'{"test": 2432232314}',
            webhook_id="msg_p5jXN8AQM9LWM0D4loKWxJek",
            webhook_timestamp="1614265330",
            webhook_signature="v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=",
        )
        assert believed(event, Scheme.STANDARD, datetime.fromtimestamp(1614265330, UTC))

    @pytest.mark.parametrize("sign", [1, -1])
    def test_a_moment_is_good_for_five_minutes_on_either_side(self, sign: int) -> None:
        assert believed(standard(), Scheme.STANDARD, NOW + sign * LONGEST)
        assert not believed(standard(), Scheme.STANDARD, NOW + sign * (LONGEST + timedelta(seconds=1)))

    @pytest.mark.parametrize(
        "listed",
        [
            SIGNED,
            f"v1,{'A' * 43}= {SIGNED}",
            f"{SIGNED} v1,{'A' * 43}=",
            f"v1a,of-another-kind {SIGNED}",
        ],
    )
    def test_one_right_signature_of_a_list_is_enough(self, listed: str) -> None:
        assert believed(standard(changed={"webhook-signature": listed}), Scheme.STANDARD)

    @pytest.mark.parametrize(
        "changed",
        [
            {"webhook-id": ""},
            {"webhook-id": "msg_2"},
            {"webhook-id": "m" * 257},
            {"webhook-id": "msg\x00"},
            {"webhook-id": "رسالة"},
            {"webhook-timestamp": ""},
            {"webhook-timestamp": "yesterday"},
            {"webhook-timestamp": "1.6e9"},
            {"webhook-timestamp": "-1614265330"},
            {"webhook-timestamp": "٣"},
            {"webhook-timestamp": "9" * 11},
            {"webhook-timestamp": "9" * 400},
            {"webhook-timestamp": f"{NOW.timestamp():.0f}\n"},
            {"webhook-timestamp": f"{NOW.timestamp() + 1:.0f}"},
            {"webhook-signature": ""},
            {"webhook-signature": "v1"},
            {"webhook-signature": "v1,"},
            {"webhook-signature": SIGNED.replace("v1,", "v2,")},
            {"webhook-signature": SIGNED.replace("v1,", "")},
            {"webhook-signature": SIGNED[:-1]},
            {"webhook-signature": f"v1,abc {SIGNED}"},
            {"webhook-signature": f"nonsense {SIGNED}"},
            {"webhook-signature": f"a,b,c {SIGNED}"},
            {"webhook-signature": f"v1,{'*' * 44} {SIGNED}"},
            {"webhook-signature": f" {SIGNED}"},
            {"webhook-signature": f"{SIGNED}  {SIGNED}"},
            {"webhook-signature": SIGNED + "é"},
            {"webhook-signature": " ".join([SIGNED] * 100)},
        ],
    )
    def test_anything_else_is_not_and_raises_nothing(self, changed: dict[str, str]) -> None:
        assert not believed(standard(changed=changed), Scheme.STANDARD)

    def test_another_secret_or_body_is_not_believed(self) -> None:
        other = "whsec_" + base64_of(b"x" * 32)
        assert not believed(standard(secret=other), Scheme.STANDARD)
        headers = standard().headers
        changed = EventRequest(origin=Side.MOODLE, body=BODY + b" ", headers=headers)
        assert not believed(changed, Scheme.STANDARD)
        assert not believed(standard(b"\xff"), Scheme.STANDARD)


@pytest.mark.parametrize("scheme", SECRETS)
@given(body=st.binary(min_size=1, max_size=200), place=st.integers(min_value=0), byte=st.integers(1, 255))
def test_a_body_that_is_changed_anywhere_is_not_believed(
    scheme: Scheme, body: bytes, place: int, byte: int
) -> None:
    place %= len(body)
    changed = body[:place] + bytes([body[place] ^ byte]) + body[place + 1 :]
    signed = signing_headers(Side.MOODLE, scheme, SECRETS[scheme], body, id="1", at=NOW)
    headers = {name.lower(): value for name, value in signed.items()}
    try:
        is_text = bool(body.decode())
    except UnicodeDecodeError:
        is_text = scheme is Scheme.HMAC
    assert believed(EventRequest(origin=Side.MOODLE, body=body, headers=headers), scheme) == is_text
    assert not believed(EventRequest(origin=Side.MOODLE, body=changed, headers=headers), scheme)


@pytest.mark.parametrize("scheme", SECRETS)
@given(data=st.data())
def test_headers_that_are_changed_anywhere_are_not_believed(scheme: Scheme, data: st.DataObject) -> None:
    signed = signing_headers(Side.MOODLE, scheme, SECRETS[scheme], BODY, id="msg_1", at=NOW)
    headers = {name.lower(): value for name, value in signed.items()}
    name = data.draw(st.sampled_from(sorted(headers)))
    value = headers[name].removeprefix("sha256=")
    place = data.draw(st.integers(0, len(value) - 1))
    other = data.draw(st.characters(min_codepoint=1, max_codepoint=255))
    assume(other != value[place])
    headers[name] = value[:place] + other + value[place + 1 :]
    assert not believed(EventRequest(origin=Side.MOODLE, body=BODY, headers=headers), scheme)


SAID = st.dictionaries(
    st.sampled_from(sorted(HEADERS)),
    st.one_of(
        st.text(max_size=80),
        st.text(st.sampled_from("v1, =Aa0."), max_size=80),
        st.builds(" ".join, st.lists(st.sampled_from([SIGNED, "v1,", "v2,x", "", "x", "v1,A==="]))),
        st.floats().map(repr),
        st.integers().map(str),
    ),
)


@given(origin=st.sampled_from(Side), headers=SAID, token=st.text(), body=st.binary())
def test_whatever_comes_nothing_raises(
    origin: Side, headers: Mapping[str, str], token: str, body: bytes
) -> None:
    event = EventRequest(origin=origin, body=body, headers=headers, url_token=token, body_token=token)
    for scheme, presented in event.presented.items():
        assert not SCHEMES[scheme].proves(presented, SECRETS.get(scheme, digest_of(TOKEN)), event, NOW)


@given(
    said=SAID,
    body=st.one_of(st.just(BODY), st.binary()),
    ahead=st.integers(-600, 600),
    secret=st.binary(min_size=24, max_size=64),
)
@example(said={}, body=BODY, ahead=0, secret=b"x" * 24)
@example(said={}, body=BODY, ahead=299, secret=b"x" * 64)
@example(said={}, body=BODY, ahead=-301, secret=b"x" * 24)
@example(said={}, body=b"\xff", ahead=0, secret=b"x" * 24)
@example(said={"webhook-signature": f"{SIGNED} x"}, body=BODY, ahead=0, secret=b"x" * 24)
def test_the_official_library_believes_what_is_believed_here(
    said: Mapping[str, str], body: bytes, ahead: int, secret: bytes
) -> None:
    """And where nothing of the headers was changed, both believe the same."""
    text = "whsec_" + base64_of(secret)
    now = datetime.now(UTC)
    signed = signing_headers(
        Side.MOODLE, Scheme.STANDARD, text, body, id="msg_1", at=now + timedelta(seconds=ahead)
    )
    headers = {**signed, **said}
    event = EventRequest(origin=Side.MOODLE, body=body, headers=headers)
    presented = SCHEMES[Scheme.STANDARD].presented(event)
    here = bool(presented) and SCHEMES[Scheme.STANDARD].proves(presented, text, event, now)
    try:
        Webhook(text).verify(body, dict(headers), json_parse=False)
        there = True
    except Exception:
        there = False
    if set(said).isdisjoint(signed) and abs(ahead) != 300:
        assert here == there
    assert there or not here


@given(body=st.text(min_size=1), id=st.text(st.characters(min_codepoint=33, max_codepoint=126), min_size=1))
def test_what_is_signed_here_the_official_library_believes(body: str, id: str) -> None:
    body = json.dumps(body)
    headers = signing_headers(Side.MOODLE, Scheme.STANDARD, WHSEC, body.encode(), id=id, at=datetime.now(UTC))
    Webhook(WHSEC).verify(body, dict(headers))


@given(scheme=st.sampled_from(Scheme), random=st.text(min_size=1))
def test_a_new_secret_is_told_by_its_scheme_and_fits_where_it_is_put(scheme: Scheme, random: str) -> None:
    secret = new_secret(scheme, "1a2b3c4d", random)
    assert secret != new_secret(scheme, "1a2b3c4d", random + "x")
    if scheme is Scheme.STANDARD:
        assert len(base64.b64decode(secret.removeprefix("whsec_"), validate=True)) == 32
    else:
        assert secret.startswith("mzi_1a2b3c4d_")
        assert len(secret) == LONGEST_TOKEN
    if scheme not in (Scheme.URL, Scheme.CHANNEL):
        assert checked_secret(scheme, secret) == secret


@pytest.mark.parametrize(
    ("scheme", "secret"),
    [
        (Scheme.HMAC, "x" * 24),
        (Scheme.HMAC, "x" * 200),
        (Scheme.HEADER, "0123456789-0123456789-0123"),
        (Scheme.STANDARD, WHSEC),
        (Scheme.STANDARD, WHSEC.removeprefix("whsec_")),
        (Scheme.STANDARD, "whsec_" + base64_of(b"x" * 64)),
        (Scheme.STANDARD, "whsec_" + base64_of(b"x" * 25).rstrip("=")),
    ],
)
def test_a_secret_that_somebody_brings_is_taken(scheme: Scheme, secret: str) -> None:
    assert checked_secret(scheme, secret) == secret


@pytest.mark.parametrize(
    ("scheme", "secret", "said"),
    [
        (Scheme.HMAC, "", "24 to 200"),
        (Scheme.HMAC, "hunter2", "24 to 200"),
        (Scheme.HMAC, "x" * 201, "24 to 200"),
        (Scheme.HMAC, "é" * 30, "ASCII"),
        (Scheme.HEADER, "x" * 24 + "\n", "ASCII"),
        (Scheme.HEADER, "hunter2 " * 4, "no blanks"),
        (Scheme.URL, "x" * 30, "let mzi make it"),
        (Scheme.CHANNEL, "x" * 30, "let mzi make it"),
        (Scheme.STANDARD, "whsec_", "base64 of 24"),
        (Scheme.STANDARD, "whsec_hunter2", "base64 of 24"),
        (Scheme.STANDARD, "whsec_" + base64_of(b"x" * 65), "base64 of 24"),
        (Scheme.STANDARD, "whsec_" + "*" * 44, "base64 of 24"),
    ],
)
def test_one_that_cannot_be_a_secret_is_refused_and_not_repeated(
    scheme: Scheme, secret: str, said: str
) -> None:
    with pytest.raises(SecretRefused, match=said) as caught:
        checked_secret(scheme, secret)
    assert "hunter2" not in str(caught.value)


def test_nothing_that_came_is_shown() -> None:
    shown = repr(came(url_token="canary", body_token="canary", body=b"canary", x_zoho_token="canary"))
    assert "canary" not in shown


def test_every_scheme_is_some_origin_s() -> None:
    assert {scheme for schemes in SCHEMES_OF.values() for scheme in schemes} == set(Scheme) == set(SCHEMES)

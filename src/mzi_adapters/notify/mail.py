"""Mail, handed to one server over SMTP (RFC 5321, 3207, 8314).

smtplib talks in a thread. What a server says is never repeated, for it may quote addresses and passwords; of
an answer the code alone is told. No exception leaves here with smtplib's own as its cause or context.
"""

import asyncio
import socket
import ssl
from collections.abc import Callable
from contextlib import suppress
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP as LINES
from email.utils import format_datetime
from smtplib import (
    SMTP,
    SMTP_SSL,
    SMTPAuthenticationError,
    SMTPException,
    SMTPNotSupportedError,
    SMTPRecipientsRefused,
    SMTPResponseException,
    SMTPSenderRefused,
)

import attrs

from mzi_adapters.notify.mail_security import MailSecurity
from mzi_adapters.places import is_forbidden
from mzi_core.notices import headline, text_of
from mzi_core.ports import NoticeDigest, NotifyFailed

WITHIN = 25.0
"""Seconds for all that is said with a server."""

_TURN = 10.0  # seconds for one answer

_Say = Callable[[SMTP], str]


@attrs.frozen(kw_only=True)
class MailAccount:
    """The server that takes mail, and as whom. `sender` and `to` are addresses alone, checked before.

    `user` is "" where the server asks for no login.
    """

    host: str
    port: int
    security: MailSecurity
    sender: str = attrs.field(repr=False)
    to: tuple[str, ...] = attrs.field(repr=False)
    user: str = attrs.field(default="", repr=False)
    password: str = attrs.field(default="", repr=False)


class _Plain(SMTP):
    _host: str
    is_cut = False


class _Tls(SMTP_SSL):
    _host: str
    is_cut = False


def _client(account: MailAccount, trust: ssl.SSLContext) -> _Plain | _Tls:
    """One that connects when it is told to, so that it can be cut off meanwhile."""
    domain = account.sender.rpartition("@")[2]
    client: _Plain | _Tls
    if account.security is MailSecurity.TLS:
        client = _Tls(timeout=_TURN, context=trust, local_hostname=domain)
    else:
        client = _Plain(timeout=_TURN, local_hostname=domain)
    client._host = account.host  # for whom the certificate must be; `connect` does not say it
    return client


@attrs.frozen(kw_only=True)
class MailNotifier:
    """Sends each digest as one mail to all addresses."""

    account: MailAccount
    trust: ssl.SSLContext = attrs.field(factory=ssl.create_default_context, repr=False)
    within: float = WITHIN

    @property
    def way(self) -> str:
        """Its name."""
        return "mail"

    async def send(self, digest: NoticeDigest) -> str:
        """Hand it over; who of several addresses was refused is told by their number."""
        message = mail_of(digest, self.account.sender, self.account.to)

        def hand_over(client: SMTP) -> str:
            refused = client.send_message(message, self.account.sender, list(self.account.to))
            if not refused:
                return ""
            codes = ", ".join(sorted({str(code) for code, _ in refused.values()}))
            return f"Of {len(self.account.to)} addresses {len(refused)} were refused ({codes})."

        return await self._talk(hand_over)

    async def check(self) -> bool:
        """Connect and log in, and say no more."""
        await self._talk(lambda client: "")
        return True

    async def _talk(self, say: _Say) -> str:
        client = _client(self.account, self.trust)
        said: str | NotifyFailed
        try:
            async with asyncio.timeout(self.within):
                said = await asyncio.to_thread(self._said, client, say)
        except TimeoutError:
            said = NotifyFailed(f"The mail server did not do all within {self.within:g} s.")
        finally:
            _cut(client)
        if isinstance(said, NotifyFailed):
            raise said
        return said

    def _said(self, client: _Plain | _Tls, say: _Say) -> str | NotifyFailed:
        """What came of it. Errors are given, not raised: a context would keep what the server said."""
        account = self.account
        try:
            client.connect(account.host, account.port)
            if client.is_cut:  # while it was looking for the server
                client.close()
                return NotifyFailed("The mail server was found too late.")
            if client.sock is None or is_forbidden(client.sock.getpeername()[0]):
                return NotifyFailed("The mail server is link-local or a cloud's metadata service.")
            client.ehlo_or_helo_if_needed()
            if account.security is MailSecurity.STARTTLS:
                if not client.has_extn("starttls"):
                    return NotifyFailed(
                        "The mail server offers no STARTTLS: set `notify.mail.security` to `tls` and "
                        "`notify.mail.port` to 465, if it takes that."
                    )
                client.starttls(context=self.trust)
            if account.user:
                client.login(account.user, account.password)
            said = say(client)
            with suppress(SMTPException, OSError):  # it has taken all that it was to take
                client.quit()
        except (SMTPException, OSError) as error:
            return NotifyFailed(_reason(error))
        return said


def mail_of(digest: NoticeDigest, sender: str, to: tuple[str, ...]) -> EmailMessage:
    """The mail. Nobody's absence answers it (RFC 3834). Raises ValueError for what is no address."""
    message = EmailMessage(LINES)
    message["From"] = Address(display_name="mzi", addr_spec=sender)
    message["To"] = [Address(addr_spec=each) for each in to]
    message["Subject"] = headline(digest)
    message["Date"] = format_datetime(digest.at)
    message["Message-ID"] = f"<{digest.id}@{sender.rpartition('@')[2]}>"
    message["Auto-Submitted"] = "auto-generated"
    message.set_content(text_of(digest), cte="quoted-printable")
    return message


def _cut(client: _Plain | _Tls) -> None:
    """End the connection under a thread that still waits on it."""
    client.is_cut = True
    if client.sock is not None:
        with suppress(OSError):
            client.sock.shutdown(socket.SHUT_RDWR)
    client.close()


def _reason(error: SMTPException | OSError) -> str:
    match error:
        case SMTPAuthenticationError():
            return (
                f"The mail server refuses the login ({error.smtp_code}): check `notify.mail.user` and "
                "`notify.mail.password`."
            )
        case SMTPRecipientsRefused():
            codes = ", ".join(sorted({str(code) for code, _ in error.recipients.values()}))
            return f"The mail server refuses every address of `notify.mail.to` ({codes})."
        case SMTPSenderRefused():
            return f"The mail server refuses the sender ({error.smtp_code}): check `notify.mail.sender`."
        case SMTPResponseException():
            return f"The mail server refuses the message ({error.smtp_code})."
        case SMTPNotSupportedError():
            return "The mail server takes no login: empty `notify.mail.user`, or ask whoever runs it."
        case ssl.SSLCertVerificationError():
            return (
                f"The certificate of the mail server is refused ({error.verify_message}): check "
                "`notify.mail.host`, or name the file with its root certificate in SSL_CERT_FILE."
            )
        case ssl.SSLError():
            return "The mail server speaks no TLS there: port 465 goes with `tls`, port 587 with `starttls`."
        case SMTPException():
            return "The mail server ended the connection before it had taken the message."
        case TimeoutError():
            return f"The mail server did not answer within {_TURN:g} s."
    return f"The mail server cannot be reached ({error.strerror or type(error).__name__})."

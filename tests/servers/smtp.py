"""A mail server on this machine: it keeps what it takes, and refuses what it is told to."""

import asyncio
import base64
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from typing import Any

import attrs

QUOTED = "office@college.example canary-password"
"""What every refusal quotes: an address, and a password."""


@attrs.define(eq=False)
class MailServer:
    """`refusals`: the code by the verb that is refused, or by an address. `login`: user and password.

    `offers`: what EHLO tells besides. `stops_at`: from this verb on it says nothing more;
    `leaves_at`: it ends the connection. `said`: every verb
    that came, behind it `tls` where TLS was spoken. `ended`: a conversation is over.
    """

    trust: ssl.SSLContext | None = None
    login: tuple[str, str] | None = None
    offers: tuple[str, ...] = ("STARTTLS", "AUTH PLAIN")
    refusals: dict[str, int] = attrs.field(factory=dict)
    stops_at: str = ""
    leaves_at: str = ""
    greets: bool = True
    port: int = 0
    taken: list[EmailMessage] = attrs.field(factory=list)
    to: list[list[str]] = attrs.field(factory=list)
    said: list[str] = attrs.field(factory=list)
    ended: asyncio.Event = attrs.field(factory=asyncio.Event)

    async def talk(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """One conversation."""
        try:
            await self._talk(reader, writer)
        except (ConnectionError, ssl.SSLError, asyncio.IncompleteReadError):
            pass  # the client left
        finally:
            self.ended.set()
            writer.close()

    async def _talk(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if not self.greets:
            await asyncio.Event().wait()
        await _answer(writer, "220 mail.college.example")
        to: list[str] = []
        while line := await reader.readline():
            verb, _, rest = line.decode("latin-1").strip().partition(" ")
            verb = verb.upper()
            is_tls = writer.get_extra_info("ssl_object") is not None
            self.said.append(f"{verb} tls" if is_tls else verb)
            if verb == self.stops_at:
                await asyncio.Event().wait()
            if verb == self.leaves_at:
                return
            address = rest.partition("<")[2].partition(">")[0]
            code = self.refusals.get(verb) or self.refusals.get(address if verb == "RCPT" else "")
            if code is not None:
                await _answer(writer, f"{code} 5.1.1 <{address}> {QUOTED} is refused")
                continue
            match verb:
                case "EHLO":
                    offers = [each for each in self.offers if not (is_tls and each == "STARTTLS")]
                    lines = ["mail.college.example", *offers]
                    ends = ["-"] * (len(lines) - 1) + [" "]
                    await _answer(writer, *(f"250{end}{each}" for end, each in zip(ends, lines, strict=True)))
                case "STARTTLS":
                    await _answer(writer, "220 Go on")
                    assert self.trust is not None
                    await writer.start_tls(self.trust)
                case "AUTH":
                    user, password = base64.b64decode(rest.split()[1]).decode().split("\0")[1:]
                    right = (user, password) == self.login
                    await _answer(writer, "235 Welcome" if right else f"535 5.7.8 {user} {password} is wrong")
                case "RCPT":
                    to.append(address)
                    await _answer(writer, "250 Yes")
                case "DATA":
                    await _answer(writer, "354 Go on")
                    body = await reader.readuntil(b"\r\n.\r\n")
                    message: Any = message_from_bytes(body[:-5], policy=default)
                    self.taken.append(message)
                    self.to.append(to)
                    to = []
                    await _answer(writer, "250 Taken")
                case "QUIT":
                    await _answer(writer, "221 Bye")
                    return
                case _:
                    await _answer(writer, "250 Yes")


async def _answer(writer: asyncio.StreamWriter, *lines: str) -> None:
    writer.write("".join(f"{line}\r\n" for line in lines).encode())
    await writer.drain()


@asynccontextmanager
async def mail_served(server: MailServer, *, tls: bool = False) -> AsyncIterator[MailServer]:
    """The server at a free port of this machine; with `tls` it speaks nothing else."""
    talks: set[asyncio.Task[None]] = set()

    def opened(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        talk = asyncio.create_task(server.talk(reader, writer))
        talks.add(talk)
        talk.add_done_callback(talks.discard)

    listening = await asyncio.start_server(opened, "127.0.0.1", 0, ssl=server.trust if tls else None)
    server.port = listening.sockets[0].getsockname()[1]
    try:
        yield server
    finally:
        listening.close()
        ending = list(talks)
        for talk in ending:
            talk.cancel()
        await asyncio.gather(*ending, return_exceptions=True)

"""How the way to a mail server is kept from others; apart from what talks with one, which loads slowly."""

from enum import StrEnum


class MailSecurity(StrEnum):
    """Whether, and from when on, TLS is spoken; the server's certificate is always checked."""

    STARTTLS = "starttls"
    TLS = "tls"
    NONE = "none"

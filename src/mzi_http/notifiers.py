"""The ways of the settings by which people are told."""

from typing import TYPE_CHECKING

from mzi_core.use_cases.notify import Notifying
from mzi_http.settings import Settings

if TYPE_CHECKING:
    from mzi_core.ports import Notifier
    from mzi_http.container import Container


def notifying_of(settings: Settings, container: "Container") -> Notifying:
    """Those that are set, mail first; nothing is opened before there is something to send."""
    mail, webhook = settings.notify.mail, settings.notify.webhook
    found: list[Notifier] = []
    if mail.host:
        from mzi_adapters.notify.mail import MailAccount, MailNotifier  # noqa: PLC0415  # it loads slowly

        account = MailAccount(
            host=mail.host,
            port=mail.port,
            security=mail.security,
            sender=mail.sender,
            to=mail.to,
            user=mail.user,
            password=mail.password,
        )
        found.append(MailNotifier(account=account))
    if webhook.url:
        from mzi_adapters.notify.webhook import WebhookNotifier  # noqa: PLC0415  # as above

        found.append(
            WebhookNotifier(
                url=webhook.url,
                secret=webhook.secret,
                clock=container.clock(),
                wire=container.network.async_,
            )
        )
    return Notifying(notifiers=found, policy=settings.notify.policy())

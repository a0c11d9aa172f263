"""`mzi notify`: by which ways people are told what waits for them, and what they were told."""

from rich.text import Text

from mzi_core.notices import command, sentence
from mzi_core.ports import NoticeLine, NoticeState, RunStatus
from mzi_core.use_cases.notify import NoticeStanding, NotifyStatus, Tried
from mzi_core.use_cases.tasks import NobodyIsTold
from mzi_http.answers import moment as instant
from mzi_http.cli.console_tables import key, moment, plain, table
from mzi_http.cli.shell import AsJson, Ended, Given, Shell, Tenant


async def try_out(*, tenant: Tenant = None, as_json: AsJson = False, shell: Given) -> Ended:
    """Send a test message by every way that is set, and say how it went."""
    async with shell.open() as use_cases:
        tried = await use_cases.notify.try_out(shell.tenant(tenant))
    if as_json:
        shell.json({"ways": [{"way": each.way, "sent": each.is_sent, "said": each.said} for each in tried]})
    else:
        shown = table(key("way", ""), key(""), "")
        for each in tried:
            shown.add_row(each.way, _went(each), plain(each.said))
        shell.show(shown)
    return Ended.WELL if all(each.is_sent for each in tried) else Ended.NO_REMOTE


def _went(tried: Tried) -> Text:
    return Text("sent", style="green") if tried.is_sent else Text("failed", style="bold red")


async def status(*, tenant: Tenant = None, as_json: AsJson = False, shell: Given) -> Ended:
    """Show what people are told of: what stands, when it was told by which way, and what failed last."""
    async with shell.open() as use_cases:
        found = await use_cases.notify.status(shell.tenant(tenant))
    if as_json:
        shell.json(_data(found))
    else:
        _show(shell, found)
    return Ended.WELL


def _show(shell: Shell, found: NotifyStatus) -> None:
    if found.notices:
        shown = table("what stands", "told")
        for each in found.notices:
            shown.add_row(Text(f"{plain(_said(each))}\n{plain(command(each.address))}"), _told(each))
        shell.show(shown, "")
    else:
        shell.show("Nothing waits for anybody.")
    if not found.ways:
        shell.show(str(NobodyIsTold()))
    elif found.last is None:
        shell.show(f"People are told by {' and '.join(found.ways)}. `mzi serve` has told nothing yet.")
    else:
        said = f"People are told by {' and '.join(found.ways)}, the last time {moment(found.last.started_at)}"
        came_of_it = ": ".join(filter(None, (found.last.status.value, found.last.message)))
        shell.show(plain(f"{said}. That was {came_of_it}{'' if found.last.message else '.'}"))


def _said(each: NoticeStanding) -> str:
    if each.notice is None:
        return f"{each.address}: over, which is told once it has been so for an hour."
    return sentence(NoticeLine(notice=each.notice, state=NoticeState.NEW))


def _told(each: NoticeStanding) -> str:
    told = [f"{way} {moment(at.told_at)}" for way, at in each.told.items() if at.number]
    return "\n".join(told) or "not yet"


def _data(found: NotifyStatus) -> dict[str, object]:
    last = found.last
    return {
        "ways": list(found.ways),
        "notices": [
            {
                "key": str(each.address),
                "number": 0 if each.notice is None else each.notice.number,
                "said": _said(each),
                "command": command(each.address),
                "told": {
                    way: {"number": at.number, "at": instant(at.told_at)} for way, at in each.told.items()
                },
            }
            for each in found.notices
        ],
        "last": None
        if last is None
        else {
            "status": last.status.value,
            "started_at": instant(last.started_at),
            "message": last.message,
            "failed": last.status is not RunStatus.COMPLETED,
        },
    }

"""Checks of what mzi declares: whether Zoho has its modules and fields, and a tenant's own."""

from collections.abc import Collection, Sequence

from mzi_core.errors import FieldsMissing, GatewayRefused, ModuleMissing, RemoteNotFound, UnknownTenant
from mzi_core.mapping import Overlay, overlay
from mzi_core.module import AnyModule
from mzi_core.modules import ZOHO_CATALOGUE
from mzi_core.naming import Absent, Described, naming, real_module
from mzi_core.ports import ReadMethod, Selection, ZohoModule, ZohoReading
from mzi_core.suggestions import either
from mzi_core.use_cases.bulk import closing
from mzi_core.use_cases.doctor import Check, CheckName, Environment, Finding, Severity, zoho_of
from mzi_core.use_cases.field_selection import Choice, describe, in_no_record, select


async def _modules(environment: Environment) -> Sequence[Finding]:
    real = await zoho_of(environment).modules()
    findings = []
    for module in ZOHO_CATALOGUE:
        try:
            real_module(module, real)
        except ModuleMissing as missing:
            findings.append(
                Finding(
                    check=CheckName.ZOHO_MODULES, level=Severity.RED, said=missing.said, remedy=missing.remedy
                )
            )
    if findings:
        return findings
    said = f"All {len(ZOHO_CATALOGUE.modules)} modules are there."
    return [Finding(check=CheckName.ZOHO_MODULES, level=Severity.GREEN, said=said)]


def _hint(near: Sequence[str]) -> str:
    return f" The nearest is {either(near)}." if near else ""


async def _fields(environment: Environment) -> Sequence[Finding]:
    zoho = zoho_of(environment)
    async with environment.store.read(environment.tenant) as session:
        settings = await session.settings()
    real = await zoho.modules()
    findings: list[Finding] = []
    seen = 0
    for module in ZOHO_CATALOGUE:
        laid, problems = overlay(module, settings.mappings.get(module.name, ()))
        findings += [_wrong_mapping(module, problem) for problem in problems]
        try:
            described = await describe(zoho, module, real)
        except ModuleMissing:  # told by the modules
            continue
        except RemoteNotFound as error:
            findings.append(_closed(module, real, error))
        else:
            findings += _fields_of(module, described, laid)
        seen += 1
    if not findings:
        said = f"Every field that is mapped or required is in its module; {seen} modules were looked at."
        findings.append(Finding(check=CheckName.ZOHO_FIELDS, level=Severity.GREEN, said=said))
    return findings


def _closed(module: AnyModule, real: Sequence[ZohoModule], error: RemoteNotFound) -> Finding:
    return Finding(
        check=CheckName.ZOHO_FIELDS,
        level=Severity.RED,
        said=str(error),
        remedy=f"Open {real_module(module, real)} to the API and to the profile of the API user.",
    )


def _fields_of(module: AnyModule, described: Described, laid: Overlay) -> list[Finding]:
    named = naming(module, laid, described)
    told = [each for each in named.absent if each.required or each.mapped or each.link]
    found = [_absent(module, described.api_name, each) for each in told]
    key = None if module.upsert_key is None else named.names.get(module.upsert_key)
    if key is not None and not described.fields[key].unique:
        found.append(
            Finding(
                check=CheckName.ZOHO_FIELDS,
                level=Severity.AMBER,
                said=f"`{key}` of {described.api_name} is not unique; {module.name} cannot be written by it.",
                remedy=f"Tick “Do not allow duplicate values” for `{key}` in Zoho.",
            )
        )
    return found


def _absent(module: AnyModule, api_name: str, absent: Absent) -> Finding:
    said = f"{api_name} has no field `{absent.names[0]}`, which `{absent.field}` is read from."
    if absent.mapped:
        remedy = f"Give `mzi fields {module.name}` its right name, or add the field in Zoho."
    elif absent.required:
        remedy = f"Add it in Zoho, or map another to `{absent.field}` with `mzi fields {module.name}`."
    else:
        remedy = "Add it in Zoho: without it the record's Moodle id is not seen there."
    return Finding(
        check=CheckName.ZOHO_FIELDS,
        level=Severity.RED if absent.required or absent.mapped else Severity.AMBER,
        said=f"{said}{_hint(absent.nearest)}",
        remedy=remedy,
    )


def _wrong_mapping(module: AnyModule, problem: str) -> Finding:
    return Finding(
        check=CheckName.ZOHO_FIELDS,
        level=Severity.RED,
        said=problem,
        remedy=f"Put the mapping right with `mzi fields {module.name}`.",
    )


async def _records(environment: Environment) -> Sequence[Finding]:
    """Fields that Zoho describes and that stand in none of the first records of their module."""
    zoho = zoho_of(environment)
    try:
        async with environment.store.read(environment.tenant) as session:
            settings = await session.settings()
    except UnknownTenant:  # told by the fields
        return [_UNSEEN]
    findings: list[Finding] = []
    reached = seen = 0
    for module in ZOHO_CATALOGUE:
        laid, _ = overlay(module, settings.mappings.get(module.name, ()))
        try:
            choice = await select(zoho, module, laid)
        except (FieldsMissing, GatewayRefused):
            continue  # told by the modules and by the fields
        page = await _sample(zoho, choice)
        reached += 1
        if page:
            seen += 1
            findings += _silent(module, choice, in_no_record(choice, page))
    if not reached:
        return [_UNSEEN]
    if not findings:
        those = f"{seen} module" if seen == 1 else f"{seen} modules"
        said = (
            f"Every field that is asked for comes with the records; those of {those} were looked at."
            if seen
            else "No module has a record yet."
        )
        findings.append(Finding(check=CheckName.ZOHO_RECORDS, level=Severity.GREEN, said=said))
    return findings


_UNSEEN = Finding(
    check=CheckName.ZOHO_RECORDS,
    level=Severity.UNKNOWN,
    said=f"Not checked: {CheckName.ZOHO_FIELDS} comes first.",
)


async def _sample(zoho: ZohoReading, choice: Choice) -> Sequence[object]:
    """The first records of a module, without their rows; none where there are none."""
    fields = Selection(fields=choice.selection.fields)
    pages = zoho.pages(choice.named.api_name, fields, via=ReadMethod.RECORDS)
    async with closing(pages):
        async for page in pages:
            return page
    return ()


def _silent(module: AnyModule, choice: Choice, fields: Collection[str]) -> list[Finding]:
    if not fields:
        return []
    names = ", ".join(f"`{choice.named.names[field]}`" for field in sorted(fields))
    return [
        Finding(
            check=CheckName.ZOHO_RECORDS,
            level=Severity.AMBER,
            said=f"{choice.named.api_name} is said to have {names}, and no record that was looked at has it; "
            f"a pull leaves it in the {module.name} as it is stored.",
            remedy="Let the profile of the API user see it in Zoho, or take it off the module.",
        )
    ]


DECLARATIONS = (
    Check((CheckName.ZOHO_MODULES,), _modules),
    Check((CheckName.ZOHO_FIELDS,), _fields),
    Check((CheckName.ZOHO_RECORDS,), _records),
)

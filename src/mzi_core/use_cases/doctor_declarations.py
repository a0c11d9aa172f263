"""Checks of what mzi declares: whether Zoho has its modules and fields, and a tenant's own."""

from collections.abc import Sequence

from mzi_core.errors import ModuleMissing, RemoteNotFound
from mzi_core.mapping import Overlay, overlay
from mzi_core.module import AnyModule
from mzi_core.modules import CATALOGUE
from mzi_core.naming import Absent, Described, naming, real_module
from mzi_core.ports import ZohoModule
from mzi_core.suggestions import either
from mzi_core.use_cases.doctor import Check, CheckName, Environment, Finding, Severity, zoho_of
from mzi_core.use_cases.field_selection import describe


async def _modules(environment: Environment) -> Sequence[Finding]:
    real = await zoho_of(environment).modules()
    findings = []
    for module in CATALOGUE:
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
    said = f"All {len(CATALOGUE.modules)} modules are there."
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
    for module in CATALOGUE:
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
    key = None if module.key is None else named.names.get(module.key)
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


DECLARATIONS = (
    Check((CheckName.ZOHO_MODULES,), _modules),
    Check((CheckName.ZOHO_FIELDS,), _fields),
)

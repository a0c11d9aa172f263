"""Course categories."""

from collections.abc import Collection
from typing import Any

import attrs

from mzi_adapters.testing.moodle.parameters import Many, One, Value
from mzi_adapters.testing.moodle.refusals import moodle_error
from mzi_adapters.testing.moodle.site import Functions, Site
from mzi_adapters.testing.moodle.site_tables import Category

FUNCTIONS = Functions()


@FUNCTIONS.offer(
    "core_course_create_categories",
    categories=Many(
        One(
            {
                "name": Value("text"),
                "parent": Value("int", default=0),
                "idnumber": Value("raw", optional=True),
                "description": Value("raw", optional=True),
                "descriptionformat": Value("int", optional=True),
                "theme": Value("raw", optional=True),
            }
        )
    ),
)
def create_categories(site: Site, given: dict[str, Any]) -> list[dict[str, Any]]:
    """Create every category, or none."""
    created: list[Category] = []
    for wanted in given["categories"]:
        parent = wanted["parent"]
        if parent and parent not in site.categories:
            raise moodle_error("unknowcategory", "Category not known!")
        site.require("moodle/category:manage")
        taken = {each.idnumber for each in [*site.categories.values(), *created]}
        _check(wanted, taken)
        created.append(
            Category(
                id=site.next_id("course_categories"),
                name=wanted["name"],
                idnumber=wanted.get("idnumber", ""),
                description=wanted.get("description", ""),
                parent=parent,
                timemodified=site.now(),
            )
        )
    site.categories.update((each.id, each) for each in created)
    return [{"id": each.id, "name": each.name} for each in created]


_LONGEST_NAME, _LONGEST_NUMBER = 255, 100


def _check(wanted: dict[str, Any], taken: Collection[str]) -> None:
    """Refuse a name or an id number that cannot be; of one that is changed only what is sent counts."""
    name, idnumber = wanted.get("name"), wanted.get("idnumber", "")
    if name == "":
        raise moodle_error("categorynamerequired", "Category name is required")
    if name is not None and len(name) > _LONGEST_NAME:
        raise moodle_error("categorytoolong", "Category name is too long")
    if len(idnumber) > _LONGEST_NUMBER:
        raise moodle_error("idnumbertoolong", "ID number is too long")
    if idnumber and idnumber in taken:
        raise moodle_error("categoryidnumbertaken", "ID number is already used for another category")


@FUNCTIONS.offer(
    "core_course_update_categories",
    categories=Many(
        One(
            {
                "id": Value("int"),
                "name": Value("text", optional=True),
                "idnumber": Value("raw", optional=True),
                "parent": Value("int", optional=True),
                "description": Value("raw", optional=True),
                "descriptionformat": Value("int", optional=True),
                "theme": Value("raw", optional=True),
            }
        )
    ),
)
def update_categories(site: Site, given: dict[str, Any]) -> None:
    """Change every category, or none."""
    changed: dict[int, Category] = {}
    for wanted in given["categories"]:
        number = wanted["id"]
        before = changed.get(number) or site.categories.get(number)
        if before is None:
            raise moodle_error("unknowncategory", "Unknown category!")
        site.require("moodle/category:manage")
        others = {**site.categories, **changed}
        taken = {each.idnumber for each in others.values() if each.id != number}
        _check(wanted, taken)
        kept = {name: wanted[name] for name in ("name", "idnumber", "description") if name in wanted}
        changed[number] = attrs.evolve(before, **kept, timemodified=site.now())
    site.categories.update(changed)


@FUNCTIONS.offer(
    "core_course_get_categories",
    criteria=Many(One({"key": Value("alpha"), "value": Value("raw")}), default=[]),
    addsubcategories=Value("bool", default=True),
)
def get_categories(site: Site, given: dict[str, Any]) -> list[dict[str, Any]]:
    """Categories for which every criterion holds, with those below them."""
    wanted = {}
    for criterion in given["criteria"]:
        if criterion["key"] not in ("id", "name", "parent", "idnumber", "visible", "ids"):
            raise moodle_error("criteriaerror", "Missing permissions to search on a criterion.")
        if criterion["key"] in ("idnumber", "visible") and not site.may("moodle/category:manage"):
            raise moodle_error("criteriaerror", "Missing permissions to search on a criterion.")
        wanted[criterion["key"]] = str(criterion["value"])
    found = {each.id for each in site.categories.values() if _matches(each, wanted)}
    if given["addsubcategories"] and wanted:
        for each in site.categories.values():
            if found & set(_path(site, each)):
                found.add(each.id)
    return [_category(site, site.categories[each]) for each in sorted(found)]


def _matches(category: Category, wanted: dict[str, str]) -> bool:
    for key, value in wanted.items():
        if key == "ids":
            if str(category.id) not in value.split(","):
                return False
        elif str(getattr(category, key)) != value:
            return False
    return True


def _path(site: Site, category: Category) -> list[int]:
    above = _path(site, site.categories[category.parent]) if category.parent else []
    return [*above, category.id]


def _category(site: Site, category: Category) -> dict[str, Any]:
    path = _path(site, category)
    return {
        "id": category.id,
        "name": site.shown(category.name),
        "description": category.description,
        "descriptionformat": 1,
        "parent": category.parent,
        "sortorder": category.id * 10000,
        "coursecount": sum(each.categoryid == category.id for each in site.courses.values()),
        "depth": len(path),
        "path": "/" + "/".join(str(each) for each in path),
        **(_managed(category) if site.may("moodle/category:manage") else {}),
    }


def _managed(category: Category) -> dict[str, Any]:
    """What Moodle tells those alone who may manage the category."""
    return {
        "idnumber": category.idnumber,
        "visible": category.visible,
        "visibleold": category.visible,
        "timemodified": category.timemodified,
        "theme": "",
    }

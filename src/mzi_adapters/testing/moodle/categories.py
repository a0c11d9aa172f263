"""Course categories."""

from typing import Any

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
        parent, idnumber = wanted["parent"], wanted.get("idnumber", "")
        if parent and parent not in site.categories:
            raise moodle_error("unknowcategory", "Category not known!")
        site.require("moodle/category:manage")
        taken = {each.idnumber for each in [*site.categories.values(), *created]}
        if idnumber and idnumber in taken:
            message = "ID number is already used for another category"
            raise moodle_error("categoryidnumbertaken", message)
        created.append(
            Category(
                id=site.next_id("course_categories"),
                name=wanted["name"],
                idnumber=idnumber,
                description=wanted.get("description", ""),
                parent=parent,
                timemodified=site.now(),
            )
        )
    site.categories.update((each.id, each) for each in created)
    return [{"id": each.id, "name": each.name} for each in created]


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
        "idnumber": category.idnumber,
        "description": category.description,
        "descriptionformat": 1,
        "parent": category.parent,
        "sortorder": category.id * 10000,
        "coursecount": sum(each.categoryid == category.id for each in site.courses.values()),
        "visible": category.visible,
        "visibleold": category.visible,
        "timemodified": category.timemodified,
        "depth": len(path),
        "path": "/" + "/".join(str(each) for each in path),
        "theme": "",
    }

"""Moodle's own roles. Source: the order in which `lib/db/install.php` makes them on a new site."""

from collections.abc import Mapping

from mzi_core.values import MoodleId

ROLES: Mapping[str, MoodleId] = {
    "manager": MoodleId(1),
    "coursecreator": MoodleId(2),
    "editingteacher": MoodleId(3),
    "teacher": MoodleId(4),
    "student": MoodleId(5),
}
"""The ids that they have in every Moodle, by short name; a role that a site has made has an id of its own."""

"""How the documentation is built: Markdown, tables made from the code, and examples that are executed."""

import doctest
import logging
import sys
from importlib.metadata import version as version_of
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent / "_ext"))

# A package of the theme's sets up logging for everybody, and alembic has much to say while it is imported.
logging.getLogger("alembic").setLevel(logging.WARNING)

project = "mzi"
author = "mzi contributors"
project_copyright = author
version = release = version_of("mzi")

extensions = [
    "myst_parser",
    "sphinx.ext.autodoc",
    "sphinx.ext.doctest",
    "from_the_code",  # the tables that are made from the declarations
    "console",  # the examples of the command line and of the service
]
exclude_patterns = ["_build"]

myst_enable_extensions = ["colon_fence", "deflist", "fieldlist"]
myst_heading_anchors = 3

autodoc_member_order = "bysource"
autodoc_typehints_format = "short"
python_maximum_signature_line_length = 88
python_use_unqualified_type_names = True

# A doctest says what a reader would type; what every page would repeat stands here.
doctest_global_setup = """
import asyncio
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
"""
doctest_default_flags = doctest.ELLIPSIS | doctest.NORMALIZE_WHITESPACE | doctest.DONT_ACCEPT_TRUE_FOR_1

html_theme = "furo"
html_title = "mzi"
html_static_path = ["_static"]
html_css_files = ["mzi.css"]
html_copy_source = False
html_show_sphinx = False
html_theme_options = {"top_of_page_buttons": []}

"""The table of rights names every route that the functions have, and no other."""

import re
from pathlib import Path

from functions.query.handler import app as query
from functions.submit.handler import app as submit
from tests.docs.tree import text_of

PAGE = Path("docs/reference/access.md")
HEADING = "| route | no role | viewer | submitter | operator | admin |"


def rows_of_access():
    """Read what each role may: `{"POST /job": ["no", "no", "yes", "yes", "yes"], ...}`."""
    lines = text_of(PAGE).splitlines()
    rows = {}
    for line in lines[lines.index(HEADING) + 2 :]:
        if not line.startswith("|"):
            return rows
        route, *cells = (cell.strip().strip("`") for cell in line.strip("|").split("|"))
        assert route not in rows, route
        rows[route] = cells
    return rows


def routes_of(app):
    routes = [*app._static_routes, *app._dynamic_routes]
    return {
        f"{route.method} {_placeholders(route.path.removeprefix('/api/v1'))}" for route in routes
    }


def _placeholders(path):
    """Write `/job/<job_id>` as `/job/{id}`, and a second placeholder as `{n}`."""
    return re.sub("<[^>]+>", "{n}", re.sub("<[^>]+>", "{id}", path, count=1))


def test_every_route_is_in_the_table_of_rights_and_no_other():
    assert set(rows_of_access()) == routes_of(query) | routes_of(submit), (
        f"add what differs to the table of {PAGE}: who may use the route?"
    )


def test_cells_say_yes_no_or_own():
    for route, cells in rows_of_access().items():
        assert set(cells) <= {"yes", "no", "own"}, route
        assert len(cells) == 5, route

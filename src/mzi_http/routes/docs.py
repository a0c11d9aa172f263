"""/openapi.json, and /docs where Swagger UI shows it; all of it comes from this machine.

Swagger UI's files are those that the package `offapi` ships. They are served as they are, because its own
page has them inline, which no content security policy worth having lets run; and they are found without
importing the package, which would read all of its eight megabytes into memory.
"""

from collections.abc import Callable, Sequence
from functools import cache, partial
from hashlib import sha256
from importlib.util import find_spec
from pathlib import Path

from starlette.requests import Request
from starlette.responses import HTMLResponse, Response

from mzi_core.errors import MziError
from mzi_http.jsontext import encode
from mzi_http.routing import Claimed, Endpoint, Json

DOCUMENT = "/openapi.json"
PAGE = "/docs"
_CACHED = {"Cache-Control": "public, max-age=86400"}
_POLICY = {
    "Content-Security-Policy": (
        "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; "
        "connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    )
}

_HTML = """<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>mzi</title>
<link rel="icon" href="data:,">
<link rel="stylesheet" href="docs/swagger_style.css">
</head>
<body>
<div id="swagger-ui"></div>
<script src="docs/swagger_bundle.js"></script>
<script src="docs/start.js"></script>
</body>
</html>
"""

_START = """SwaggerUIBundle({
  url: "openapi.json", dom_id: "#swagger-ui", presets: [SwaggerUIBundle.presets.apis],
  layout: "BaseLayout", deepLinking: true, docExpansion: "list", validatorUrl: null,
});
"""

_ASSETS = {"swagger_bundle.js": "text/javascript", "swagger_style.css": "text/css"}

_DIGESTS = {
    "swagger_bundle.js": "050bc415ee7048dcd881682678f720264e7da5e373f7461d7c58c755305255f7",
    "swagger_style.css": "1ac324f7dcd27e4b9386b4bd6421271ec147e922a22c05ba24b11515e9aa6321",
}
"""The SHA-256 of each file as it was looked at; whatever else a package of that name brings is not served."""


class ChangedAsset(MziError):
    """A file of Swagger UI is not the one that mzi was released with."""

    def __init__(self, name: str) -> None:
        super().__init__(
            f"`{name}` of the package offapi is not the file mzi was released with, and is not served; "
            'install it anew: pip install --force-reinstall "mzi[server]".'
        )


@cache
def asset(name: str) -> bytes:
    """A file of Swagger UI."""
    package = find_spec("offapi")
    assert package is not None  # noqa: S101  # it comes with the extra `server`
    assert package.submodule_search_locations  # noqa: S101
    content = Path(package.submodule_search_locations[0], name).read_bytes()
    if sha256(content).hexdigest() != _DIGESTS[name]:
        raise ChangedAsset(name)
    return content


def _file(content: Callable[[], bytes], media_type: str) -> Endpoint:
    async def send(request: Request) -> Response:
        return Response(content(), media_type=media_type, headers=_CACHED)

    return send


async def page(request: Request) -> Response:
    """The page that shows the document."""
    return HTMLResponse(_HTML, headers=_POLICY)


def routes(document: Json) -> Sequence[Claimed]:
    """The routes of a document and of the page that shows it."""
    described = encode(document)

    async def openapi(request: Request) -> Response:
        return Response(described, media_type="application/json")

    served = {
        DOCUMENT: openapi,
        PAGE: page,
        f"{PAGE}/start.js": _file(_START.encode, "text/javascript"),
        **{f"{PAGE}/{name}": _file(partial(asset, name), kind) for name, kind in _ASSETS.items()},
    }
    return [Claimed(path, endpoint, methods=["GET"]) for path, endpoint in served.items()]

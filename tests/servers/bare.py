"""A Starlette app that does nothing, run as `mzi serve` runs its own: `python -m tests.servers.bare`.

It prints its address and answers until it is told to stop: what a request costs before mzi has done anything.
"""

import asyncio
import socket

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from mzi_http.cli.serve import server_of


async def take(request: Request) -> Response:
    """Read the body and answer."""
    await request.body()
    return JSONResponse({})


def main() -> None:
    """Serve on a free port; asyncio sets TCP_NODELAY by itself on a socket that knows its protocol."""
    app = Starlette(routes=[Route("/", take, methods=["POST"])])
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP) as listening:
        listening.bind(("127.0.0.1", 0))
        listening.listen()
        print(f"http://127.0.0.1:{listening.getsockname()[1]}", flush=True)
        asyncio.run(server_of(app).serve(sockets=[listening]))


if __name__ == "__main__":
    main()

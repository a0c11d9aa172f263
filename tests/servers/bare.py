"""`python -m tests.servers.bare`: a Starlette app that does nothing, served as `mzi serve` serves its own.

It says where it listens and answers every POST with a constant: what a request costs before mzi does a thing.
"""

import asyncio
import socket
import sys

import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route


async def _answer(request: Request) -> JSONResponse:
    return JSONResponse({"status": "success"})


def main() -> None:
    """Serve until told to stop."""
    app = Starlette(routes=[Route("/{path:path}", _answer, methods=["POST"])])
    config = uvicorn.Config(app, log_config=None, server_header=False)
    with socket.create_server(("127.0.0.1", 0)) as listening:
        # It is passed on to every connection; asyncio sets it only on sockets that it has made itself.
        listening.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        print(f"serves http://127.0.0.1:{listening.getsockname()[1]}", file=sys.stderr, flush=True)
        asyncio.run(uvicorn.Server(config).serve(sockets=[listening]))


if __name__ == "__main__":
    main()

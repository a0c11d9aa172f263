"""Asking a fake Moodle, function by function."""

import json
from collections.abc import Iterator
from typing import Any

from mzi_adapters.testing.moodle import FakeMoodle
from mzi_adapters.web.transport import Request, Response, pairs_to_form

TOKEN = "a-token-of-the-fake"
ENDPOINT = "https://moodle.example/webservice/rest/server.php"
FORM = {"Content-Type": "application/x-www-form-urlencoded"}


def fields(name: str, value: Any) -> Iterator[tuple[str, str]]:
    """A parameter as form fields, lists and structures the way PHP reads them."""
    if isinstance(value, dict):
        for key, each in value.items():
            yield from fields(f"{name}[{key}]", each)
    elif isinstance(value, list | tuple):
        for number, each in enumerate(value):
            yield from fields(f"{name}[{number}]", each)
    else:
        yield name, str(value)


def request(function: str, *, token: str = TOKEN, **parameters: Any) -> Request:
    """The request that calls a function."""
    pairs = [("wstoken", token), ("wsfunction", function), ("moodlewsrestformat", "json")]
    for name, value in parameters.items():
        pairs += fields(name, value)
    return Request(method="POST", url=ENDPOINT, headers=FORM, body=pairs_to_form(pairs))


async def send(moodle: FakeMoodle, function: str, *, token: str = TOKEN, **parameters: Any) -> Response:
    """The answer as it comes."""
    return await moodle.send(request(function, token=token, **parameters))


async def ask(moodle: FakeMoodle, function: str, *, token: str = TOKEN, **parameters: Any) -> Any:
    """The JSON that is answered."""
    answer = await send(moodle, function, token=token, **parameters)
    assert answer.status == 200
    return json.loads(answer.body)


def person(username: str, **more: Any) -> dict[str, Any]:
    """A user to be created."""
    return {
        "username": username,
        "password": "Passw0rd!x1",
        "firstname": "Noor",
        "lastname": "Haddad",
        "email": f"{username}@campus.example",
        **more,
    }

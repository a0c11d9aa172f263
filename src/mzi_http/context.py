"""What every request finds in its state: the use cases, the limits, whose data it is about."""

import attrs
from starlette.requests import Request

from mzi_core.use_cases import UseCases
from mzi_core.values import TenantId
from mzi_http.wrong_keys import WrongKeys


@attrs.frozen(kw_only=True)
class Service:
    """The running service: opened in the lifespan, the same for every request.

    `max_body`: the largest body that is read, in bytes. `max_records`: the most records of one request.
    `wrong_keys`: those of every guard together.
    """

    use_cases: UseCases
    version: str
    max_body: int
    max_records: int
    wrong_keys: WrongKeys = attrs.field(factory=WrongKeys)


def service(request: Request) -> Service:
    """The service that answers this request."""
    found: Service = request.state.service
    return found


def tenant(request: Request) -> TenantId:
    """The tenant the request names, as `security.Guard` noted it; not checked: that there is one."""
    found: TenantId = request.state.tenant
    return found

"""Where Zoho lives: the hosts of each data centre, and the account of one organisation in one of them.

A token goes to no host but the one named here, whatever an answer says.
"""

from collections.abc import Mapping
from hashlib import sha256
from types import MappingProxyType

import attrs

ENVIRONMENTS: Mapping[str, str] = MappingProxyType(
    {"production": "www", "sandbox": "sandbox", "developer": "developer"}
)
"""What the API's host begins with."""


@attrs.frozen(kw_only=True)
class DataCentre:
    """The accounts server and the API of one data centre; another environment of it has another `api`."""

    accounts: str
    api: str

    def environment(self, name: str) -> "DataCentre":
        """The same data centre with the API of its `production`, `sandbox` or `developer` organisations."""
        if name not in ENVIRONMENTS:
            raise ValueError(f"`{name}` is no environment of Zoho; take one of {', '.join(ENVIRONMENTS)}.")
        return attrs.evolve(self, api=self.api.replace("://www.", f"://{ENVIRONMENTS[name]}."))


def _at(accounts: str, api: str) -> DataCentre:
    return DataCentre(accounts=f"https://accounts.{accounts}", api=f"https://www.{api}")


DATA_CENTRES: Mapping[str, DataCentre] = MappingProxyType(
    {
        "us": _at("zoho.com", "zohoapis.com"),
        "eu": _at("zoho.eu", "zohoapis.eu"),
        "in": _at("zoho.in", "zohoapis.in"),
        "au": _at("zoho.com.au", "zohoapis.com.au"),
        "jp": _at("zoho.jp", "zohoapis.jp"),
        "cn": _at("zoho.com.cn", "zohoapis.com.cn"),
        "ca": _at("zohocloud.ca", "zohoapis.ca"),
        "sa": _at("zoho.sa", "zohoapis.sa"),
        "uk": _at("zoho.uk", "zohoapis.uk"),
    }
)
"""By the name of the data centre."""

CONCURRENCY: Mapping[str, int] = MappingProxyType(
    {"free": 5, "standard": 10, "professional": 15, "enterprise": 20, "ultimate": 25}
)
"""How many calls an organisation may have under way at once, by its edition."""


def data_centre(name: "str | DataCentre") -> DataCentre:
    """The data centre of this name; one that is given whole is taken as it is."""
    if isinstance(name, DataCentre):
        return name
    if name not in DATA_CENTRES:
        raise ValueError(f"`{name}` is no Zoho data centre; take one of {', '.join(DATA_CENTRES)}.")
    return DATA_CENTRES[name]


@attrs.frozen(kw_only=True)
class ZohoAccount:
    """The lasting credentials of one organisation, and how much of it may be asked at once.

    `data_centre`: a name of DATA_CENTRES, or hosts of one's own. `concurrency`: what the edition allows,
    divided by the processes that share it.
    """

    client_id: str
    client_secret: str = attrs.field(repr=False)
    refresh_token: str = attrs.field(repr=False)
    data_centre: DataCentre = attrs.field(converter=data_centre)
    concurrency: int = attrs.field(default=CONCURRENCY["free"], validator=attrs.validators.ge(1))

    @property
    def origin(self) -> str:
        """A digest that tells these credentials from others and gives none of them away."""
        said = "\0".join((self.data_centre.accounts, self.client_id, self.client_secret, self.refresh_token))
        return sha256(said.encode()).hexdigest()[:32]

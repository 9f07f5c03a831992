"""Who may ask: programs of this machine or of whoever knows the token, and no page of a stranger in somebody's browser.

A page that a browser has from elsewhere reaches servers on this machine: by its own requests, which name it as their
origin, and by a name that suddenly points here (DNS rebinding), which is then the request's host.
"""

from __future__ import annotations

import ipaddress
import re
import secrets
from dataclasses import dataclass
from urllib.parse import urlsplit

from starlette.datastructures import Headers, QueryParams

from chainrule.errors import UsageError
from chainrule.messages import Message
from chainrule.serve.refusals import RefusedRequestError

_HOST = Message(
    "serve.access.host",
    en="The request is for the host '{host}', which this server does not know as its own. Ask for its address in"
    " numbers, or start it with --allow-host {host}.",
    zh="请求的主机名为“{host}”，本服务器不认识它。请使用数字地址，或在启动时加上 --allow-host {host}。",
)
_NO_HOST = Message(
    "serve.access.no_host",
    en="The request does not say for which host it is. Give the header Host, such as 'Host: localhost'.",
    zh="请求没有给出主机名。请加上请求头 Host，例如“Host: localhost”。",
)
_ORIGIN = Message(
    "serve.access.origin",
    en="The request comes from a page of {origin}, whose scripts may not ask here. Start the server with --allow-host"
    " and the name of that page's host, if they may.",
    zh="请求来自 {origin} 的页面，其脚本无权访问本服务器。若要允许，请在启动时用 --allow-host 给出该页面的主机名。",
)
_TOKEN = Message(
    "serve.access.token",
    en="The request does not carry the token of this server. Give it as the header 'Authorization: Bearer TOKEN', or as"
    " ?token=TOKEN behind the address.",
    zh="请求没有携带本服务器的令牌。请使用请求头“Authorization: Bearer TOKEN”，或在地址后加上 ?token=TOKEN。",
)

_NO_TOKEN = Message(
    "serve.access.no_token",
    en="The token is empty, or begins or ends with a blank or the end of a line, which clients cannot send. Give one"
    " that does not.",
    zh="令牌为空，或首尾有空白或换行，客户端无法发送。请给出不含这些的令牌。",
)
_NO_NAME = Message(
    "serve.access.no_name",
    en="'{name}' is no name of a host. Give one alone and in full, such as models.example: without a port, and with"
    " nothing to stand for several.",
    zh="“{name}”不是主机名。请只给出完整的主机名，例如 models.example：不带端口，也不用通配符。",
)

_HOST_NAME = re.compile(r"[a-z0-9._-]+")
_MOST_QUOTED = 60  # characters of a name


@dataclass(frozen=True)
class Access:
    """Who may ask.

    token   what every request has to carry, except for the one that asks whether the server is well; None: nothing
    hosts   names of the server in small letters, besides localhost and addresses in numbers; pages of these hosts may
            ask too

    Raises:   UsageError for a token or a name that no request could have.
    """

    token: str | None = None
    hosts: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        if self.token is not None and (not self.token or self.token != self.token.strip()):
            raise UsageError(_NO_TOKEN())
        for name in self.hosts:
            if not _HOST_NAME.fullmatch(name):
                raise UsageError(_NO_NAME(name=name))

    def check(self, path: str, headers: Headers, query: QueryParams) -> None:
        """Refuse a request with these headers.

        Raises:   RefusedRequestError.
        """
        host = headers.get("host", "")
        name = _name(f"//{host}")
        if not name:
            raise RefusedRequestError(400, "host", _NO_HOST())
        if not self._is_own(name):
            raise RefusedRequestError(403, "host", _HOST(host=name[:_MOST_QUOTED]))
        origin = headers.get("origin")
        if origin is not None and _place(origin) != host.lower() and _name(origin) not in self.hosts:
            raise RefusedRequestError(403, "origin", _ORIGIN(origin=origin[:_MOST_QUOTED]))
        if self.token is not None and path != "/healthz":
            scheme, _, given = headers.get("authorization", "").partition(" ")
            given = given.strip() if scheme.lower() == "bearer" else query.get("token", "")
            if not secrets.compare_digest(given.encode(), self.token.encode()):
                raise RefusedRequestError(401, "token", _TOKEN(), {"WWW-Authenticate": "Bearer"})

    def _is_own(self, name: str) -> bool:
        if name == "localhost" or name in self.hosts:
            return True
        try:
            ipaddress.ip_address(name)
        except ValueError:
            return False
        return True


def _name(address: str) -> str:
    """The host's name in an address, in small letters; empty where there is none."""
    try:
        return urlsplit(address).hostname or ""
    except ValueError:
        return ""


def _place(address: str) -> str:
    """The host and the port in an address, in small letters; empty where there are none."""
    try:
        return urlsplit(address).netloc.lower()
    except ValueError:
        return ""

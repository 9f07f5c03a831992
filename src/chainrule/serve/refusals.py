"""What a client is told instead of an answer."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

from starlette.responses import JSONResponse

from chainrule.errors import ChainruleError


class RefusedRequestError(ChainruleError):
    """A request that is not answered.

    status    of HTTP
    code      what programs may go by: it is never translated, and stays as it is
    headers   of the response
    """

    def __init__(self, status: int, code: str, text: str, headers: Mapping[str, str] = MappingProxyType({})) -> None:
        super().__init__(text)
        self.status = status
        self.code = code
        self.headers = headers

    def response(self) -> JSONResponse:
        """This as an answer."""
        return JSONResponse(self.data(), self.status, self.headers)

    def data(self) -> dict[str, Any]:
        """This as JSON has it."""
        return {"error": {"code": self.code, "message": str(self)}}

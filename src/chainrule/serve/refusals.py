"""What a client is told instead of an answer."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

from starlette.responses import JSONResponse

from chainrule.errors import ChainruleError

_LONGEST = 2_000  # characters of a message


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
        """This as JSON has it.

        Names that a client made up may be in it: they are cut off where they are long, and half a character, which JSON
        can write and no text can hold, becomes a question mark.
        """
        text = str(self)
        text = text if len(text) <= _LONGEST else f"{text[:_LONGEST]}…"
        return {"error": {"code": self.code, "message": text.encode("utf-8", "replace").decode()}}

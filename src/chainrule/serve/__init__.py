"""Predictions served by HTTP: `chainrule serve RUN`, or `application(trained)` in a server of yours.

application   application(trained): what answers requests, as an ASGI application
limits        Limits: what one client may ask for
access        Access: who may ask
bodies        what a request carries, read in time and within its limits
reading       from a body to what the network takes: JSON, CSV, pictures
instances     {"instances": …}: rows of a table, or arrays
multipart     uploads of a form
batching      Batcher: requests that arrive while one prediction runs are predicted together
endings       Endings: when what is awaited is given up
answers       predictions as JSON or CSV
refusals      RefusedRequestError: what a client is told instead
metrics       what Prometheus is told
page          the page that says what the model takes
connections   clients that are slow, or too many
server        a process that serves until it is told to stop
"""

from importlib.util import find_spec

from chainrule.errors import UsageError
from chainrule.messages import Message

_EXTRA = Message(
    "serve.extra",
    en='Serving needs {package}, which is not installed. Install it: pip install "chainrule[serve]".',
    zh='提供服务需要 {package}，但它尚未安装。请安装：pip install "chainrule[serve]"。',
)

for package in ("starlette", "uvicorn", "prometheus_client", "python_multipart"):
    if find_spec(package) is None:
        raise UsageError(_EXTRA(package=package))

from chainrule.serve.access import Access  # noqa: E402
from chainrule.serve.application import application  # noqa: E402
from chainrule.serve.limits import Limits  # noqa: E402

__all__ = ["Access", "Limits", "application"]

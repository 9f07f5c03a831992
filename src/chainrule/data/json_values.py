"""Values as JSON has them: it knows no infinity and no NaN."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any


def json_values(data: Any) -> Any:
    """Data with None in the place of every number that is infinite or NaN.

    Example:
        >>> json_values({"epoch": 3, "loss": math.nan, "rates": [0.5, math.inf]})
        {'epoch': 3, 'loss': None, 'rates': [0.5, None]}
    """
    match data:
        case float():
            return data if math.isfinite(data) else None
        case Mapping():
            return {name: json_values(value) for name, value in data.items()}
        case list() | tuple():
            return [json_values(value) for value in data]
    return data

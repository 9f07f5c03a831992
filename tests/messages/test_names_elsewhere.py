"""What other libraries call otherwise: the name that is suggested exists here, and theirs does not."""

from __future__ import annotations

from collections.abc import Collection, Mapping

import pytest

from chainrule.nn import initializers
from chainrule.nn.losses import names as losses
from chainrule.ops import parts
from chainrule.optim import names as optimizers
from chainrule.train import metrics

TABLES: dict[str, tuple[Mapping[str, str], Collection[str]]] = {
    "initializers": (initializers._ELSEWHERE, initializers.INITIALIZERS),
    "losses": (losses.ELSEWHERE, losses.LOSSES),
    "metrics": (metrics._ELSEWHERE, metrics.METRICS),
    "optimizers": (optimizers._ELSEWHERE, optimizers.OPTIMIZERS),
    "modes of pad": (parts._ELSEWHERE, {"constant", *parts._MODES}),
}


@pytest.mark.parametrize("table", TABLES)
def test_what_is_suggested_is_known(table):
    elsewhere, known = TABLES[table]
    assert set(elsewhere.values()) <= set(known)
    assert not set(elsewhere) & set(known)
    assert all(name == name.lower() for name in elsewhere)

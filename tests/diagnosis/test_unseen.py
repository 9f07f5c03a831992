"""How often the diagnosis is right about trainings that it has not been tuned on."""

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any

import pytest

from chainrule.diagnosis.finding import Finding
from chainrule.diagnosis.preflight import preflight
from chainrule.errors import DivergedError
from chainrule.train import EarlyStopping, Model
from tests.diagnosis.trainings import Noted
from tests.diagnosis.unseen import FAULTY, HEALTHY
from tests.diagnosis.unseen_again import HEALTHY_AGAIN
from tests.diagnosis.unseen_fourth import HEALTHY_FOURTH
from tests.diagnosis.unseen_samples import NotHereError, Samples
from tests.diagnosis.unseen_third import HEALTHY_THIRD
from tests.diagnosis.unseen_training import Unseen

pytestmark = pytest.mark.full

# What copies show that are trained for a moment, what may show before a training or in it; all else in it.
REHEARSED = {"CR008", "CR009"}
EITHER = {*(f"CR{number:03}" for number in range(2, 8)), "CR020", "CR021", "CR023"}


def model_of(unseen: Unseen, samples: Samples) -> Model:
    return Model(unseen.network, samples.x.shape[1:], seed=unseen.seed)


def arguments(unseen: Unseen, samples: Samples) -> dict[str, Any]:
    """What both the checks before a training and the training are given."""
    apart = samples.x_validation is not None
    return {
        "loss": unseen.loss,
        "optimizer": unseen.optimizer,
        "epochs": unseen.epochs,
        "batch_size": unseen.batch_size,
        "validation_data": (samples.x_validation, samples.y_validation) if apart else None,
        "validation_split": 0.0 if apart else unseen.split,
    }


def found_before(unseen: Unseen, samples: Samples, *, rehearse: bool) -> list[Finding]:
    given = arguments(unseen, samples)
    return list(preflight(model_of(unseen, samples), samples.x, samples.y, rehearse=rehearse, **given))


def found_in_training(unseen: Unseen, samples: Samples) -> list[Finding]:
    """At the end, and on the way even where it no longer held at the end."""
    diagnosis = Noted()
    stopping = [] if unseen.patience is None else [EarlyStopping(patience=unseen.patience)]
    with suppress(DivergedError):
        model_of(unseen, samples).fit(
            samples.x,
            samples.y,
            class_weight=unseen.class_weight,
            callbacks=[*stopping, diagnosis],
            verbose=0,
            **arguments(unseen, samples),
        )
    taken_back = [found for code, (_, found) in diagnosis.on_the_way.items() if code not in diagnosis.findings.codes]
    return [*diagnosis.findings, *taken_back]


def found_for(unseen: Unseen, samples: Samples) -> list[Finding]:
    """What those say who are to find it, up to the first who does."""
    if unseen.code in REHEARSED:
        return found_before(unseen, samples, rehearse=True)
    before = found_before(unseen, samples, rehearse=False) if unseen.code in EITHER else []
    return before if unseen.code in codes(before) else before + found_in_training(unseen, samples)


def codes(findings: list[Finding]) -> list[str]:
    return [finding.kind.code for finding in findings]


@contextmanager
def skipped_without_data() -> Iterator[None]:
    try:
        yield
    except NotHereError as missing:
        pytest.skip(str(missing))


@pytest.mark.parametrize(
    "healthy",
    [HEALTHY, HEALTHY_AGAIN, HEALTHY_THIRD, HEALTHY_FOURTH],
    ids=["first", "again", "third", "fourth"],
)
def test_at_most_one_of_forty_healthy_trainings_is_called_faulty(healthy, subtests):
    assert len(healthy) == 40
    alarmed = 0
    for unseen in healthy:
        with subtests.test(unseen.name), skipped_without_data():
            samples = unseen.samples(unseen.seed)
            findings = found_before(unseen, samples, rehearse=True) + found_in_training(unseen, samples)
            alarmed += bool(findings)
            for finding in findings:
                print(f"False alarm at '{unseen.name}':\n{finding}\n")
    print(f"{alarmed} of {len(healthy)} healthy trainings were called faulty")
    assert alarmed <= 1


def test_nine_of_ten_faults_are_found(subtests):
    asked, right = Counter[str](), Counter[str]()
    assert Counter(unseen.code for unseen in FAULTY) == {f"CR{number:03}": 5 for number in range(1, 24)}
    for unseen in FAULTY:
        with subtests.test(unseen.name), skipped_without_data():
            assert unseen.code is not None
            findings = found_for(unseen, unseen.samples(unseen.seed))
            asked[unseen.code] += 1
            right[unseen.code] += unseen.code in codes(findings)
            if unseen.code not in codes(findings):
                said = "\n".join(map(str, findings)) or "Nothing was found."
                print(f"{unseen.code} was missed at '{unseen.name}' (seed {unseen.seed}):\n{said}\n")
    print("\n".join(f"{code}: {right[code]} of {count} found" for code, count in asked.items()))
    print(f"{right.total()} of {asked.total()} faults were found")
    assert right.total() >= 0.9 * asked.total()

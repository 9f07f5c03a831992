"""Which instruction set code is written for, and that its flags mean it."""

import re
import subprocess
from pathlib import Path

import pytest

from chainrule.compiler import toolchain
from chainrule.compiler.mathematics import prelude
from chainrule.compiler.target import (
    TARGETS,
    available,
    computes_by_halves,
    detect,
    features_of_cpuinfo,
    features_of_sysctl,
    lanes,
)
from chainrule.errors import UsageError
from chainrule.messages import use_language

KERNEL = """
void kernel(f32 *y, const f32 *x, long n) {
  for (long i = 0; i < n; i += LANES) *(f32v *)(y + i) = exp_f32v(*(const f32v *)(x + i)) * 2.f + 1.f;
  for (long i = 0; i < n; i++) y[i] += x[n - i];
}
"""


@pytest.fixture(autouse=True)
def no_choice(monkeypatch):
    monkeypatch.delenv("CHAINRULE_ISA", raising=False)


@pytest.fixture
def processor(monkeypatch):
    """A processor with other features."""

    def set_features(*features: str) -> None:
        monkeypatch.setattr("chainrule.compiler.target._features", lambda: frozenset(features))

    return set_features


def test_the_best_is_detected():
    assert detect().name == available()[0].name


@pytest.mark.parametrize(
    ("features", "name"),
    [
        (["avx512f", "avx512bw", "avx512dq", "avx512vl", "avx2", "fma"], "avx512"),
        (["avx512f", "avx512dq", "avx512vl", "avx2", "fma"], "avx2"),  # not all of it
        (["avx2"], "generic"),  # without multiply-add
        (["neon"], "neon"),
        ([], "generic"),
    ],
)
def test_what_a_processor_runs(processor, features, name):
    processor(*features)
    assert detect().name == name


WIDE = ("avx512f", "avx512bw", "avx512dq", "avx512vl", "avx2", "fma")


@pytest.mark.parametrize(
    ("features", "granted", "pairs", "tiles"),
    [
        (WIDE, True, False, False),
        ((*WIDE, "avx512_bf16"), True, True, False),
        ((*WIDE, "avx512_bf16", "amx_tile", "amx_bf16"), True, True, True),
        ((*WIDE, "avx512_bf16", "amx_tile", "amx_bf16"), False, True, False),  # the system has to give leave
        ((*WIDE, "avx512_bf16", "amx_tile"), True, True, False),  # tiles of bytes alone
        (("avx2", "fma", "avx512_bf16"), True, False, False),
    ],
)
def test_products_of_bfloat16_are_detected(processor, monkeypatch, features, granted, pairs, tiles):
    processor(*features)
    monkeypatch.setattr("chainrule.compiler.target._may_use_tiles", lambda: granted)
    found = detect()
    assert (found.pairs, found.tiles, "-DAMX" in found.flags) == (pairs, tiles, tiles)


@pytest.mark.parametrize("target", available(), ids=lambda target: target.name)
def test_one_can_be_chosen(monkeypatch, target):
    monkeypatch.setenv("CHAINRULE_ISA", target.name)
    assert detect() == target
    assert not [flag for flag in detect().flags if "native" in flag]


def test_an_unknown_one_is_refused(monkeypatch):
    monkeypatch.setenv("CHAINRULE_ISA", "avx521")
    with pytest.raises(UsageError, match=r"avx512, avx2, neon, generic\. Did you mean 'avx512'\?"):
        detect()
    use_language("zh")
    try:
        with pytest.raises(UsageError, match=r"avx521.*可选"):
            detect()
    finally:
        use_language(None)


def test_one_that_this_processor_has_not_is_refused(monkeypatch, processor):
    processor("avx2", "fma")
    monkeypatch.setenv("CHAINRULE_ISA", "avx512")
    with pytest.raises(UsageError, match="cannot run it; it runs: avx2, generic"):
        detect()


def test_processors_share_no_compiled_code(processor):
    processor("avx2", "fma")
    flags = detect().flags
    processor("avx2", "fma", "gfni")
    assert detect().flags != flags


def test_lanes():
    assert {target.name: (lanes(target, 4), lanes(target, 8)) for target in TARGETS} == {
        "avx512": (16, 8),
        "avx2": (8, 4),
        "neon": (4, 2),
        "generic": (4, 2),
    }


def assembly(name: str, folder: Path) -> str:
    (target,) = (target for target in TARGETS if target.name == name)
    flags = [flag for flag in target.flags if flag != "-shared"]
    text, result = folder / "kernel.c", folder / "kernel.s"
    text.write_text(prelude(lanes(target, 4)) + KERNEL)
    subprocess.run([*toolchain.find_compiler(), *flags, "-S", "-o", str(result), str(text)], check=True)
    return result.read_text()


@pytest.mark.skipif("avx512" not in [target.name for target in available()], reason="another kind of processor")
def test_each_keeps_to_its_registers(tmp_path):
    texts = {name: assembly(name, tmp_path) for name in ("avx512", "avx2", "generic")}
    used = {name: set(re.findall(r"%([xyz]mm)\d", text)) for name, text in texts.items()}
    assert "zmm" in used["avx512"]
    assert "zmm" not in used["avx2"]
    assert "ymm" in used["avx2"]
    if "ziglang" not in toolchain.find_compiler():  # whose baseline is the running processor
        assert used["generic"] == {"xmm"}
        assert not re.search(r"\bv[a-z]+ps\b", texts["generic"])


def test_features_are_read_as_systems_say_them():
    text = "processor\t: 0\nflags\t\t: fpu avx2 fma\n\nprocessor\t: 1\nflags\t\t: fpu\n"
    assert features_of_cpuinfo(text) == {"fpu", "avx2", "fma"}
    assert features_of_cpuinfo("model name : one without such a line") == set()
    assert {"avx2", "fma"} <= features_of_sysctl("FPU VME FMA SSE4.1\nBMI1 AVX2 BMI2\n")


def test_which_processors_take_two_passes():
    text = "processor : 0\nvendor_id\t: {}\ncpu family\t: {}\nmodel\t\t: 17\n"
    assert computes_by_halves(text.format("AuthenticAMD", 25))
    assert not computes_by_halves(text.format("AuthenticAMD", 26))
    assert not computes_by_halves(text.format("GenuineIntel", 6))
    assert not computes_by_halves("")

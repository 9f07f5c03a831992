"""Configurations: what a file says arrives, what is no setting is refused with its line, and the schema agrees."""

from __future__ import annotations

import tomllib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chainrule.errors import FileFormatError, UsageError
from chainrule.messages import use_language
from chainrule.runs.configuration import Configuration
from chainrule.runs.setting import Above, Choice, Either, From, Several, Text, Whole, YesOrNo
from chainrule.runs.settings import SECTIONS, configured, example, overridden, read_configuration, schema


def written(tmp_path, text):
    path = tmp_path / "experiment.toml"
    path.write_text(text, encoding="utf-8")
    return path


def test_a_file_says_what_is_not_at_its_default(tmp_path):
    path = written(tmp_path, '[data]\nsource = "iris.csv"\nexclude = ["id"]\n[train]\nlr = "auto"\nepochs = 3\n')
    configuration = read_configuration(path)
    assert configuration.data.source == str(tmp_path / "iris.csv"), "seen from the file's folder"
    assert configuration.data.exclude == ("id",)
    assert (configuration.train.lr, configuration.train.epochs) == ("auto", 3)
    assert configuration.model == Configuration().model


@pytest.mark.parametrize("language", ["en", "zh"])
def test_the_example_says_the_defaults_and_all_of_it_may_be_set(tmp_path, language):
    use_language(language)
    try:
        text = example()
    finally:
        use_language(None)
    assert read_configuration(written(tmp_path, text)) == Configuration()
    keys = ("# " + key for section in SECTIONS.values() for key in section)
    everything = text
    for key in keys:
        everything = everything.replace(f"\n{key} =", f"\n{key.removeprefix('# ')} =")
    data = tomllib.loads(everything)
    assert {name: set(own) for name, own in data.items()} == {name: set(own) for name, own in SECTIONS.items()}
    configured(Configuration(), data, "example")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("[data]\nsource = 1\n", "experiment.toml, line 2: data.source is 1, but must be a text in quotes."),
        ("[train]\n\nlr = 0\n", "line 3: train.lr is 0, but must be a number above 0, or auto."),
        ("train.epochs = 0.5", "line 1: train.epochs is 0.5, but must be a whole number, 1 or more."),
        ("train.seed = true", "train.seed is true, but must be a whole number, 0 or more."),
        ('[model]\nname = "lenet"', "but must be one of auto, lenet5"),
        ("[data]\ntest = 0", "data.test is 0, but must be a number above 0 and below 1."),
        ("[data]\nvalidation = 1.0", "but must be a number from 0 to below 1"),
        ("[data]\nexclude = [1]", "but must be a list in brackets, each entry a text in quotes"),
        ("[data]\nimage_size = [28]", "but must be a list of 2 in brackets, each a whole number, 1 or more"),
        ("[train]\nlearning_rate = 1", "[train] has no setting 'learning_rate'"),
        ("[train]\nlearning_rate = 1", "Did you mean 'lr'?"),
        (
            "[trian]\nlr = 1",
            "line 1: there is no section [trian]; there are: data, model, train. Did you mean 'train'?",
        ),
        ('[model]\nname = "mlp"\n[data]\nname = 1', "line 4: [data] has no setting 'name'"),
        ("[data]\nlr = 1\n[train]\nlr = 0", "line 2: [data] has no setting 'lr'"),
        ("[search]\nlr = 1\n# lr = 2\n[ train ] # lr\n'lr' = 0", "line 5: train.lr is 0"),
        ("exclude.x = 1\n[data]\nexclude = [\n  1]", "line 1: there is no section [exclude]"),
        ('[data]\nexclude = [\n  "train.lr = 1"]\n[train]\nlr = 0', "line 5: train.lr is 0"),
        ("[model]\ntrain.lr = 0", "line 2: [model] has no setting 'train'"),
        ("[data]\ntest = 0.5\n[train]\ntest = 0.5", "line 4: [train] has no setting 'test'"),
        ("\ntrain = {epochs = 1, lr = 0}", "line 2: train.lr is 0"),
        ("data = 3", "line 1: 'data' is a section, and has settings below it: source"),
    ],
)
def test_what_is_no_setting_is_refused_with_its_line(tmp_path, text, said):
    with pytest.raises(UsageError) as refused:
        read_configuration(written(tmp_path, text))
    assert said in str(refused.value)


def test_all_mistakes_are_told_at_once(tmp_path):
    text = '[train]\nlr = 0\nepochs = 3\nspeed = 1\n[dat]\nx = 1\n[model]\nname = "lenet"\nunits = 3\ndepth = 2\n'
    with pytest.raises(UsageError) as refused:
        read_configuration(written(tmp_path, text))
    told = str(refused.value)
    for line in (2, 4, 5, 8, 9):
        assert f"experiment.toml, line {line}: " in told
    assert told.endswith(" Further mistakes: 1.")
    with pytest.raises(UsageError) as refused:
        overridden(Configuration(), ["train.lr=0", "train.epochs=2", "lr", "train.seed=-1"])
    assert str(refused.value).count("--set ") == 4, "three mistakes, and the advice to one"


@pytest.mark.parametrize(
    "content", [b"[data", b"\xff\xfe", b"a = 1\na = 2", b"[" * 5000, b"\0", b"#" * (1 << 20) + b"\n"]
)
def test_what_is_no_file_of_settings(tmp_path, content):
    path = tmp_path / "experiment.toml"
    path.write_bytes(content)
    with pytest.raises(FileFormatError, match=r"experiment\.toml"):
        read_configuration(path)
    with pytest.raises(FileFormatError, match="There is no file"):
        read_configuration(tmp_path / "other.toml")
    with pytest.raises(FileFormatError, match="cannot be read"):
        read_configuration(tmp_path)


def test_settings_as_texts():
    found = overridden(
        Configuration(), ["train.lr=1e-3", "model.name=mlp", "data.exclude=['a', 'b']", "train.seed = 7"]
    )
    assert (found.train.lr, found.model.name, found.data.exclude, found.train.seed) == (1e-3, "mlp", ("a", "b"), 7)


@pytest.mark.parametrize("text", ["lr=1", "train.lr", "=1", "train.=1", ".lr=1", ""])
def test_texts_of_another_form(text):
    with pytest.raises(UsageError, match="give a section, a setting and a value"):
        overridden(Configuration(), [text])


def test_what_is_kept_as_data_comes_back():
    configuration = overridden(Configuration(), ["train.patience=3", "data.image_size=[8, 9]", "model.units=[3]"])
    assert configured(Configuration(), configuration.as_data(), "here") == configuration


# ------------------------------------------------------------------------------------------------------------- schema
KINDS = [
    Text(), YesOrNo(), Whole(1), Whole(0), Above(0), Above(0, 1), From(0, 1), Choice(("ema", "swa")), Several(Text()),
    Several(Whole(1), count=2), Either(Above(0), Choice(("auto",))),
]  # fmt: skip

VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-3, 3) | st.floats(-2, 2) | st.sampled_from(["", "ema", "auto", "x"]),
    lambda inner: st.lists(inner, max_size=3),
    max_leaves=4,
)


def valid(schema, value):
    """Whether a value is one by the schema: what of JSON Schema (draft 2020-12) the schemas of settings use."""
    if "anyOf" in schema:
        return any(valid(one, value) for one in schema["anyOf"])
    if "enum" in schema:
        return isinstance(value, str) and value in schema["enum"]
    number = isinstance(value, int | float) and not isinstance(value, bool)
    match schema["type"]:
        case "string":
            return isinstance(value, str) and len(value) >= schema["minLength"]
        case "boolean":
            return isinstance(value, bool)
        case "array":
            fits = isinstance(value, list) and len(value) >= schema.get("minItems", 0)
            fits = fits and len(value) <= schema.get("maxItems", len(value))
            return fits and all(valid(schema["items"], each) for each in value)
        case "integer":
            number = number and float(value).is_integer()
    return (
        number
        and value >= schema.get("minimum", value)
        and not ("exclusiveMinimum" in schema and value <= schema["exclusiveMinimum"])
        and not ("exclusiveMaximum" in schema and value >= schema["exclusiveMaximum"])
    )


@given(st.sampled_from(KINDS), VALUES)
def test_a_kind_and_its_schema_agree(kind, value):
    if isinstance(value, float) and value.is_integer():
        return  # 1.0 is an integer to JSON Schema, and to TOML it is none
    if isinstance(value, list) and any(isinstance(v, float) and v.is_integer() for v in value):
        return
    assert kind.allows(value) == valid(kind.schema(), value)


def test_the_schema_has_every_setting_and_nothing_else():
    found = schema()
    assert set(found["properties"]) == {*SECTIONS, "search"}
    assert found["additionalProperties"] is False
    for name in SECTIONS:
        section = found["properties"][name]
        assert section["additionalProperties"] is False
        assert set(section["properties"]) == set(SECTIONS[name])
        for key, own in section["properties"].items():
            assert own["description"]
            if "default" in own:
                default = list(own["default"]) if isinstance(own["default"], tuple) else own["default"]
                assert valid(own, default), key

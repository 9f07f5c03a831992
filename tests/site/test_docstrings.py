"""Docstrings of the template become the Markdown that a reader expects; none loses a word on the way."""

import doctest
import inspect
import re

import pytest

import chainrule as cr
from tools.site import assemble, docstrings, mathematics, names, pages
from tools.site.docstrings import as_markdown
from tools.site.names import public_names, resolve


@pytest.mark.parametrize("module", [assemble, docstrings, mathematics, names, pages], ids=lambda one: one.__name__)
def test_examples_print_what_they_say(module):
    assert doctest.testmod(module).failed == 0


def test_each_part_has_its_form():
    text = as_markdown(inspect.getdoc(cr.Model.fit) or "")
    assert text.startswith("Train the parameters on samples")
    assert "```text\nloss of a step = Σ w·ℓ(ŷ, y) / Σ w + penalties\n```" in text
    assert "`class_weight`\n:   a weight for all samples" in text
    assert "\nRaises\n:   DataError if samples" in text
    example = as_markdown(cr.conv2d.__doc__.replace("\n    ", "\n"))
    assert "**Example**\n\n```pycon\n>>> conv2d(" in example
    assert "<BLANKLINE>" not in example


def _words(text):
    return re.findall(r"\w+", text.replace("\\", ""))


def test_no_word_of_a_docstring_is_lost():
    texts = {name: inspect.getdoc(resolve(name)) or "" for name in public_names() if callable(resolve(name))}
    made = {name: re.sub(r"```(text|pycon)\n", "", as_markdown(text)) for name, text in texts.items()}
    assert len(texts) > 300
    lost = [name for name, text in texts.items() if _words(made[name]) != _words(text.replace("<BLANKLINE>", ""))]
    assert lost == []


@pytest.mark.parametrize("written", ["relu", "nn.Dense", "Model", "Tensor", "optim.Adam", "inspect.Picture", "float32"])
def test_a_name_is_found_where_it_is_defined(written):
    public = public_names()[written]
    assert resolve(written) is getattr(__import__(public.module, fromlist=[public.name]), public.name)


def test_every_public_name_is_in_the_reference():
    missing = [
        n for n in vars(cr) if not n.startswith("_") and not inspect.ismodule(vars(cr)[n]) and n not in public_names()
    ]
    assert missing == []
    listed = [
        public.identifier for modules in names.by_module().values() for found in modules.values() for public in found
    ]
    assert len(listed) == len(set(listed))
    assert {public.identifier for public in public_names().values()} == set(listed)

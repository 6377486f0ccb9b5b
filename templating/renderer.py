"""Renders one template with one set of variables, or says which variable is missing.

Templates are written by staff and variables come from other services, so neither is trusted: the sandbox
is immutable (no attribute reaches Python's insides), variables are plain data, the output is bounded while
it is produced, and a missing variable is an error naming it, never a hole in a message.
https://jinja.palletsprojects.com/en/stable/sandbox/
"""

import re
from collections.abc import Mapping
from functools import lru_cache
from typing import Any

from jinja2 import StrictUndefined, Template, TemplateError, TemplateSyntaxError, UndefinedError, nodes
from jinja2.exceptions import SecurityError
from jinja2.sandbox import ImmutableSandboxedEnvironment

TEMPLATE_CHARS = 10_000

# `{{ 'a' * 10**9 }}` and a chain of `{% set x = x ~ x %}` fill the memory before any output bound sees it:
# what can grow a value is refused, so that output is the only thing that grows, and output is bounded.
_STATEMENTS = (nodes.Output, nodes.If, nodes.For)
_SEPARATOR_CHARS = 50
# A template can write what no caller may send: `{{ '\x00' }}`.
_UNSTORABLE = re.compile(r"[\x00\ud800-\udfff]")
_TEXT_FILTERS = {"capitalize", "join", "lower", "title", "trim", "upper"}
_FILTERS = _TEXT_FILTERS | {"d", "default", "first", "int", "last", "length", "round", "sort", "sum", "unique"}


class TemplateFault(Exception):
    """The template or its variables are at fault; the message says how, in a sentence for its author."""


def render(template: str, variables: Mapping[str, Any], *, most_chars: int) -> str:
    """The template's text with its variables in place, at most `most_chars` characters.

    Raises:
        TemplateFault: syntax, a forbidden construct, a missing variable, or too long a result.
    """
    pieces: list[str] = []
    total = 0
    try:
        for piece in _compiled(template).generate(dict(variables)):
            total += len(piece)
            if total > most_chars:
                raise TemplateFault(f"The text grows beyond {most_chars} characters.")
            pieces.append(piece)
    except UndefinedError as error:
        raise TemplateFault(_missing(error)) from None
    except SecurityError:
        raise TemplateFault("The template reaches for something it may not use.") from None
    except (TemplateError, TypeError, ValueError, ArithmeticError, LookupError, AttributeError) as error:
        # The error's text may quote a variable's value; its class does not.
        raise TemplateFault(f"The template cannot be rendered with these variables ({type(error).__name__}).") from None
    text = "".join(pieces)
    if _UNSTORABLE.search(text):
        raise TemplateFault("The text holds a character that cannot be stored.")
    return text


def check(template: str) -> None:
    """Raises TemplateFault when the template could never be rendered."""
    _compiled(template)


@lru_cache(maxsize=512)
def _compiled(template: str) -> Template:
    if len(template) > TEMPLATE_CHARS:
        raise TemplateFault(f"A template has at most {TEMPLATE_CHARS} characters.")
    try:
        tree = _ENVIRONMENT.parse(template)
        refusal = next((sentence for node in tree.find_all(nodes.Node) if (sentence := _refusal(node))), None)
        if refusal:
            raise TemplateFault(refusal)
        return _ENVIRONMENT.from_string(template)
    except TemplateSyntaxError as error:
        raise TemplateFault(f"Line {error.lineno}: {error.message}") from None
    except (RecursionError, MemoryError, SyntaxError):
        # Python's parser has depths of its own, below Jinja's.
        raise TemplateFault("The template is nested too deeply.") from None
    except ValueError:
        raise TemplateFault("The template holds a number with too many digits.") from None


def _refusal(node: nodes.Node) -> str | None:
    """Why this construct may not stand in a template, or None if it may."""
    match node:
        case nodes.Stmt() if not isinstance(node, _STATEMENTS):
            why = "only if and for blocks are available in templates."
        case nodes.For() if any(node.find_all(nodes.For)):
            why = "loops may not be nested in templates."
        case nodes.Call():
            why = "calls are not available in templates."
        case nodes.Getattr(attr=name) | nodes.Getitem(arg=nodes.Const(value=str(name))) if name.startswith("_"):
            why = "what begins with _ is not available in templates."
        case nodes.Mul() | nodes.Pow() | nodes.Mod() | nodes.Add() | nodes.Concat():
            why = "the operators + * ** % ~ are not available in templates."
        case nodes.Filter(name="join") if not _is_short_join(node):
            why = f"join takes a list, and quoted words of at most {_SEPARATOR_CHARS} letters."
        case _:
            return None
    return f"Line {node.lineno}: {why}"


def _is_short_join(join: nodes.Filter) -> bool:
    """A separator stands between any two items, so a long one, or a join of a join, multiplies."""
    arguments = [*join.args, *(keyword.value for keyword in join.kwargs), join.dyn_args, join.dyn_kwargs]
    return not any(other.name == "join" for other in join.find_all(nodes.Filter)) and all(
        argument is None or (isinstance(argument, nodes.Const) and len(str(argument.value)) <= _SEPARATOR_CHARS)
        for argument in arguments
    )


def _missing(error: UndefinedError) -> str:
    named = re.match(r"'([^']+)' is undefined|'.*' has no attribute '([^']+)'", error.message or "")
    name = next((group for group in named.groups() if group), None) if named else None
    return f"The variable {name!r} is missing." if name else "A variable is missing."


def _environment() -> ImmutableSandboxedEnvironment:
    environment = ImmutableSandboxedEnvironment(undefined=StrictUndefined, autoescape=False, keep_trailing_newline=True)
    environment.filters = {name: environment.filters[name] for name in _FILTERS}
    environment.globals = {}
    return environment


_ENVIRONMENT = _environment()

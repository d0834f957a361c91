"""Templates in Jinja, rendered in a sandbox: they see their properties and surroundings, and nothing of this machine."""

from collections.abc import Mapping
from typing import Any, Final

from deployforge_documents.reading import MOST_BYTES, Node
from jinja2 import FunctionLoader, StrictUndefined, TemplateError, TemplateSyntaxError
from jinja2.exceptions import SecurityError
from jinja2.sandbox import ImmutableSandboxedEnvironment

from deployforge_templates.values import refused

_KNOWN: Final = ("deployment", "name", "project", "type")
"""Of `env`. What only Deployment Manager knew (the time, the user, a project's number) is not there."""


def rendered(text: Node, env: Mapping[str, Any], properties: Any, imports: Mapping[str, Node]) -> str:
    """The text that a template comes to. Raises InvalidDocument with the line of the template.

    Its length is bounded while it is made. `{% import %}` and `{% include %}` reach what the configuration imports.
    """

    def load(name: str) -> str | None:
        return str(imports[name].value) if name in imports else None

    sandbox = ImmutableSandboxedEnvironment(
        undefined=StrictUndefined, loader=FunctionLoader(load), keep_trailing_newline=True
    )
    given = {
        "env": dict(env), "properties": properties, "imports": {name: one.value for name, one in imports.items()},
    }  # fmt: skip
    pieces: list[str] = []
    size = 0
    try:
        for piece in sandbox.from_string(str(text.value)).generate(given):
            size += len(piece)
            if size > MOST_BYTES:
                raise refused(
                    text, f"the template makes more than {MOST_BYTES} characters", "a template that comes to an end"
                )
            pieces.append(piece)
    except TemplateSyntaxError as error:
        place = Node(None, error.lineno, 1, file=text.file)
        raise refused(place, f"is not Jinja: {error.message}", "a template in Jinja") from None
    except SecurityError as error:
        raise refused(text, f"the template may not do that: {error}", "a template of texts and loops") from None
    except TemplateError as error:
        known = ", ".join(f"env['{name}']" for name in _KNOWN)
        raise refused(_failed_at(text, error), f"the template: {error}", f"properties, {known}") from None
    except (TypeError, ValueError, ArithmeticError, LookupError, AttributeError, RecursionError, OverflowError) as error:
        raise refused(_failed_at(text, error), f"the template: {error}", "a template that can be rendered") from None
    return "".join(pieces)


def _failed_at(text: Node, error: BaseException) -> Node:
    """The line of the template in which it failed: Jinja writes it into the traceback."""
    line, trace = text.line, error.__traceback__
    while trace is not None:
        if trace.tb_frame.f_code.co_filename == "<template>":
            line = trace.tb_lineno
        trace = trace.tb_next
    return Node(None, line, 1, file=text.file)

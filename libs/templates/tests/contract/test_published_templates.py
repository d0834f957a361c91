"""Templates that others have written: of cfn-lint's own good ones each is imported, or refused by what stands in it."""

import re
from collections.abc import Iterator

from deployforge_documents.problems import InvalidDocument, Problem
from deployforge_templates.cloudformation.template import load
from deployforge_templates.imported import Given, Imported

from tests.published_templates import good_templates

GIVEN = Given("aws", {"region": "eu-west-1", "account": "123456789012"}, "shop", keep=True)
#: What a template is refused for that has not a word of it, because something is not there.
_LACKS = {"has no resources"}


def test_every_good_template_is_imported_or_refused_by_what_stands_in_it() -> None:
    templates = good_templates()
    assert len(templates) > 90
    imported, wrong = 0, {}
    for name, text in templates.items():
        try:
            found = load(text.encode(), GIVEN, name)
        except InvalidDocument as refused:
            faults = [fault for problem in refused.problems if (fault := _inexact(problem, name, text))]
        else:
            imported += 1
            faults = list(_not_there(found, text))
        if faults:
            wrong[name] = faults
    assert wrong == {}
    assert imported >= 25, "a quarter of them has nothing that only AWS can do"


def _inexact(problem: Problem, name: str, text: str) -> str:
    """Why a refusal does not say exactly what it means; empty when it does."""
    lines = text.splitlines()
    if problem.file != name or not 1 <= problem.line <= len(lines):
        return f"nowhere: {problem}"
    if problem.column < 1 or not lines[problem.line - 1][problem.column - 1 :].strip():
        return f"nothing stands there: {problem}"
    if problem.message in _LACKS:
        return ""
    # A list is named where it begins, an argument is right below its function, whose short form has no `Fn::`.
    near = _plain(" ".join(lines[max(problem.line - 2, 0) : problem.line + 4]))
    words = re.findall(r"[\w:-]*\w", problem.message.replace("Fn::", ""))
    return "" if any(len(_plain(word)) > 2 and _plain(word) in near for word in words) else f"named otherwise: {problem}"


def _plain(text: str) -> str:
    """As the names of resources are told: without what is no letter or digit."""
    return re.sub(r"[^a-z0-9]", "", text.lower())


def _not_there(found: Imported, text: str) -> Iterator[str]:
    if not found.resources:
        yield "imported, and nothing of it"
    lines = text.splitlines()
    for resource in found.resources:
        native = resource.type.partition("/")[2]
        if native not in text or not lines[resource.source.line - 1].strip():
            yield f"{resource.name} is {resource.type}, which the template does not have"

"""Templates of pages: HTML that escapes what it is told, and Markdown that takes it as it is."""

from typing import Any

import jinja2

from perceptgraph.stages.report_words import FILTERS


def rendered(template: str, **values: Any) -> str:
    """Text of a template of `stages/templates`; a value that it lacks is an error."""
    environment = jinja2.Environment(
        loader=jinja2.PackageLoader("perceptgraph.stages"),
        autoescape=".html." in template,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    environment.filters.update(FILTERS)
    return environment.get_template(template).render(values)

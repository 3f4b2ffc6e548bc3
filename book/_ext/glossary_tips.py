"""Sphinx extension of the glossary: the first use of a term on a page leads to its entry and shows it as a tooltip."""

from __future__ import annotations

import html
import re

from docutils import nodes
from sphinx import addnodes
from sphinx.application import Sphinx

GLOSSARY = "book/glossary"
MARKED = ("notebooks/", "book/brain_gut_axis")  # pages whose words are looked up; elsewhere only {term} roles
# Words that plain sentences use as well, or that every page is about.
UNMARKED = frozenset({"opposed", "block", "resilience", "simulated cohort"})
LEFT_ALONE = (
    nodes.reference, nodes.title, nodes.literal, nodes.literal_block, nodes.math, nodes.caption, nodes.raw, nodes.rubric,
    nodes.image, addnodes.pending_xref,
)  # fmt: skip
SEPARATORS = re.compile(r"[\s–-]+")
LINK = re.compile(
    r'<a class="reference internal" href="(?P<address>[^"]*glossary\.html#(?P<term>term-[\w.-]+))"[^>]*>'
    r'<span class="xref std std-term">(?P<text>.*?)</span></a>',
    re.DOTALL,
)


def list_terms(glossary: str) -> list[str]:
    """Return the terms of the glossary's source, longest first, so that *null twin* is found before *null*.

    Examples
    --------
    >>> list_terms("# G\\n```{glossary}\\nAUC\\n  Area.\\n\\nfold\\n  Part.\\n```\\n")
    ['fold', 'AUC']
    """
    inside = glossary.partition("```{glossary}\n")[2].partition("\n```")[0]
    terms = [line.strip() for line in inside.splitlines() if line.strip() and not line.startswith(" ")]
    return sorted(terms, key=len, reverse=True)


def compile_terms(terms: list[str]) -> re.Pattern[str]:
    """Return what finds terms as whole words, singular or plural, at the start of a sentence or inside."""
    forms = []
    for term in terms:
        words = r"[\s–-]+".join(re.escape(word) for word in SEPARATORS.split(term))
        first = term[0]
        start = f"[{first.lower()}{first.upper()}]" if term[1:2].islower() else re.escape(first)
        forms.append(start + words[len(re.escape(first)) :])
    return re.compile(rf"(?<![\w-])(?:{'|'.join(f'({form})s?' for form in forms)})(?![\w-])")


def mark_terms(app: Sphinx, doctree: nodes.document) -> None:
    """Make the first use of each term in the running text of a page a reference to the glossary."""
    if not app.env.docname.startswith(MARKED):
        return
    terms = list_terms((app.srcdir / f"{GLOSSARY}.md").read_text(encoding="utf-8"))
    terms = [term for term in terms if term not in UNMARKED]
    pattern, seen = compile_terms(terms), set()
    for reference in doctree.findall(addnodes.pending_xref):
        if reference.get("reftype") == "term":
            seen.add(reference["reftarget"].lower())
    for paragraph in list(doctree.findall(nodes.paragraph)):
        for text in list(paragraph.findall(nodes.Text)):
            if not _is_left_alone(text, paragraph):
                text.parent.replace(text, _refer(text.astext(), pattern, terms, seen, app.env.docname))


def _is_left_alone(text: nodes.Text, paragraph: nodes.paragraph) -> bool:
    node = text.parent
    while node is not None and node is not paragraph:
        if isinstance(node, LEFT_ALONE):
            return True
        node = node.parent
    return False


def _refer(text: str, pattern: re.Pattern[str], terms: list[str], seen: set[str], page: str) -> list[nodes.Node]:
    parts: list[nodes.Node] = []
    end = 0
    for found in pattern.finditer(text):
        term = terms[found.lastindex - 1]
        if term.lower() in seen:
            continue
        seen.add(term.lower())
        parts += [nodes.Text(text[end : found.start()])] if found.start() > end else []
        shown = nodes.inline(found[0], found[0], classes=["xref", "std", "std-term"])
        reference = addnodes.pending_xref(
            "", shown, refdomain="std", reftype="term", reftarget=term, refexplicit=True, refdoc=page, refwarn=True
        )
        parts.append(reference)
        end = found.end()
    return [*parts, nodes.Text(text[end:])] if end < len(text) or not parts else parts


def read_meanings(app: Sphinx) -> dict[str, str]:
    """Return what each entry of the glossary says, by the id of its term."""
    if not hasattr(app, "glossary_meanings"):
        doctree = app.env.get_doctree(GLOSSARY)
        entries = doctree.findall(nodes.definition_list_item)
        app.glossary_meanings = {
            id: " ".join(entry[-1].astext().split())
            for entry in entries
            for term in entry.findall(nodes.term)
            for id in term["ids"]
        }
    return app.glossary_meanings


def show_meanings(app: Sphinx, pagename: str, templatename: str, context: dict, doctree: nodes.document | None) -> None:
    """Put a tooltip beside the first reference to each term of a page; it opens under the mouse and under the keyboard."""
    if not context.get("body") or pagename == GLOSSARY or "std-term" not in context["body"]:
        return
    meanings, seen = read_meanings(app), set()

    def add_tip(found: re.Match[str]) -> str:
        term = found["term"]
        if term in seen or term not in meanings:
            return found[0]
        seen.add(term)
        tip = f"tip-{term}"
        return (
            f'<span class="term"><a class="reference internal" href="{found["address"]}" aria-describedby="{tip}">{found["text"]}</a>'
            f'<span role="tooltip" id="{tip}">{html.escape(meanings[term])}</span></span>'
        )

    context["body"] = LINK.sub(add_tip, context["body"])


def setup(app: Sphinx) -> dict[str, bool]:
    """Connect all of it."""
    app.connect("doctree-read", mark_terms)
    app.connect("html-page-context", show_meanings)
    return {"parallel_read_safe": True, "parallel_write_safe": True}

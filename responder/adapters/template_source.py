"""One template file: its subject and body compiled in a sandbox that knows variables and conditions, nothing else.

Template text is not trusted: it may print the variables of core.slots and ask for them with if. There are no loops,
filters, calls, attributes, arithmetic or includes, so a template can neither run away nor reach anything.
"""

import difflib
import hashlib
import re
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass

from jinja2 import StrictUndefined, Template, TemplateSyntaxError, UndefinedError, nodes
from jinja2 import TemplateError as JinjaError
from jinja2.exceptions import SecurityError
from jinja2.sandbox import ImmutableSandboxedEnvironment

from responder.adapters import markdown
from responder.core.errors import TemplateError
from responder.core.reply import reply_subject
from responder.core.slots import FALLBACKS, MAIL_SLOTS
from responder.ports import Rendered

MAX_FILE = 64_000
MAX_LINES = 80
MAX_LENGTH = 8_000
"""What a rendered answer may have at most, lines and characters; a person's own words get ten times that."""
_NAME = re.compile(r"[^\W\d_]+(?:[ '’-][^\W\d_]+)*")
_ALLOWED = (
    nodes.Template,
    nodes.Output,
    nodes.TemplateData,
    nodes.Name,
    nodes.Const,
    nodes.If,
    nodes.Not,
    nodes.And,
    nodes.Or,
    nodes.Compare,
    nodes.Operand,
)


@dataclass(frozen=True, slots=True)
class Problem:
    """Something wrong in a file of the templates folder."""

    file: str
    line: int
    """1 is the first; 0 where no line is to blame."""
    what: str

    def __str__(self) -> str:
        return f"{self.file}{f':{self.line}' if self.line else ''}: {self.what}"


@dataclass(frozen=True, slots=True)
class Source:
    """A template file, read and compiled."""

    name: str
    version: str
    subject: Template
    body: Template
    slots: frozenset[str]
    """The variables it names."""


class _Empty(str):
    """A fact that is empty: false in a condition, an error where it is printed."""

    __slots__ = ("slot",)
    slot: str

    def __str__(self) -> str:
        raise _UnfilledError(self.slot)


class _UnfilledError(Exception):
    def __init__(self, slot: str) -> None:
        super().__init__(slot)
        self.slot = slot


def _environment() -> ImmutableSandboxedEnvironment:
    # Not autoescaped: the output is Markdown, whose values travel as marks (see markdown.py).
    environment = ImmutableSandboxedEnvironment(
        undefined=StrictUndefined,
        autoescape=False,
        trim_blocks=True,
        lstrip_blocks=True,
        loader=None,
    )
    environment.globals.clear()
    environment.filters.clear()
    environment.tests.clear()
    return environment


_ENVIRONMENT = _environment()


def read_source(name: str, raw: bytes, slots: Collection[str]) -> Source | list[Problem]:
    """Compile a file (its first line is "subject: ...", then an empty line, then the body), or say what is wrong."""
    file = f"{name}.md"
    text = raw.decode("utf-8", "replace").replace("\r\n", "\n")
    head, _, body = text.partition("\n\n")
    key, colon, subject = head.partition(":")
    for wrong, line, what in (
        (len(raw) > MAX_FILE, 0, f"is longer than {MAX_FILE} bytes"),
        ("\ufffd" in text, 0, "is not UTF-8"),
        (markdown.PRIVATE.search(text), 0, "holds private-use characters"),
        (
            key.strip().lower() != "subject" or not colon or "\n" in head,
            1,
            'must begin with "subject: ..." and an empty line',
        ),
        (not subject.strip(), 1, "has no subject"),
        (not body.strip(), 3, "has no body"),
    ):
        if wrong:
            return [Problem(file, line, what)]
    subject, allowed = subject.strip(), frozenset(slots)
    if problems := [*_problems(file, subject, 0, allowed), *_problems(file, body, 2, allowed - {"subject"})]:
        return problems
    names = (node.name for part in (subject, body) for node in _ENVIRONMENT.parse(part).find_all(nodes.Name))
    version = hashlib.sha256(raw).hexdigest()[:12]
    return Source(name, version, _ENVIRONMENT.from_string(subject), _ENVIRONMENT.from_string(body), frozenset(names))


def render(source: Source, values: Mapping[str, str], facts: Mapping[str, str]) -> Rendered:
    """Fill a template. Raises TemplateError: broken, unfilled or too long."""
    mail = {name: values.get(name, "").strip() or FALLBACKS.get(name, "") for name in MAIL_SLOTS}
    words = {name: " ".join(value.split()) for name, value in {**facts, **mail}.items() if name in source.slots}
    empty = {name: _empty(name) for name, value in words.items() if not value}
    marks = {name: markdown.mark(number) for number, name in enumerate(words) if not name.endswith("_url")}
    fillings = {place: _plain(name, words[name]) if name in mail else words[name] for name, place in marks.items()}
    subject = _run(source, source.subject, {**words, **empty})
    body = _run(source, source.body, {**words, **marks, **empty})
    return finish(source.name, source.version, subject, body, fillings)


def _plain(name: str, value: str) -> str:
    """A mail's value as words; a name that is not made of letters is none."""
    words = markdown.plain_words(value)
    if name == "first_name" and not (_NAME.fullmatch(words) and words == value):
        words = ""
    return words or FALLBACKS.get(name, "")


def finish(name: str, version: str, subject: str, body: str, marks: Mapping[str, str], *, times: int = 1) -> Rendered:
    """Markdown to both bodies, within the limits. Raises TemplateError."""
    lines = body.count("\n") + 1
    if lines > MAX_LINES * times or len(body) > MAX_LENGTH * times:
        raise TemplateError("template.long", f"{lines} lines, {len(body)} characters", (("n", str(lines)),))
    if markdown.linked_marks(body):
        raise TemplateError("template.broken", "a value stands inside a link's address", (("n", "1"),))
    line = reply_subject(markdown.PRIVATE.sub("", subject))
    return Rendered(name, version, line, markdown.to_text(body, marks), markdown.to_html(body, marks))


def without_marks(text: str) -> str:
    """Text without the characters that stand for values."""
    return markdown.PRIVATE.sub("", text)


def _empty(slot: str) -> _Empty:
    empty = _Empty("")
    empty.slot = slot
    return empty


def _run(source: Source, template: Template, context: Mapping[str, str]) -> str:
    try:
        return template.render(context)
    except _UnfilledError as error:
        raise _unfilled(error.slot) from None
    except UndefinedError as error:
        raise _unfilled(str(error).partition("'")[2].partition("'")[0]) from None
    except (JinjaError, SecurityError, RecursionError, TypeError) as error:
        raise TemplateError("template.broken", f"{source.name}: {error}", (("n", "1"),)) from None


def _unfilled(slot: str) -> TemplateError:
    return TemplateError("template.unfilled", slot, (("slot", slot),))


def _problems(file: str, text: str, offset: int, slots: Collection[str]) -> Iterator[Problem]:
    try:
        tree = _ENVIRONMENT.parse(text)
    except TemplateSyntaxError as error:
        yield Problem(file, error.lineno + offset, str(error.message))
        return
    except RecursionError:
        yield Problem(file, 0, "is nested too deeply")
        return
    for node in tree.find_all(nodes.Node):
        if not isinstance(node, _ALLOWED):
            yield Problem(file, node.lineno + offset, f"{_word(node)} is not for templates: variables and if, no more")
        elif isinstance(node, nodes.Name) and (node.name not in slots or node.ctx != "load"):
            near = difflib.get_close_matches(node.name, sorted(slots), 1)
            yield Problem(
                file, node.lineno + offset, f"{node.name} is unknown.{f' Did you mean {near[0]}?' if near else ''}"
            )


def _word(node: nodes.Node) -> str:
    return {"For": "a loop", "Call": "a call", "Filter": "a filter", "Include": "an include"}.get(
        type(node).__name__, type(node).__name__.lower()
    )

"""The templates folder as the Render port: read when its files change, checked first, swapped whole."""

import threading
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from responder.adapters import template_source
from responder.adapters.template_set import (
    Stamp,
    TemplateSet,
    check_folder,
    load_set,
    problems_of,
    stamp_of,
)
from responder.adapters.template_source import Problem
from responder.core.cues import Cue
from responder.core.errors import PolicyError, TemplateError
from responder.core.facts import Facts
from responder.core.policy import Policy
from responder.ports import Rendered, Rules

__all__ = ["Problem", "Templates"]

LOOK_EVERY = 1.0
"""Seconds between two looks at the files."""
OWN_WORDS = "a person's own words"
_OWN_TIMES = 10


class Templates:
    """Implements ports.Render over a folder, and gives its policy, cues and facts. Thread-safe.

    The first reading raises PolicyError where policy, cues or facts cannot be used; a broken template then fails alone,
    at its use, and the cues' examples are left to `check`. Later readings are taken over only when nothing is wrong
    with them; until then the last good one stays and `problems` says why.
    """

    def __init__(self, folder: Path, clock: Callable[[], float] = time.monotonic) -> None:
        """Read the folder. `clock` gives seconds that only grow."""
        self._folder = folder
        self._clock = clock
        self._lock = threading.Lock()
        self._looked = clock()
        try:
            self._set = load_set(folder, examples=False)
        except OSError as error:
            raise PolicyError([str(problem) for problem in problems_of(error, folder)]) from None
        self._seen: Stamp = self._set.stamp
        self._problems = self._set.problems

    def __call__(self, template: str, values: Mapping[str, str]) -> Rendered:
        """Render with facts and values. Raises TemplateError: missing, broken, unfilled or too long."""
        current = self._current()
        source = current.sources.get(template)
        if source is not None:
            return template_source.render(source, values, current.facts.of(template.partition("/")[0]))
        for problem in current.problems:
            if problem.file == f"{template}.md":
                line = str(problem.line or 1)
                raise TemplateError("template.broken", f"{template}: line {line}", (("n", line),))
        raise TemplateError("template.missing", template, (("name", template),))

    def wrap(self, subject: str, body: str) -> Rendered:
        """A person's own words (Markdown) as a Rendered; the same safety, no variables. Raises TemplateError."""
        plain = template_source.without_marks(body)
        return template_source.finish(OWN_WORDS, "", subject, plain, {}, times=_OWN_TIMES)

    def names(self) -> Sequence[str]:
        """Every template that can be used."""
        return tuple(self._current().sources)

    def rules(self) -> Rules:
        """Policy, cues and facts as of now; the last good set where the files are broken."""
        return self._current().rules

    @property
    def policy(self) -> Policy:
        """The policy as of now."""
        return self.rules().policy

    @property
    def cues(self) -> tuple[Cue, ...]:
        """The cues as of now."""
        return self.rules().cues

    @property
    def facts(self) -> Facts:
        """The facts as of now."""
        return self._current().facts

    @property
    def policy_version(self) -> str:
        """Twelve hex digits of the SHA-256 over policy, cues and facts."""
        return self.rules().version

    @property
    def problems(self) -> tuple[Problem, ...]:
        """Why the files as they lie there are not (wholly) in use; empty when they are."""
        self._current()
        return self._problems

    def check(self) -> list[Problem]:
        """Everything wrong with the files as they lie there, templates tried on samples; nothing is taken over."""
        return check_folder(self._folder)

    def _current(self) -> TemplateSet:
        with self._lock:
            if self._clock() - self._looked >= LOOK_EVERY:
                self._looked = self._clock()
                self._look()
            return self._set

    def _look(self) -> None:
        """Take over a changed folder, if nothing is wrong with it and it did not change while being read."""
        try:
            stamp = stamp_of(self._folder)
            if stamp == self._set.stamp:
                self._problems = self._set.problems
            if stamp in (self._set.stamp, self._seen):
                return
            fresh = load_set(self._folder)
            if stamp_of(self._folder) != stamp:
                return
        except (PolicyError, OSError) as error:
            self._problems = problems_of(error, self._folder)
            return
        self._seen = stamp
        self._problems = fresh.problems
        if not fresh.problems:
            self._set = fresh

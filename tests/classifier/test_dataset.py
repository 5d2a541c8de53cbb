"""The training texts are read whole or refused with every problem named."""

from collections.abc import Sequence
from pathlib import Path

import pytest

from classifier.dataset import CorpusError, Sample, fingerprint, load_corpus, require_enough
from classifier.folds import writer_folds
from classifier.prediction import Intent, Program

GOOD = """writer = "one"
[[text]]
id = "a-1"
intent = "renewal"
program = "education"
second = "addon_request"
persona = "professor"
subject = "Licence"
body = "It ends in May."
"""


def test_a_text_is_read_with_everything_it_says(tmp_path: Path) -> None:
    """Subject and body become the text the model reads."""
    (tmp_path / "a.toml").write_text(GOOD)
    (sample,) = load_corpus(tmp_path)
    assert sample.text == "Licence\n\nIt ends in May."
    assert (sample.intent, sample.second, sample.program) == (Intent.RENEWAL, Intent.ADDON_REQUEST, Program.EDUCATION)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (("renewal", "renewl"), "renewl"),
        (('writer = "one"', ""), "`writer` is missing"),
        (('subject = "Licence"\n', ""), "subject is missing"),
        (('"Licence"', '"'), "a.toml"),
        (('body = "It ends in May."', 'body = ""\nbodi = ""'), "unknown keys bodi"),
        (('"Licence"', "7"), "are words"),
    ],
)
def test_what_is_wrong_is_named(tmp_path: Path, change: tuple[str, str], said: str) -> None:
    """File, text and problem; nothing is silently left out."""
    (tmp_path / "a.toml").write_text(GOOD.replace(*change))
    with pytest.raises(CorpusError, match=said):
        load_corpus(tmp_path)


def test_every_problem_is_said_at_once(tmp_path: Path) -> None:
    """Two broken files and one id used twice are three problems."""
    (tmp_path / "a.toml").write_text(GOOD + GOOD.partition("\n")[2])
    (tmp_path / "b.toml").write_text(GOOD.replace("renewal", "nothing"))
    (tmp_path / "c.toml").write_bytes(b"\xff\xfe")
    with pytest.raises(CorpusError) as caught:
        load_corpus(tmp_path)
    assert len(caught.value.problems) == 3


def test_an_empty_folder_is_no_corpus(tmp_path: Path) -> None:
    """A wrong path is an error, not an empty model."""
    with pytest.raises(CorpusError, match="no training texts"):
        load_corpus(tmp_path)


def test_too_little_says_what_is_missing(small: Sequence[Sample]) -> None:
    """Each intent and the writers are counted."""
    with pytest.raises(CorpusError, match="renewal: 0 texts, at least 20") as caught:
        require_enough([sample for sample in small if sample.intent is not Intent.RENEWAL][:10])
    assert "writers" in str(caught.value)


def test_contradictions_are_refused(small: Sequence[Sample], tmp_path: Path) -> None:
    """The same words as two intents teach nothing."""
    (tmp_path / "a.toml").write_text(GOOD)
    (tmp_path / "b.toml").write_text(
        GOOD.replace("a-1", "b-1").replace('"renewal"', '"support"').replace("It ", "it  ")
    )
    with pytest.raises(CorpusError, match="a-1 and b-1: the same words"):
        require_enough([*small, *load_corpus(tmp_path)])


def test_the_fingerprint_knows_texts_not_files(small: Sequence[Sample]) -> None:
    """Order does not matter, a changed text does."""
    assert fingerprint(small) == fingerprint(list(reversed(small)))
    assert fingerprint(small) != fingerprint(small[1:])


def test_no_writer_is_in_two_folds(corpus: list[Sample]) -> None:
    """Every text is left out once, together with all of its writer's, and stays in its fold when others come."""
    folds = writer_folds(corpus)
    assert sorted(row for fold in folds for row in fold) == list(range(len(corpus)))
    owners = [{corpus[row].writer for row in fold} for fold in folds]
    assert sum(map(len, owners)) == len(set().union(*owners))
    fewer = writer_folds(corpus[:500])
    assert all({corpus[row].writer for row in fold} <= owner for fold, owner in zip(fewer, owners, strict=True))

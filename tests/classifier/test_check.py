"""The corpus keeps its limits: varied, without copies, without leaks; and the checker sees what it should."""

from collections.abc import Sequence
from dataclasses import replace

import pytest

from classifier.check import doubts, main, near_duplicates, statistics
from classifier.dataset import Sample
from classifier.evaluate import cross_validate
from classifier.prediction import Intent


def test_the_corpus_has_no_copies_between_writers(corpus: list[Sample]) -> None:
    """A text that two writers share would be learned and asked at once."""
    assert [pair for pair in near_duplicates(corpus) if pair.leak] == []


def test_the_corpus_has_hardly_any_near_duplicates(corpus: list[Sample]) -> None:
    """At most one in two hundred, within a writer."""
    assert len(near_duplicates(corpus)) <= len(corpus) / 200


def test_every_intent_is_there_in_many_voices(corpus: list[Sample]) -> None:
    """Texts, writers and personas of each intent; lengths from a line to a page."""
    for row in statistics(corpus)[:-1]:
        assert row.texts >= 300, row.intent
        assert row.writers >= 50, row.intent
        assert row.personas >= row.texts * 0.5, row.intent
        short, _, long = row.words
        assert short < 30, row.intent
        assert long > 50, row.intent


def test_the_own_word_of_an_intent_is_in_fewer_than_half(corpus: list[Sample]) -> None:
    """People ask for a renewal without saying renew."""
    shares = {row.intent: row.key_word for row in statistics(corpus) if row.key_word is not None}
    assert len(shares) == 5
    assert {intent: share for intent, share in shares.items() if share >= 0.5} == {}


def test_a_copy_is_seen(corpus: list[Sample]) -> None:
    """A few words changed do not hide it."""
    first = next(sample for sample in corpus if len(sample.body.split()) > 40)
    copy = replace(first, id="copy", writer="another", body=first.body.replace("the", "this", 2) + " Thanks!")
    (pair,) = near_duplicates([first, corpus[-1], copy])
    assert pair.leak
    assert {pair.first, pair.second} == {first.id, "copy"}


def test_wrong_labels_are_doubted(corpus: list[Sample]) -> None:
    """Of labels turned round on purpose far more are doubted than of the others."""
    samples: Sequence[Sample] = corpus[::3]
    turned = {sample.id for sample in samples if sample.intent is Intent.RENEWAL and sample.id.endswith("1")}
    wrong = [replace(one, intent=Intent.REJECTION_DISPUTE) if one.id in turned else one for one in samples]
    found = {doubt.id for doubt in doubts(cross_validate(wrong), least=0.6)}
    assert turned
    assert len(found & turned) / len(turned) > 3 * len(found - turned) / (len(wrong) - len(turned))


def test_the_command_prints_a_table(capsys: pytest.CaptureFixture[str]) -> None:
    """The shipped corpus passes, and each intent has a line."""
    assert main([]) == 0
    printed = capsys.readouterr().out
    assert all(str(intent) in printed for intent in Intent)


def test_a_missing_corpus_is_said(capsys: pytest.CaptureFixture[str], tmp_path: object) -> None:
    """Not an empty table."""
    assert main(["--corpus", str(tmp_path)]) == 1
    assert "no training texts" in capsys.readouterr().err

"""The lifecycle is a table: what may follow what, and nothing else."""

from responder.core.lifecycle import MESSAGE_STEPS, REPLY_STEPS, MessageStage, ReplyStage, may_step


def test_every_stage_has_its_steps() -> None:
    """No stage is forgotten, and no step leads back to where it began."""
    assert set(MESSAGE_STEPS) == set(MessageStage)
    assert set(REPLY_STEPS) == set(ReplyStage)
    assert all(stage not in steps for table in (MESSAGE_STEPS, REPLY_STEPS) for stage, steps in table.items())


def test_nothing_comes_back_to_received() -> None:
    """A message is decided once; a person brings it back into the hold queue, never into triage."""
    assert not any(may_step(stage, MessageStage.RECEIVED) for stage in MessageStage)


def test_a_sent_reply_stays_sent() -> None:
    """What has left cannot be queued, cancelled or doubted again."""
    for end in (ReplyStage.SENT, ReplyStage.FAILED, ReplyStage.CANCELLED):
        assert not any(may_step(end, stage) for stage in ReplyStage)


def test_an_unknown_send_never_goes_back_to_the_outbox() -> None:
    """IN_DOUBT is ended by a look or a person, never by another attempt."""
    assert not may_step(ReplyStage.IN_DOUBT, ReplyStage.QUEUED)
    assert not may_step(ReplyStage.IN_DOUBT, ReplyStage.SENDING)


def test_stages_of_two_kinds_do_not_mix() -> None:
    """A message cannot take a reply's step."""
    assert not may_step(MessageStage.ANSWERING, ReplyStage.SENT)

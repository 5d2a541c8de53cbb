"""Values inside a row as JSON, and back: addresses, parts, reports, findings, predictions."""

from collections.abc import Mapping, Sequence
from typing import Any

from classifier.prediction import Intent, Prediction, Program
from responder.core.message import Address, Part, Report
from responder.core.verdict import Effect, Finding


def pack_address(address: Address | None) -> tuple[str, str] | None:
    """An address as JSON."""
    return None if address is None else (address.name, address.addr)


def unpack_address(packed: Sequence[str] | None) -> Address | None:
    """An address from JSON."""
    return None if packed is None else Address(*packed)


def pack_part(part: Part) -> dict[str, Any]:
    """A MIME part as JSON."""
    return {
        "content_type": part.content_type,
        "parameters": part.parameters,
        "disposition": part.disposition,
        "filename": part.filename,
        "content_id": part.content_id,
        "size": part.size,
    }


def unpack_part(packed: Mapping[str, Any]) -> Part:
    """A MIME part from JSON."""
    return Part(**{**packed, "parameters": tuple((name, value) for name, value in packed["parameters"])})


def pack_report(report: Report | None) -> dict[str, Any] | None:
    """A machine's report as JSON."""
    if report is None:
        return None
    return {
        "kind": report.kind,
        "failed": report.failed,
        "recipients": report.recipients,
        "original_ids": report.original_ids,
    }


def unpack_report(packed: Mapping[str, Any] | None) -> Report | None:
    """A machine's report from JSON."""
    if packed is None:
        return None
    return Report(packed["kind"], packed["failed"], tuple(packed["recipients"]), tuple(packed["original_ids"]))


def pack_findings(findings: Sequence[Finding]) -> list[dict[str, Any]]:
    """Findings as JSON."""
    return [{"rule": f.rule, "effect": f.effect.value, "detail": f.detail, "slots": f.slots} for f in findings]


def unpack_findings(packed: Sequence[Mapping[str, Any]]) -> tuple[Finding, ...]:
    """Findings from JSON."""
    return tuple(
        Finding(one["rule"], Effect(one["effect"]), one["detail"], tuple((name, value) for name, value in one["slots"]))
        for one in packed
    )


def reasons(findings: Sequence[Finding]) -> str:
    """The rules that hit, each after a space: what `reason:` looks in."""
    return "".join(f" {finding.rule}" for finding in findings).casefold()


def pack_prediction(prediction: Prediction | None) -> dict[str, Any] | None:
    """A prediction as JSON."""
    if prediction is None:
        return None
    names = Prediction.__dataclass_fields__
    return {name: getattr(prediction, name) for name in names}


def unpack_prediction(packed: Mapping[str, Any] | None) -> Prediction | None:
    """A prediction from JSON."""
    if packed is None:
        return None
    words = {
        "intent": Intent(packed["intent"]),
        "runner_up": Intent(packed["runner_up"]),
        "second": None if packed["second"] is None else Intent(packed["second"]),
        "program": Program(packed["program"]),
    }
    return Prediction(**{**packed, **words})

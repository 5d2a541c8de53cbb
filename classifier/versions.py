"""Which library versions a model was made with, and whether they still fit."""

from collections.abc import Mapping
from importlib.metadata import PackageNotFoundError, version

SIGNIFICANT = {"scikit-learn": 2, "numpy": 1, "scipy": 1}
"""Library: how many leading numbers of its version must agree. scikit-learn promises nothing across minor versions."""


def library_versions() -> dict[str, str]:
    """The installed versions of what a model depends on."""
    return {name: _installed(name) for name in SIGNIFICANT}


def differences(made_with: Mapping[str, str]) -> str:
    """Where they do not fit, in words: `scikit-learn 1.4.2 (here 1.9.1)`; empty where all fit."""
    here = library_versions()
    return ", ".join(
        f"{name} {made_with.get(name, 'unknown')} (here {here[name]})"
        for name, count in SIGNIFICANT.items()
        if _leading(made_with.get(name, ""), count) != _leading(here[name], count)
    )


def _leading(text: str, count: int) -> list[str]:
    return text.split(".")[:count]


def _installed(name: str) -> str:
    try:
        return version(name)
    except PackageNotFoundError:
        return ""

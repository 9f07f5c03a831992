"""What the repository has beside the source, and a wheel within the package: labs and pages of the documentation."""

from __future__ import annotations

from pathlib import Path


def shipped(folder: str) -> Path:
    """Where such a folder is."""
    package = Path(__file__).parents[1]
    within, beside = package / folder, package.parents[1] / folder
    return within if within.is_dir() else beside

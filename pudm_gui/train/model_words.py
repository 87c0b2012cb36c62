"""What a model is, on one line."""

from __future__ import annotations

from PySide6.QtCore import QCoreApplication, QLocale

from pudm_gui.model_folder import ModelFacts


def _tr(text: str) -> str:
    return QCoreApplication.translate("ModelWords", text)


def summary(facts: ModelFacts) -> str:
    """As "Stable Diffusion · 512 px · 860 M parameters · captions"."""
    parts = [facts.family]
    parts.append(_tr("unknown image size") if facts.image_size is None else _tr("{n} px").format(n=facts.image_size))
    if facts.channels == 1:
        parts.append(_tr("grey"))
    if facts.parameters is not None:
        parts.append(_tr("{n} parameters").format(n=short_count(facts.parameters)))
    if facts.conditioning == "caption":
        parts.append(_tr("captions"))
    elif facts.conditioning == "class":
        parts.append(_tr("{n} classes").format(n=QLocale().toString(facts.classes or 0)))
    return " · ".join(parts)


def short_count(count: int) -> str:
    """A large number as people say it: 860 M, 2.6 B."""
    for size, unit in ((10**9, _tr("B")), (10**6, _tr("M")), (10**3, _tr("k"))):
        if count >= size:
            amount = count / size
            return f"{QLocale().toString(amount, 'f', 0 if amount >= 9.95 else 1)} {unit}"
    return str(count)

"""Agreement in words."""

from __future__ import annotations

from PySide6.QtCore import QLocale, QObject

from pudm_gui.project.agreement import Agreement

FEW = 20
"""With fewer images in common, no figure says much."""


class AgreementWords(QObject):
    """Words for how far two people agree."""

    def summary(self, pair: Agreement) -> str:
        """Such as "Agree on 94 %, kappa 0.78, good"."""
        share = self.tr("Agree on {n} %").format(n=self._percent(pair))
        kappa = pair.kappa
        if kappa is None:
            return self.tr("{share}. All have one label, so chance alone would do").format(share=share)
        number = QLocale().toString(kappa, "f", 2)
        words = self.tr("{share}, kappa {number}, {grade}").format(share=share, number=number, grade=self.grade(kappa))
        return self.tr("{words} (few images)").format(words=words) if pair.shared < FEW else words

    def grade(self, kappa: float) -> str:
        """The usual word for a kappa (Altman 1991, table 14.4)."""
        steps = (
            (0.8, self.tr("very good")),
            (0.6, self.tr("good")),
            (0.4, self.tr("moderate")),
            (0.2, self.tr("fair")),
        )
        return next((word for above, word in steps if round(kappa, 2) > above), self.tr("poor"))

    def explanation(self) -> str:
        """What kappa means."""
        return self.tr(
            "Cohen's kappa is how far two people agree beyond chance: 0 is what guessing would reach, 1 is always the "
            "same. From 0.6 on, both mostly mean the same by “sensitive”."
        )

    def _percent(self, pair: Agreement) -> str:
        # 100 is said only where it is true.
        return QLocale().toString(100 * pair.agreed // pair.shared)

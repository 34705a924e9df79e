"""What to change next: symptom → evidence → the edited prompt, ready as a new arm.

    symptoms  what a clip's readings show beside those of its twins, thresholds with their source
    remedies  what practitioners change for it, made on the prompt and its parameters
    core      the two put together, arm by arm: `advise`, `Advice`, `Item`
    strips    keyframes around the moment

It speaks where the picture differs from that of its twins, or from what was asked, and is silent
elsewhere; it judges no content and says "unusual" where it cannot say "wrong".
"""

from __future__ import annotations

from toolkit.advice.core import Advice, Case, Item, advise
from toolkit.advice.remedies import Arm
from toolkit.advice.symptoms import SYMPTOMS, Sign, Symptom

__all__ = ["SYMPTOMS", "Advice", "Arm", "Case", "Item", "Sign", "Symptom", "advise"]

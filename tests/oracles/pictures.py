"""scikit-image: what it says of single pictures and of pairs."""

from __future__ import annotations

import json

import numpy as np
from skimage.feature import hog
from skimage.measure import blur_effect
from skimage.metrics import structural_similarity
from skimage.registration import phase_cross_correlation

from tests.oracles.frames import blurred, panned, picture

REQUIRES = ["scikit-image==0.26.0", "numpy==2.2.6"]

PAIRS = {"next": (0, 1), "later": (0, 6)}


def shapes(image: np.ndarray) -> np.ndarray:
    """Cells of 16 px in one block: the whole vector has length 1."""
    return hog(
        image, orientations=9, pixels_per_cell=(16, 16), cells_per_block=(8, 8), block_norm="L2"
    )


def main() -> None:
    sharp = picture(180, 320, 3)
    square = {seed: picture(128, 128, seed) for seed in (1, 2)}
    one = shapes(square[1])
    frames = panned(8)
    shift, *_ = phase_cross_correlation(
        frames[0].astype(float), frames[3].astype(float), upsample_factor=20
    )
    print(json.dumps({
        "blur_effect": {
            str(size): float(blur_effect(blurred(sharp, size) if size else sharp))
            for size in (0, 3, 5, 9)
        },
        "ssim": {
            name: float(structural_similarity(frames[a], frames[b], data_range=255))
            for name, (a, b) in PAIRS.items()
        },
        "ssim_blurred": float(structural_similarity(sharp, blurred(sharp, 3), data_range=255)),
        "hog_cosine": {
            "other": float(one @ shapes(square[2])),
            "blurred": float(one @ shapes(blurred(square[1], 5))),
            "mirrored": float(one @ shapes(square[1][:, ::-1])),
        },
        "hog_first_cells": one[:18].tolist(),
        "shift_right_px": float(shift[1]),
    }))  # fmt: skip


if __name__ == "__main__":
    main()

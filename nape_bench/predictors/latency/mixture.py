"""How much each expert is believed, by what it says of labels that it was not told."""

from __future__ import annotations

import numpy as np

FREEDOM = 3.0
LEAST_SCALE = 0.01
TEMPER = 0.3
"""A power of likelihoods: labels left out one by one are no independent witnesses."""
SCALES = np.exp(np.linspace(-1.0, 4.0, 26))
"""Scales of errors that are tried, times the least median error of an expert."""


def expert_weights(errors: np.ndarray) -> np.ndarray:
    """Return the weight of each expert, of sum 1, float64 [experts].

    Weights are likelihoods of the errors, to the power `TEMPER`, under Student's t with the scale
    that makes them likeliest: a few labels that all miss by far tell nothing.

    Args:
        errors: Of each expert at each label that it was not told, float64 [experts, labels].
    """
    least = 1.48 * np.median(np.abs(errors), axis=1).min()
    scales = max(float(least), LEAST_SCALE) * SCALES
    ratio = errors[:, None, :] / scales[None, :, None]
    logs = -np.log(scales)[None, :, None] - (FREEDOM + 1) / 2 * np.log1p(ratio**2 / FREEDOM)
    likeliest = logs.sum(axis=2).max(axis=1)
    likelihoods = np.exp(TEMPER * (likeliest - likeliest.max()))
    weights: np.ndarray = likelihoods / likelihoods.sum()
    return weights

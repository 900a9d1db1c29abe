"""Shared weights: one small supernet is trained, and architectures are scored as parts of it.

Cai et al., Once-for-All, ICLR 2020: what papers publish of these families are accuracies of
sub-networks with the supernet's weights.
"""

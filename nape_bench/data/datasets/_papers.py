"""What datasets of several families cite."""

from __future__ import annotations

GENNAPE = (
    "Mills et al., GENNAPE: Towards Generalized Neural Architecture Performance Estimators, "
    "AAAI 2023"
)
ONCE_FOR_ALL = (
    "Cai et al., Once-for-All: Train One Network and Specialize it for Efficient Deployment, "
    "ICLR 2020"
)

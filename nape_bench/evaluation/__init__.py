"""Protocols, and what is scored on them.

nape_bench.evaluate("gbdt", "in-family/hiaml")
nape_bench.Evaluator("in-family/hiaml").evaluate("predictions.csv")
"""

from nape_bench.evaluation.evaluator import Evaluator
from nape_bench.evaluation.protocols import known_protocols, protocol, protocol_families
from nape_bench.evaluation.protocols.base import Protocol
from nape_bench.evaluation.result import Result
from nape_bench.evaluation.run import evaluate
from nape_bench.metrics import EVALUATOR_VERSION

__all__ = [
    "EVALUATOR_VERSION",
    "Evaluator",
    "Protocol",
    "Result",
    "evaluate",
    "known_protocols",
    "protocol",
    "protocol_families",
]

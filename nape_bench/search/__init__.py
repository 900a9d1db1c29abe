"""Search: graphs are mutated, a predictor says which mutants to keep, and training checks it.

graph, change = nape_bench.search.mutate(graph, np.random.default_rng(0))
"""

from nape_bench.search.loop import Outcome, Plan, search
from nape_bench.search.member import Facts, Member
from nape_bench.search.methods import METHODS
from nape_bench.search.moves import GraphMoves, Moves, SpaceMoves
from nape_bench.search.mutations.base import Mutation, mutations
from nape_bench.search.objective import Known, Objective
from nape_bench.search.propose import Mutant, Proposals, mutate, propose

__all__ = [
    "METHODS",
    "Facts",
    "GraphMoves",
    "Known",
    "Member",
    "Moves",
    "Mutant",
    "Mutation",
    "Objective",
    "Outcome",
    "Plan",
    "Proposals",
    "SpaceMoves",
    "mutate",
    "mutations",
    "propose",
    "search",
]

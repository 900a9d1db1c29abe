"""Search: graphs are mutated, a predictor says which mutants to keep, and training checks it."""

from nape_bench.search.mutations.base import Mutation, mutations
from nape_bench.search.propose import Mutant, Proposals, mutate, propose

__all__ = ["Mutant", "Mutation", "Proposals", "mutate", "mutations", "propose"]

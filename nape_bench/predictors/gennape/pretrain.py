"""Contrastive pretraining of the encoder, and embedding by it."""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import torch
from tqdm import tqdm

from nape_bench.predictors.gennape.contrast import contrastive_loss, pair_weights
from nape_bench.predictors.gnn.encoding import encode_table
from nape_bench.predictors.gnn.states import share_states
from nape_bench.predictors.gnn.train import CHUNK_NODES, Prepared
from nape_bench.torch_threads import one_thread

if TYPE_CHECKING:
    from nape_bench.graph import GraphTable
    from nape_bench.predictors.gennape.encoder import Encoder

CLIP = 5.0
"""Norm at which gradients are cut, as in the k-GNN."""


class Contrast(NamedTuple):
    """How to pretrain.

    Attributes:
        epochs: Passes over the graphs.
        batch_size: Graphs a step, or a few more, so that no batch is small; each gives two views.
        learning_rate: Adam's.
        temperature: Of likeness between views.
        spectral_temperature: Of distances between spectra.
    """

    epochs: int
    batch_size: int
    learning_rate: float
    temperature: float
    spectral_temperature: float


def pretrain(
    encoder: Encoder,
    graphs: GraphTable,
    spectra: np.ndarray,
    how: Contrast,
    *,
    seed: int,
    progress: str | None = None,
) -> None:
    """Train an encoder on graphs without labels.

    Args:
        encoder: Is changed.
        graphs: n graphs; one alone has nothing to be told from, and teaches nothing.
        spectra: Their spectra, [n, eigenvalues].
        how: How to train.
        seed: Seed of batches and dropout.
        progress: What a progress bar says; None shows none.
    """
    if len(graphs) < 2:
        return
    rng = np.random.default_rng(seed)
    dice = torch.Generator().manual_seed(seed)
    data = _prepared(encoder, graphs)
    device = data.nodes.op.device
    known = torch.as_tensor(spectra, dtype=torch.float32, device=device)
    weights = list(encoder.parameters())
    optimizer = torch.optim.Adam(weights, lr=how.learning_rate, fused=True)
    bar = tqdm(range(how.epochs), progress, leave=False, disable=progress is None)
    with one_thread():
        for _ in bar:
            order = rng.permutation(len(graphs))
            for batch in np.array_split(order, max(1, len(order) // how.batch_size)):
                plan = data.plan(batch, gradient=True)
                views = torch.cat([encoder.view(data.nodes, plan, dice) for _ in range(2)])
                chosen = known[torch.from_numpy(batch).to(device)].repeat(2, 1)
                loss = contrastive_loss(
                    views, pair_weights(chosen, how.spectral_temperature), how.temperature
                )
                optimizer.zero_grad()
                torch.autograd.backward(loss)
                torch.nn.utils.clip_grad_norm_(weights, CLIP)
                optimizer.step()
            bar.set_postfix_str(f"loss {loss.item():.3f}", refresh=False)


def embed(encoder: Encoder, graphs: GraphTable) -> np.ndarray:
    """Return what the encoder makes of each graph, float64 [graphs, hidden]."""
    cuts = np.searchsorted(graphs.node_ptr, np.arange(0, graphs.node_ptr[-1], CHUNK_NODES))
    bounds = [*dict.fromkeys(cuts.tolist()), len(graphs)]
    parts = []
    with torch.no_grad(), one_thread():
        for start, stop in itertools.pairwise(bounds):
            data = _prepared(encoder, graphs[start:stop])
            plan = data.plan(np.arange(stop - start), gradient=False)
            parts.append(encoder(data.nodes, plan).double().cpu().numpy())
    return np.concatenate(parts)


def _prepared(encoder: Encoder, graphs: GraphTable) -> Prepared:
    nodes, number = encode_table(graphs)
    states = share_states(graphs.flat(), number, len(encoder.convolutions))
    return Prepared(nodes.to(encoder.embedding.shape.weight.device), states)

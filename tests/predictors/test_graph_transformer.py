"""The graph transformer: attention over states is attention over nodes; its loss; what it reads."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
import torch
from torch.nn import functional

from nape_bench.predictors import SettingError
from nape_bench.predictors.gnn.encoding import encode_rows, encode_table
from nape_bench.predictors.gnn.losses import squared_and_pairs
from nape_bench.predictors.gnn.plan import plan_batch
from nape_bench.predictors.gnn.states import share_states
from nape_bench.predictors.gnn.told import places
from nape_bench.predictors.gnn.transformer import TransformerModel
from nape_bench.predictors.graph_transformer import GraphTransformer

if TYPE_CHECKING:
    from tests.predictors.conftest import Labelled


def model() -> TransformerModel:
    torch.manual_seed(0)
    made = TransformerModel(hidden=32, layers=3, blocks=2, heads=4)
    # What is told of positions is of states: without it, nodes and states are told the same.
    made.place.weight.data.zero_()
    return made


def test_attention_over_states_is_attention_over_all_nodes(labelled: Labelled) -> None:
    graphs, every, made = labelled.graphs[:5], np.arange(5), model()
    flat = graphs.flat()
    rows, of_node = graphs.rows
    said = []
    nodes, colour = encode_table(graphs)
    for told, colours in (
        (nodes, colour),
        (encode_rows(rows[of_node]), np.arange(flat.nodes)),
    ):
        states = share_states(flat, colours, made.levels)
        plan = plan_batch(states, every, gradient=False)._replace(told=made.tell(graphs, states))
        with torch.no_grad():
            said.append(made(told, plan))
    assert said[0].std() > 0
    torch.testing.assert_close(said[0], said[1], rtol=1e-4, atol=1e-5)


def test_a_batch_says_of_each_graph_what_it_says_of_it_alone(labelled: Labelled) -> None:
    from nape_bench.predictors.gnn.train import prepare

    made = model()
    data = prepare(labelled.graphs[:6], made)
    with torch.no_grad():
        whole = made(data.nodes, data.plan(np.array([4, 1, 5]), gradient=False))
        alone = [made(data.nodes, data.plan(np.array([g]), gradient=False)) for g in (4, 1, 5)]
    torch.testing.assert_close(whole, torch.cat(alone), rtol=1e-4, atol=1e-5)


def test_places_are_depths_and_shares(labelled: Labelled) -> None:
    graphs = labelled.graphs[:3]
    states = share_states(graphs.flat(), encode_table(graphs)[1], 2)
    told = places(graphs, states).numpy()
    mean, deviation, log_share = told.T
    assert len(told) == len(states.pool_state)
    assert ((mean >= 0) & (mean <= 1) & (deviation >= 0)).all()
    shares = np.add.reduceat(np.exp(log_share), states.pool_ptr[:-1])
    np.testing.assert_allclose(shares, 1, rtol=1e-5)
    # Input lies at 0 and Output at 1, and no other node shares their states.
    starts, last = states.pool_ptr[:-1], graphs.node_ptr[1:] - 1
    for graph, (start, stop) in enumerate(zip(starts, states.pool_ptr[1:], strict=True)):
        of = dict(zip(states.pool_state[start:stop].tolist(), mean[start:stop], strict=True))
        assert of[int(states.of_node[graphs.node_ptr[graph]])] == 0
        assert of[int(states.of_node[last[graph]])] == 1


def test_the_loss_is_squared_error_and_order() -> None:
    wanted = torch.tensor([0.0, 1.0, 1.0, 2.0])
    said = torch.tensor([0.5, 0.0, 3.0, 1.0])
    squared = functional.mse_loss(said, wanted)
    torch.testing.assert_close(squared_and_pairs(said, wanted, 0.0), squared)
    # Five pairs have different labels.
    differences = [0.0 - 0.5, 3.0 - 0.5, 1.0 - 0.5, 1.0 - 0.0, 1.0 - 3.0]
    pairs = float(np.mean([np.log1p(np.exp(-d)) for d in differences]))
    both = squared_and_pairs(said, wanted, 2.0)
    assert float(both) == pytest.approx(float(squared) + 2 * pairs, rel=1e-5)
    constant = torch.zeros(4)
    assert float(squared_and_pairs(said, constant, 2.0)) == pytest.approx(
        float(functional.mse_loss(said, constant))
    )


def test_validation_chooses_and_fine_tuning_takes_the_scale_of_its_labels(
    labelled: Labelled,
) -> None:
    few, other = labelled.take(slice(0, 30)), labelled.take(slice(30, 50))
    p = GraphTransformer(epochs=2, fine_tune_epochs=0)
    p.fit(few.graphs, few.y, validation=(other.graphs, other.y))
    before = p.predict(other.graphs)
    after = p.fine_tune(other.graphs, 1000 + other.y).predict(other.graphs)
    # No step was made: the same order, around the mean of the new labels.
    np.testing.assert_array_equal(np.argsort(before), np.argsort(after))
    assert abs(after.mean() - 1000 - other.y.mean()) < 10


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"hidden": 30}, "hidden is 30, no multiple of 4 heads"),
        ({"rank_weight": -1}, "rank_weight must be 0 or more, not -1"),
        ({"layers": 0}, "layers must be 1 or more, not 0"),
    ],
)
def test_settings_out_of_range_are_refused(settings: dict[str, Any], message: str) -> None:
    with pytest.raises(SettingError, match=message):
        GraphTransformer(**settings)


@pytest.mark.gpu
@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a CUDA device")
def test_the_same_on_a_gpu(labelled: Labelled) -> None:
    few = labelled.take(slice(0, 60))
    fits = [GraphTransformer(epochs=3, device=d).fit(few.graphs, few.y) for d in ("cpu", "cuda")]
    on_cpu, on_gpu = (p.predict(few.graphs) for p in fits)
    np.testing.assert_allclose(on_gpu, on_cpu, rtol=1e-3)

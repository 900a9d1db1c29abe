"""Shared states: the same function as on the graphs themselves, and as few states as there are."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest
import torch
from torch_geometric.nn import GraphConv as ReferenceConv
from torch_geometric.nn import global_mean_pool

from nape_bench.graph import GraphBuilder, GraphTable
from nape_bench.predictors.gnn.encoding import encode_table
from nape_bench.predictors.gnn.layers import GraphConv, sparse_sum
from nape_bench.predictors.gnn.model import KGNNModel
from nape_bench.predictors.gnn.plan import Links, plan_batch
from nape_bench.predictors.gnn.states import share_states

if TYPE_CHECKING:
    from tests.predictors.conftest import Labelled


class Reference(torch.nn.Module):
    """The k-GNN node by node, out of torch_geometric's parts, with the weights of a model."""

    def __init__(self, model: KGNNModel) -> None:
        super().__init__()
        self.model = model
        self.convolutions = torch.nn.ModuleList()
        for layer in model.convolutions:
            reference = ReferenceConv(layer.lin_rel.in_features, layer.lin_rel.out_features)
            reference.load_state_dict(layer.state_dict())
            self.convolutions.append(reference)

    def forward(self, graphs: GraphTable) -> torch.Tensor:
        flat = graphs.flat()
        nodes, number = encode_table(graphs)
        x = self.model.embedding(nodes)[torch.from_numpy(number)]
        edge_index = torch.from_numpy(np.stack([flat.source, flat.target]))
        for convolution in self.convolutions:
            x = torch.tanh(convolution(x, edge_index))
        pooled = global_mean_pool(x, torch.from_numpy(flat.graph_of_nodes()))
        return self.model.head(self.model.mlp(pooled)).squeeze(1)


def repeated() -> GraphTable:
    """Ten equal blocks, each with a doubled edge, and the same with one block more."""
    graphs = []
    for blocks in (10, 11):
        b = GraphBuilder(8)
        x = b.conv(b.input, 16, 3)
        for _ in range(blocks):
            x = b.add(x, x, b.relu(x))
        graphs.append(b.finish(x))
    return GraphTable.from_graphs(graphs)


@pytest.fixture
def model() -> KGNNModel:
    torch.manual_seed(0)
    return KGNNModel(32, 6)


@pytest.mark.parametrize("which", ["hiaml", "repeated"])
def test_model_equals_the_one_on_nodes(which: str, model: KGNNModel, labelled: Labelled) -> None:
    graphs = labelled.graphs[:40] if which == "hiaml" else repeated()
    chosen = np.random.default_rng(0).permutation(len(graphs))[:25]
    nodes, number = encode_table(graphs)
    plan = plan_batch(share_states(graphs.flat(), number, 6), chosen, gradient=True)
    reference = Reference(model)
    target = torch.randn(len(chosen))

    found = model(nodes, plan)
    ((found - target) ** 2).sum().backward()
    gradients = {name: p.grad.clone() for name, p in model.named_parameters()}
    model.zero_grad()
    wanted = reference(graphs[chosen])
    ((wanted - target) ** 2).sum().backward()

    torch.testing.assert_close(found, wanted, rtol=1e-4, atol=1e-5)
    for index, convolution in enumerate(reference.convolutions):
        for name, p in convolution.named_parameters():
            ours = gradients[f"convolutions.{index}.{name}"]
            torch.testing.assert_close(ours, p.grad, rtol=1e-3, atol=1e-4)
    for name in ("embedding.regular_op", "embedding.weighted_op", "embedding.kernel", "head"):
        p = model.get_submodule(name).weight
        torch.testing.assert_close(gradients[f"{name}.weight"], p.grad, rtol=1e-3, atol=1e-4)


def test_layer_and_its_gradient_equal_torch_geometrics() -> None:
    flat = repeated()[:1].flat()
    states = share_states(flat, np.arange(flat.nodes), 1)
    plan = plan_batch(states, np.array([0]), gradient=True)
    torch.manual_seed(0)
    ours, theirs = GraphConv(5, 7), ReferenceConv(5, 7)
    theirs.load_state_dict(ours.state_dict())
    x = torch.randn(flat.nodes, 5, requires_grad=True)
    x_ref = x.detach().clone().requires_grad_()
    edge_index = torch.from_numpy(np.stack([flat.source, flat.target]))
    # All nodes differ, so states are nodes.
    found, wanted = ours(x, plan.layers[0]), theirs(x_ref, edge_index)
    torch.testing.assert_close(found, wanted)
    weight = torch.randn_like(wanted)
    (found * weight).sum().backward()
    (wanted * weight).sum().backward()
    torch.testing.assert_close(x.grad, x_ref.grad)
    named = dict(theirs.named_parameters())
    for name, p in ours.named_parameters():
        torch.testing.assert_close(p.grad, named[name].grad)


def test_there_are_as_few_states_as_there_are_in_trees() -> None:
    graphs = repeated()
    # Input, Conv, ReLU, Add, Output look different; from then on, what was read tells apart.
    _, number = encode_table(graphs)
    states = share_states(graphs.flat(), number, 3)
    # Behind the first layer: ReLU of Conv or of Add; Add of Conv and ReLU, or of Add and ReLU.
    assert states.sizes[:2] == (5, 7)
    # The two graphs share all states, however long they are.
    longer = share_states(graphs[:1].flat(), encode_table(graphs[:1])[1], 3)
    assert states.sizes == longer.sizes
    assert states.graphs == 2


def test_shares_of_a_graph_add_up(labelled: Labelled) -> None:
    states = share_states(labelled.graphs.flat(), encode_table(labelled.graphs)[1], 2)
    total = np.add.reduceat(states.pool_share.astype(np.float64), states.pool_ptr[:-1])
    np.testing.assert_allclose(total, 1.0, rtol=1e-5)
    assert sum(states.sizes) < len(labelled.graphs) * 10


def test_no_layer_is_a_mean_over_nodes(labelled: Labelled) -> None:
    graphs = labelled.graphs[:10]
    _, number = encode_table(graphs)
    plan = plan_batch(share_states(graphs.flat(), number, 0), np.arange(10), gradient=False)
    features = torch.randn(int(number.max()) + 1, 4)
    found = sparse_sum(features[plan.inputs], plan.pool)
    batch = torch.from_numpy(graphs.flat().graph_of_nodes())
    torch.testing.assert_close(found, global_mean_pool(features[torch.from_numpy(number)], batch))


def test_links_without_gradient_say_so() -> None:
    links = Links(torch.tensor([0], dtype=torch.int32), torch.tensor([0, 1], dtype=torch.int32))
    table = torch.ones(1, 2, requires_grad=True)
    with pytest.raises(ValueError, match="planned without gradient"):
        sparse_sum(table, links).sum().backward()

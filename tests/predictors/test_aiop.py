"""AIO-P: the adapted model node by node, and what is trained when."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
import torch
from torch_geometric.nn import GraphConv as ReferenceConv
from torch_geometric.nn import global_mean_pool

from nape_bench.errors import DataError
from nape_bench.predictors import Predictor, SettingError, predictor
from nape_bench.predictors.aiop.model import AdaptedModel
from nape_bench.predictors.gnn.encoding import encode_table
from nape_bench.predictors.gnn.model import KGNNModel
from nape_bench.predictors.gnn.train import predict

if TYPE_CHECKING:
    from pathlib import Path

    from nape_bench.graph import GraphTable
    from tests.predictors.conftest import Labelled

BRIEF: dict[str, Any] = {
    "backbone_steps": 60,
    "adapter_steps": 60,
    "layers": 2,
    "fine_tune_epochs": 3,
}


def brief(**more: Any) -> Any:
    return predictor("aiop", **{**BRIEF, **more})


def fitted(labelled: Labelled, **more: Any) -> Any:
    """A backbone on 40 graphs, adapters for two tasks on 30 others."""
    own = labelled.take(slice(40, 70))
    tasks = {"a/low": (own.graphs, -own.y), "a/high": (own.graphs, 3 * own.y + 5)}
    few = labelled.take(slice(0, 40))
    return brief(**more).learn_auxiliary(tasks).fit(few.graphs, few.y)


def node_by_node(model: AdaptedModel, graphs: GraphTable) -> torch.Tensor:
    """Layers of torch_geometric with the model's weights, put together as the paper says."""

    def like(layer: Any) -> ReferenceConv:
        made = ReferenceConv(layer.lin_rel.in_features, layer.lin_rel.out_features)
        made.load_state_dict(layer.state_dict())
        return made

    flat = graphs.flat()
    nodes, number = encode_table(graphs)
    x = model.backbone.embedding(nodes)[torch.from_numpy(number)]
    edges = torch.from_numpy(np.stack([flat.source, flat.target]))
    own = torch.zeros_like(x)
    for backbone, adapter in zip(model.backbone.convolutions, model.adapter, strict=True):
        x = torch.tanh(like(backbone)(x, edges))
        own = torch.tanh(like(adapter)(torch.cat([x, own], dim=1), edges))
    of_graph = torch.from_numpy(flat.graph_of_nodes())
    pooled = torch.cat([global_mean_pool(each, of_graph) for each in (x, own)], dim=1)
    return model.mlp(pooled).squeeze(1)


@pytest.mark.parametrize("layers", [1, 3])
def test_the_adapted_model_equals_the_one_on_nodes(layers: int, labelled: Labelled) -> None:
    torch.manual_seed(0)
    model = AdaptedModel(KGNNModel(32, layers), 32)
    graphs = labelled.graphs[:12]
    expected = node_by_node(model, graphs).detach().numpy()
    assert expected.std() > 1e-4
    np.testing.assert_allclose(predict(model, graphs), expected, rtol=1e-4, atol=1e-6)


def test_adapters_leave_the_backbone_as_it_is(labelled: Labelled) -> None:
    alone = brief().fit(labelled.graphs[:40], labelled.y[:40])._members[0].state_dict()
    members = fitted(labelled)._members
    assert len(members) == 2
    for member in members:
        for name, weight in member.backbone.state_dict().items():
            torch.testing.assert_close(weight, alone[name], rtol=0, atol=0)
    adapters = [member.adapter[0].lin_rel.weight for member in members]
    assert not torch.equal(*adapters), "each has learnt its own task"


def test_fine_tuning_changes_convolutions_and_mlp_alone(labelled: Labelled) -> None:
    model = fitted(labelled)
    before = {name: value.clone() for name, value in model._members[1].state_dict().items()}
    few = labelled.take(slice(80, 90))
    model.fine_tune(few.graphs, few.y)
    changed = {
        name
        for name, value in model._members[1].state_dict().items()
        if not torch.equal(value, before[name])
    }
    assert {name.partition(".")[0] for name in changed} == {"backbone", "mlp"}
    assert {n.split(".")[1] for n in changed if n.startswith("backbone")} == {"convolutions"}


def test_fine_tuning_scales_to_the_new_labels(labelled: Labelled) -> None:
    few = labelled.take(slice(80, 100))
    model = fitted(labelled).fine_tune(few.graphs, 1000 * few.y)
    predicted = model.predict(labelled.graphs[100:140])
    assert abs(predicted.mean() / (1000 * few.y.mean()) - 1) < 0.1


def test_other_tasks_change_the_prediction_and_are_saved(
    labelled: Labelled, tmp_path: Path
) -> None:
    graphs = labelled.graphs[100:120]
    model = fitted(labelled)
    assert not np.allclose(
        model.predict(graphs), brief().fit(labelled.graphs[:40], labelled.y[:40]).predict(graphs)
    )
    again = Predictor.load(model.save(tmp_path / "aiop"))
    np.testing.assert_allclose(again.predict(graphs), model.predict(graphs), rtol=1e-9)


def test_without_the_flops_transform_it_is_another_predictor(labelled: Labelled) -> None:
    graphs = labelled.graphs[100:120]
    assert not np.allclose(
        fitted(labelled, by_flops=False).predict(graphs), fitted(labelled).predict(graphs)
    )


def test_tasks_are_checked_by_name(labelled: Labelled) -> None:
    graphs = labelled.graphs[:5]
    with pytest.raises(DataError, match="at least one is needed"):
        brief().learn_auxiliary({})
    with pytest.raises(DataError, match=r"a/task: labels of shape \[4\] for 5 graphs"):
        brief().learn_auxiliary({"a/task": (graphs, labelled.y[:4])})
    with pytest.raises(NotImplementedError, match="'gp' learns from no other tasks"):
        predictor("gp").learn_auxiliary({"a/task": (graphs, labelled.y[:5])})


def test_settings_that_make_no_network() -> None:
    with pytest.raises(SettingError, match="hidden must be 19 or more"):
        brief(hidden=8)

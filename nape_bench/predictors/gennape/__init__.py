"""GENNAPE (Mills et al., AAAI 2023): contrastive embeddings, fuzzy heads, an ensemble of six.

An encoder of computation graphs is pretrained without labels: each graph gives two views by
dropout, and a view is drawn to others the more, the nearer the spectra of their graphs are
(`contrast`, `spectrum`). Its embeddings, frozen, are clustered by fuzzy C-means (`fuzzy`); MLPs,
one a cluster, are aggregated by memberships (`heads`): regressors of labels transformed by FLOPs
(`transform`), and classifiers of which of two graphs is better. With the k-GNN and FLOPs they make
the ensemble (`ensemble`).

The authors' code has the k-GNN and the FLOPs transform alone; this is written from the paper. What
it does not say, and is chosen here: the encoder (node embedding and convolutions of the k-GNN, with
dropout .1, a mean over nodes; a projection with batch normalisation), 4 clusters, exponent 2,
temperature .1, learning rates, batches, MLPs of 64 units, weight decay, how scores of members are
made comparable. The temperature of spectral distances (.05) is that of the authors' SDM 2023 paper.

Where it differs from the paper:
- Encoder and centroids are learnt from the graphs of `fit`, beside 1,000 NAS-Bench-101 networks
  without labels (`pool`) for the encoder: few labels are no reason to see few graphs. `PAPER` has
  none.
- Dropout drops a feature for all nodes of a batch that have the same state (`gnn.states`), anew in
  each view, not for each node alone.
- Heads for labels transformed by FLOPs are told log10(F + 1) beside the embedding (`flops_input`).
  The divisor of these labels goes from 1 to 1.9 over NAS-Bench-101 where accuracies differ by some
  percent, so that such heads must know FLOPs very well: with few labels they do not, unless told.
- `fine_tune` trains heads (and the k-GNN) and leaves the encoder as it is, in batches of 10.
- At least 1,200 steps where the paper has 40 epochs of 40,000 graphs; the epoch of highest SRCC on
  validation graphs is kept, as there, or the last where there are none.
- A classifier's logit changes sign with the order of its two graphs, by construction. The score of
  a graph is its mean logit against training graphs (256 at most), or those of `fine_tune`: so a
  prediction does not depend on which other graphs are predicted, and members are standardised by
  labelled graphs, not by those of the test.
- Training labels below 80 % are left out by `PAPER` alone, where labels are transformed, and never
  from what is tested on.
- The mean of members is put on the scale of labels, so that it has an MAE; the paper gives the
  ensemble's ranks alone.
"""

from nape_bench.predictors.gennape import single
from nape_bench.predictors.gennape.ensemble import GENNAPE

__all__ = ["GENNAPE", "single"]

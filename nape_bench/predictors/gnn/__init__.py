"""The k-GNN from the inside: encoding, shared states, batches, layers, model, training."""

"""Mutations of graphs, one kind a file."""

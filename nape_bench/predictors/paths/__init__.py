"""Graphs told by their paths: short walks over layers, and what paths from end to end are like."""

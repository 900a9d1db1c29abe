"""Micro labels: networks, made small, are really trained on a small task of real images."""

"""Datasets at the Hugging Face Hub: a version is published as a tag, and loaded by it.

A repository is laid out as a dataset folder. Its branch `main` holds the files of one version, and
each version is a tag, which is never moved.
"""

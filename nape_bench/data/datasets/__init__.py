"""Published datasets, one file each: a module that calls `register` is a dataset."""

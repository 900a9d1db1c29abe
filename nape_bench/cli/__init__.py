"""The command line: `nape-bench`, one module a command."""

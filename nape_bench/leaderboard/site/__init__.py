"""The board as a static site: pages that need no server, no network and no script to be read.

`build.write_site` writes it. Whatever a submission says of itself is text in pages, never markup.
"""

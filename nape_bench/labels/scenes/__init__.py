"""Scenes: canvases with several real digits, and all that there is to be told of them."""

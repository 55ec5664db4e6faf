"""Files as offices have them, read into rows of text: what a file is decides its content, not its name. Pure.

What the rows mean and whether they may be written is decided in `tickets/directory/exchange/`.
"""

"""Text messages in: what one says, what it means, what is done about it."""

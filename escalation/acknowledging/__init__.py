"""What a leader's answer does: acknowledged, instructed, with a new date; by page, link, key or code."""

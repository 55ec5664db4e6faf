"""The floor: who waits, who is there to answer, offers, wrap-up, callbacks and the figures of it."""

"""One call from ring to end: a turn in, its effects done, the next plan out."""

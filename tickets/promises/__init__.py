"""Promises: when time counts, what is due, who is told and when; plain values in, plain values out."""

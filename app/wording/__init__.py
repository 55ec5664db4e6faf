"""Words for people, in their language: codes, reasons, places, times, messages, prompts, and their catalogues.

Nothing here decides anything or reads a request but its language.
"""

"""Reading what has fired and what will: boards, lists, digests, the ledger. Nothing here changes a row."""

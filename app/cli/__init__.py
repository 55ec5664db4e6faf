"""The commands of `./hotline`: one module per group, each registering its own parsers."""

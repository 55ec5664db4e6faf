"""Documents that are filed: pages that are printed (PDF) and sheets that are counted in (XLSX); knows no web."""

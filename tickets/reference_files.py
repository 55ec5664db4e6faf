"""Where the data lies that comes with the product: units, procedures, promises, the words of matters."""

from pathlib import Path

REFERENCE_DATA = Path(__file__).parent / "reference_data"

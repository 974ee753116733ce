"""The papers of a parcel's way through a warehouse: pick list, packing slip, labels, manifest. Each module draws one, a
pure function from plain data (`sheets`) to bytes; only `canvas` knows the library that makes PDFs."""

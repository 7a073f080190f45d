"""Write digits.npz, scikit-learn's digits: 1,797 images of 64 pixels from 0 to 16, with labels.

The data are those of E. Alpaydin and C. Kaynak, Optical Recognition of Handwritten Digits, UCI
Machine Learning Repository (1998), doi 10.24432/C50P49, under CC BY 4.0.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np

if __name__ == "__main__":
    from sklearn.datasets import load_digits

    found = load_digits()
    path = Path(__file__).with_name("digits.npz")
    pixels, labels = (part.astype(np.uint8) for part in (found.data, found.target))
    np.savez_compressed(path, pixels=pixels, labels=labels)
    print(f"wrote {path}")

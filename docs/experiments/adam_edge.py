r"""Adam's edge: the sharpness of D^-1/2 H D^-1/2 against 38 / rate, and the radius.

Trains every run of a fixed grid, writes docs/data/adam_edge.csv and docs/images/adam_edge.png, and
prints the medians of the last third of each run. With ``--draw`` it only draws and prints again.
About six minutes on one core.
"""

from __future__ import annotations

import sys
from itertools import product

import numpy as np
import pandas as pd
import torch
from edge_runs import draw_runs, medians
from random_labels import DATA, train

RATES = (3e-4, 1e-3, 3e-3, 1e-2)  # the last two were added after the others had been run
BATCH_SIZES = (8, 32, 128, np.inf)
BETAS = (0.9, 0.99)
STEPS, EVERY = 6000, 300
WINDOW = 2 / 3  # of the steps, from which on medians are taken
FILE = DATA / "adam_edge.csv"
PICTURE = DATA.parent / "images" / "adam_edge.png"


def run_all() -> pd.DataFrame:
    """Train every run; a row for each measurement."""
    tables = []
    for rate, batch_size in product(RATES, BATCH_SIZES):

        def optimizer(parameters, rate=rate):  # type: ignore[no-untyped-def]
            return torch.optim.Adam(parameters, rate, BETAS)

        table = pd.DataFrame(train(optimizer, batch_size, STEPS, EVERY).rows)
        table.insert(0, "learning_rate", rate)
        tables.append(table)
        print(rate, batch_size, f"{table.seconds.sum():.0f} s measuring", flush=True)
    return pd.concat(tables)


def main() -> None:
    """Train unless told only to draw; write the data and the picture."""
    if "--draw" not in sys.argv:
        run_all().to_csv(FILE, index=False, float_format="%.6g")
    table = pd.read_csv(FILE)
    print(medians(table, WINDOW * STEPS, ["learning_rate"]).to_string(float_format="{:.3g}".format))
    draw_runs(table, WINDOW * STEPS).savefig(PICTURE, dpi=150)


if __name__ == "__main__":
    main()

"""Sharpness, Batch Sharpness and the radius along training, for rates, momenta and batch sizes.

Trains every run of a fixed grid, writes docs/data/edge_of_stochastic_stability.csv and
docs/images/edge_of_stochastic_stability.png, and prints the medians of the last third of each run.
With ``--draw`` it only draws and prints again. About ten minutes on one core.
"""

from __future__ import annotations

import sys
from itertools import product

import numpy as np
import pandas as pd
import torch
from edge_runs import draw_runs, medians
from random_labels import DATA, train

from sgdmem.pictures import draw_training
from sgdmem.training import TrainingRecord

# the smallest rate of each momentum was added after the others had been run
MOMENTA_AND_RATES = {0.0: (0.03, 0.1, 0.3), 0.9: (0.01, 0.03, 0.1)}
BATCH_SIZES = (4, 8, 16, 64, np.inf)
STEPS, EVERY = 6000, 300
WINDOW = 2 / 3  # of the steps, from which on medians are taken
FILE = DATA / "edge_of_stochastic_stability.csv"
SHOWN = 0.9, 0.01, 16  # the run that has a picture of its own, to show what one looks like
ONE = DATA.parent / "images" / "watching.png"
PICTURE = DATA.parent / "images" / "edge_of_stochastic_stability.png"


def run_all() -> pd.DataFrame:
    """Train every run; a row for each measurement."""
    tables = []
    for momentum, rates in MOMENTA_AND_RATES.items():
        for rate, batch_size in product(rates, BATCH_SIZES):

            def optimizer(parameters, rate=rate, momentum=momentum):  # type: ignore[no-untyped-def]
                return torch.optim.SGD(parameters, rate, momentum)

            record = train(optimizer, batch_size, STEPS, EVERY)
            table = pd.DataFrame(record.rows)
            table.insert(0, "momentum", momentum)
            table.insert(0, "learning_rate", rate)
            tables.append(table)
            print(momentum, rate, batch_size, f"{table.seconds.sum():.0f} s measuring", flush=True)
    return pd.concat(tables)


def main() -> None:
    """Train unless told only to draw; write the data and the picture."""
    if "--draw" not in sys.argv:
        run_all().to_csv(FILE, index=False, float_format="%.6g")
    table = pd.read_csv(FILE)
    print(
        medians(table, WINDOW * STEPS, ["momentum", "learning_rate"]).to_string(
            float_format="{:.3g}".format
        )
    )
    draw_runs(table, WINDOW * STEPS, "momentum", "$\\beta$").savefig(PICTURE, dpi=150)
    momentum, rate, batch_size = SHOWN
    one = table[(table.momentum == momentum) & (table.learning_rate == rate)]
    one = one[one.batch_size == batch_size]
    draw_training(TrainingRecord(one.to_dict("records"))).figure.savefig(ONE, dpi=150)


if __name__ == "__main__":
    main()

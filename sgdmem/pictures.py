"""Pictures on matplotlib axes; `sgdmem.draw` draws the data of maps and boundaries."""

from sgdmem.phase_diagrams.maps.periodic_diagram import periodic_phase_diagram
from sgdmem.phase_diagrams.pictures.artists import artists
from sgdmem.phase_diagrams.pictures.boundary_picture import draw_boundary
from sgdmem.phase_diagrams.pictures.loss_picture import draw_losses
from sgdmem.phase_diagrams.pictures.noise_picture import draw_noise_summand
from sgdmem.phase_diagrams.pictures.picture_file import save
from sgdmem.phase_diagrams.pictures.root_locus_picture import draw_root_locus
from sgdmem.phase_diagrams.pictures.series_picture import draw_series
from sgdmem.phase_diagrams.pictures.training_picture import draw_training

__all__ = [
    "artists",
    "draw_boundary",
    "draw_losses",
    "draw_noise_summand",
    "draw_root_locus",
    "draw_series",
    "draw_training",
    "periodic_phase_diagram",
    "save",
]

"""The colours of all pictures: those of Okabe and Ito, which colour-blind people tell apart."""

BLACK, GREY = "#000000", "#8c8c94"
ORANGE, SKY, GREEN, YELLOW = "#e69f00", "#56b4e9", "#009e73", "#f0e442"
BLUE, RED, PURPLE = "#0072b2", "#d55e00", "#cc79a7"
LIGHT_GREY, LIGHT_BLUE, LIGHT_ORANGE = "#b0b0b8", "#cfe6f5", "#fbe3c0"  # of areas
CURVES = (BLUE, RED, GREEN, ORANGE, PURPLE, SKY, BLACK)  # one after the other

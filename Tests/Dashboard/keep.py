#!/usr/bin/env python3
"""Makes small pictures for README of those that a walk took: keep.py DIRECTORY"""

import sys
from pathlib import Path

from PIL import Image

TARGET = Path(__file__).parent / "Pictures"
# By name the part of the page that is kept, in pixels from its top.
KEPT = {"job-compared-light": 1060, "try-light": 1160, "study-light": 1010}
WIDTH, COLOURS = 860, 96

TARGET.mkdir(exist_ok=True)
for name, height in KEPT.items():
    picture = Image.open(Path(sys.argv[1]) / f"{name}.png").convert("RGB")
    picture = picture.crop((0, 0, picture.width, min(height, picture.height)))
    picture = picture.resize((WIDTH, picture.height * WIDTH // picture.width), Image.Resampling.LANCZOS)
    picture.quantize(COLOURS, dither=Image.Dither.NONE).save(TARGET / f"{name.removesuffix('-light')}.png", optimize=True)

"""Draws the pictures of `vision.yaml`: `python suites/images/draw.py` writes them anew beside this file."""

from __future__ import annotations

import math
import sys
from collections.abc import Callable
from pathlib import Path

from canvas import BLUE, GREEN, GREY, INK, ORANGE, PALE, PURPLE, RED, WHITE, YELLOW, Canvas, Point, around, regular
from PIL import Image

Draw = Callable[[], Image.Image]

PICTURES: dict[str, Draw] = {}
"""By file name."""


def picture(name: str) -> Callable[[Draw], Draw]:
    """A decorator that puts a drawing under its file name."""

    def put(draw: Draw) -> Draw:
        PICTURES[name] = draw
        return draw

    return put


# --- documents ---------------------------------------------------------------------------------------------------


@picture("receipt.png")
def receipt() -> Image.Image:
    """A till receipt whose total is neither its largest nor its last number."""
    canvas = Canvas(400, 560, PALE)
    canvas.box(30, 20, 370, 540, WHITE)
    canvas.text((200, 44), "CORNER CAFE", 26, anchor="ma", weight=0.4)
    canvas.text((200, 80), "12 Harbour Street", 16, GREY, "ma")
    canvas.text((200, 104), "2026-03-14  08:41", 16, GREY, "ma")
    canvas.dashes(54, 346, 138)
    items = (("2 x Flat white", "7.60"), ("1 x Almond croissant", "3.40"), ("1 x Orange juice", "4.20"))
    _amounts(canvas, 156, items)
    canvas.dashes(54, 346, 256)
    _amounts(canvas, 272, (("Subtotal", "15.20"), ("Service 10%", "1.52")))
    canvas.text((54, 346), "TOTAL", 26, weight=0.5)
    canvas.text((346, 346), "EUR 16.72", 26, anchor="ra", weight=0.5)
    canvas.dashes(54, 346, 394)
    _amounts(canvas, 410, (("Cash", "20.00"), ("Change", "3.28")))
    canvas.text((200, 494), "Thank you!", 18, GREY, "ma")
    return canvas.finish()


def _amounts(canvas: Canvas, top: float, rows: tuple[tuple[str, str], ...]) -> None:
    for index, (label, amount) in enumerate(rows):
        canvas.text((54, top + index * 32), label, 18)
        canvas.text((346, top + index * 32), amount, 18, anchor="ra")


@picture("table.png")
def table() -> Image.Image:
    """Rainfall of four cities in four months."""
    canvas = Canvas(600, 330)
    header = ("City", "Jan", "Apr", "Jul", "Oct")
    rows = (
        ("Bergen", 190, 114, 148, 271), ("Lisbon", 99, 64, 4, 101), ("Oslo", 49, 41, 81, 84), ("Rome", 67, 77, 19, 93),
    )  # fmt: skip
    canvas.text((300, 18), "Mean rainfall, mm", 22, anchor="ma", weight=0.4)
    canvas.box(30, 60, 570, 108, BLUE)
    for index, row in enumerate((header, *rows)):
        y, colour = 84 + index * 48, WHITE if index == 0 else INK
        if index and index % 2 == 0:
            canvas.box(30, y - 24, 570, y + 24, "#eef4fb")
        canvas.text((50, y), str(row[0]), 20, colour, "lm")
        for column, cell in enumerate(row[1:]):
            canvas.text((260 + column * 96, y), str(cell), 20, colour, "rm")
    canvas.stroke([(30, 300), (570, 300)], 2, BLUE)
    return canvas.finish()


@picture("bar-chart.png")
def bar_chart() -> Image.Image:
    """Bars without their values, to be read off the axis."""
    canvas = Canvas(600, 400)
    canvas.text((300, 14), "Bicycles sold", 24, anchor="ma", weight=0.4)
    floor, unit = 350, 3.5
    for mark in range(0, 90, 20):
        canvas.stroke([(70, floor - mark * unit), (570, floor - mark * unit)], 1, "#cbd2d9")
        canvas.text((58, floor - mark * unit), str(mark), 18, GREY, "rm")
    for index, (month, sold) in enumerate((("Jan", 20), ("Feb", 35), ("Mar", 50), ("Apr", 80), ("May", 65))):
        left = 95 + index * 95
        canvas.box(left, floor - sold * unit, left + 60, floor, BLUE)
        canvas.text((left + 30, floor + 10), month, 20, anchor="ma")
    canvas.stroke([(70, floor), (570, floor)], 2)
    return canvas.finish()


@picture("flow-chart.png")
def flow_chart() -> Image.Image:
    """A decision with two ways out."""
    canvas = Canvas(640, 360)
    _step(canvas, (110, 120), "Order", PALE)
    diamond = [(320, 50), (430, 120), (320, 190), (210, 120)]
    canvas.polygon(diamond, YELLOW)
    canvas.text((320, 120), "In stock?", 20, anchor="mm")
    _step(canvas, (540, 120), "Ship", "#cfe8d0")
    _step(canvas, (320, 300), "Back-order", "#f6d0d0")
    canvas.arrow([(170, 120), (208, 120)])
    canvas.arrow([(432, 120), (478, 120)])
    canvas.arrow([(320, 192), (320, 268)])
    canvas.text((454, 106), "yes", 18, anchor="ms")
    canvas.text((334, 228), "no", 18, anchor="lm")
    return canvas.finish()


def _step(canvas: Canvas, centre: Point, label: str, fill: str) -> None:
    x, y = centre
    canvas.box(x - 60, y - 30, x + 60, y + 30, fill, radius=8)
    canvas.text(centre, label, 20, anchor="mm")


# --- things ------------------------------------------------------------------------------------------------------

_SHAPES = (
    ("circle", RED, (80, 80)), ("square", BLUE, (200, 90)), ("circle", RED, (330, 70)),
    ("star", YELLOW, (440, 100)), ("triangle", GREEN, (90, 210)), ("circle", BLUE, (220, 220)),
    ("circle", RED, (350, 200)), ("square", RED, (440, 230)), ("circle", GREEN, (70, 330)),
    ("triangle", PURPLE, (190, 340)), ("circle", RED, (310, 330)), ("circle", ORANGE, (430, 340)),
)  # fmt: skip


@picture("shapes.png")
def shapes() -> Image.Image:
    """Four red circles among other red things and other circles."""
    return _shapes(_SHAPES)


@picture("shapes-later.png")
def shapes_later() -> Image.Image:
    """The same without the star."""
    return _shapes(tuple(shape for shape in _SHAPES if shape[0] != "star"))


def _shapes(shapes: tuple[tuple[str, str, Point], ...]) -> Image.Image:
    canvas = Canvas(510, 410)
    for kind, colour, (x, y) in shapes:
        if kind == "circle":
            canvas.disc((x, y), 38, colour)
        elif kind == "square":
            canvas.box(x - 34, y - 34, x + 34, y + 34, colour)
        elif kind == "triangle":
            canvas.polygon(regular((x, y), 46, 3), colour)
        else:
            canvas.polygon(regular((x, y), 48, 5, star=True), colour)
    return canvas.finish()


@picture("dice.png")
def dice() -> Image.Image:
    """Three dice: 5, 3 and 6."""
    canvas = Canvas(480, 190, "#2d6a4f")
    near, middle, far = -32, 0, 32
    corners = [(near, near), (far, near), (near, far), (far, far)]
    faces = (
        [*corners, (middle, middle)],
        [(near, near), (middle, middle), (far, far)],
        [*corners, (near, middle), (far, middle)],
    )
    for index, face in enumerate(faces):
        x, y = 95 + index * 145, 95
        canvas.box(x - 58, y - 58, x + 58, y + 58, WHITE, radius=16)
        for right, down in face:
            canvas.disc((x + right, y + down), 11, INK)
    return canvas.finish()


@picture("clock.png")
def clock() -> Image.Image:
    """A clock that shows twenty-five to five."""
    canvas, centre = Canvas(384, 384), (192.0, 192.0)
    canvas.disc(centre, 180, INK)
    canvas.disc(centre, 170, WHITE)
    for hour in range(1, 13):
        angle = _hand(hour / 12)
        canvas.stroke([around(centre, 154, angle), around(centre, 164, angle)], 4)
        canvas.text(around(centre, 132, angle), str(hour), 26, anchor="mm")
    canvas.stroke([centre, around(centre, 78, _hand((4 + 35 / 60) / 12))], 10)
    canvas.stroke([centre, around(centre, 110, _hand(35 / 60))], 6)
    canvas.disc(centre, 9, RED)
    return canvas.finish()


def _hand(turn: float) -> float:
    """The angle of a clock's hand after this part of a full turn from twelve."""
    return 2 * math.pi * turn - math.pi / 2


@picture("speed-limit.png")
def speed_limit() -> Image.Image:
    """A speed limit of 70 above a plate that says for how far."""
    canvas = Canvas(360, 440, "#bcd9f2")
    canvas.box(172, 200, 188, 440, GREY)
    canvas.disc((180, 150), 130, WHITE)
    canvas.disc((180, 150), 124, RED)
    canvas.disc((180, 150), 96, WHITE)
    canvas.text((180, 150), "70", 104, anchor="mm", weight=2)
    canvas.box(96, 306, 264, 376, INK, radius=8)
    canvas.box(100, 310, 260, 372, WHITE, radius=6)
    canvas.text((180, 341), "2 km", 38, anchor="mm", weight=0.6)
    return canvas.finish()


@picture("swatch.png")
def swatch() -> Image.Image:
    """One plain colour."""
    return Canvas(128, 128, ORANGE).finish()


@picture("price-tag.png")
def price_tag() -> Image.Image:
    """A tag that says 大米 (rice) and 十二元 (twelve yuan)."""
    canvas = Canvas(440, 320, PALE)
    canvas.polygon([(30, 160), (100, 30), (410, 30), (410, 290), (100, 290)], WHITE)
    canvas.disc((84, 160), 14, PALE)
    canvas.write("大米", (136, 54), 92, INK)
    canvas.write("十二元", (136, 184), 76, RED)
    return canvas.finish()


def save(folder: Path) -> None:
    """Writes every picture into a folder."""
    for name, draw in PICTURES.items():
        draw().save(folder / name, optimize=True)


if __name__ == "__main__":
    save(Path(sys.argv[1]) if len(sys.argv) > 1 else Path(__file__).parent)

"""A sheet of paper for small pictures whose pixels hardly depend on the machine.

Everything is drawn four times as large and averaged down, which makes edges smooth. No font of the machine is used:
Latin text is set in the one that Pillow carries, Chinese characters are drawn stroke by stroke.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

from PIL import Image, ImageDraw, ImageFont

Point = tuple[float, float]

SCALE = 4
COLOURS = 48
INK, GREY, PALE, WHITE = "#1f2933", "#7b8794", "#e4e7eb", "#ffffff"
RED, ORANGE, YELLOW, GREEN, BLUE, PURPLE = "#d64545", "#f08c2e", "#f7c948", "#3f9142", "#2f6fb3", "#7b4bb3"

STROKES: dict[str, tuple[list[Point], ...]] = {
    "大": (
        [(8, 36), (92, 36)], [(50, 6), (50, 36), (45, 58), (30, 79), (8, 94)], [(51, 38), (60, 62), (74, 80), (94, 94)],
    ),
    "米": (
        [(24, 13), (36, 32)], [(76, 12), (63, 32)], [(8, 44), (92, 44)], [(50, 6), (50, 96)],
        [(46, 48), (32, 68), (8, 86)], [(54, 48), (68, 68), (92, 86)],
    ),
    "十": ([(8, 46), (92, 46)], [(50, 6), (50, 96)]),
    "二": ([(20, 22), (80, 22)], [(8, 84), (92, 84)]),
    "元": (
        [(22, 14), (78, 14)], [(8, 40), (92, 40)], [(36, 42), (34, 62), (26, 79), (8, 94)],
        [(62, 42), (62, 82), (66, 90), (76, 92), (88, 92), (93, 86), (94, 72)],
    ),
}  # fmt: skip
"""Of the Chinese characters at hand, each on a square of 100."""


class Canvas:
    """A sheet to draw on, in pixels of the finished picture, from its upper left corner."""

    def __init__(self, width: int, height: int, paper: str = WHITE) -> None:
        self._image = Image.new("RGB", (width * SCALE, height * SCALE), paper)
        self._draw = ImageDraw.Draw(self._image)

    def finish(self) -> Image.Image:
        """The picture at its own size, in so few colours that its file is small."""
        return self._image.reduce(SCALE).quantize(COLOURS, dither=Image.Dither.NONE)

    def polygon(self, points: Sequence[Point], fill: str) -> None:
        """A filled shape."""
        self._draw.polygon(_scaled(points), fill=fill)

    def box(self, left: float, top: float, right: float, bottom: float, fill: str, *, radius: float = 0) -> None:
        """A filled rectangle, its corners rounded."""
        corners = _scaled([(left, top), (right, bottom)])
        self._draw.rounded_rectangle(corners, radius=radius * SCALE, fill=fill)

    def disc(self, centre: Point, radius: float, fill: str) -> None:
        """A filled circle."""
        x, y = centre
        self._draw.ellipse(_scaled([(x - radius, y - radius), (x + radius, y + radius)]), fill=fill)

    def stroke(self, points: Sequence[Point], width: float, fill: str = INK) -> None:
        """A line through the points, with round ends and corners."""
        self._draw.line(_scaled(points), fill=fill, width=round(width * SCALE))
        for point in points:
            self.disc(point, width / 2, fill)

    def dashes(self, left: float, right: float, y: float) -> None:
        """A dashed horizontal line."""
        for x in range(round(left), round(right), 10):
            self.box(x, y, min(x + 5, right), y + 1.5, GREY)

    def arrow(self, points: Sequence[Point], width: float = 3) -> None:
        """A line through the points with a head at its end."""
        self.stroke(points, width)
        (x0, y0), tip = points[-2:]
        heading = math.atan2(tip[1] - y0, tip[0] - x0)
        self.polygon([tip, *(around(tip, 14, heading + turn) for turn in (math.radians(155), math.radians(205)))], INK)

    def text(self, at: Point, text: str, size: float, fill: str = INK, anchor: str = "la", weight: float = 0) -> None:
        """A line of text; `anchor` says what of it stands at `at`, as in Pillow, `weight` makes it bolder."""
        font = ImageFont.load_default(size * SCALE)
        stroke = round(weight * SCALE)
        self._draw.text(_scaled([at])[0], text, fill=fill, font=font, anchor=anchor, stroke_width=stroke)

    def write(self, text: str, at: Point, size: float, fill: str = INK) -> None:
        """Chinese characters side by side, the first with its upper left corner at `at`."""
        for index, character in enumerate(text):
            left, top = at[0] + index * size * 1.08, at[1]
            for points in STROKES[character]:
                self.stroke([(left + x * size / 100, top + y * size / 100) for x, y in points], size / 12, fill)


def _scaled(points: Sequence[Point]) -> list[Point]:
    return [(x * SCALE, y * SCALE) for x, y in points]


def around(centre: Point, radius: float, angle: float) -> Point:
    """The point at `angle` in radians, clockwise from the right."""
    return centre[0] + radius * math.cos(angle), centre[1] + radius * math.sin(angle)


def regular(centre: Point, radius: float, corners: int, *, star: bool = False) -> list[Point]:
    """A polygon with a corner at the top; a star has a dent between every two."""
    count = corners * 2 if star else corners
    radii = [radius * 0.42 if star and index % 2 else radius for index in range(count)]
    return [around(centre, r, 2 * math.pi * index / count - math.pi / 2) for index, r in enumerate(radii)]

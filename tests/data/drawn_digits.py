"""Digits drawn with straight lines and arcs, as people write them who never saw MNIST."""

from __future__ import annotations

from PIL import Image, ImageDraw

Line = tuple[float, ...]  # x and y of its points, in turn
Arc = tuple[tuple[float, float, float, float], float, float]  # box; from, to: degrees clockwise from the right

# On a square of side 1.
STROKES: dict[int, tuple[list[Line], list[Arc]]] = {
    0: ([], [((0.2, 0, 0.8, 1), 0, 360)]),
    1: ([(0.3, 0.25, 0.5, 0.0, 0.5, 1.0)], []),
    2: ([(0.76, 0.42, 0.2, 1.0, 0.85, 1.0)], [((0.2, 0, 0.8, 0.55), 180, 400)]),
    3: ([], [((0.2, 0, 0.8, 0.5), 190, 450), ((0.15, 0.5, 0.85, 1), 270, 530)]),
    4: ([(0.45, 0.0, 0.15, 0.55, 0.85, 0.55), (0.68, 0.2, 0.68, 1.0)], []),
    5: ([(0.8, 0.0, 0.3, 0.0, 0.26, 0.45)], [((0.12, 0.4, 0.85, 1), 220, 500)]),
    6: ([], [((0.2, 0, 1.0, 1.3), 180, 265), ((0.2, 0.45, 0.8, 1), 0, 360)]),
    7: ([(0.15, 0.0, 0.85, 0.0, 0.4, 1.0)], []),
    8: ([], [((0.25, 0, 0.75, 0.47), 0, 360), ((0.2, 0.47, 0.8, 1), 0, 360)]),
    9: ([(0.8, 0.28, 0.7, 1.0)], [((0.2, 0, 0.8, 0.55), 0, 360)]),
}


def drawn(
    digit: int,
    size: int = 150,
    thickness: int = 14,
    place: tuple[int, int] = (60, 30),
    paper: tuple[int, int] = (300, 240),
    ink: str = "black",
    color: str = "white",
) -> Image.Image:
    """A picture of a digit of this size (pixels), somewhere on paper."""
    image = Image.new("RGB", paper, color)
    pencil = ImageDraw.Draw(image)
    half, (lines, arcs) = thickness / 2, STROKES[digit]

    def placed(where: tuple[float, ...]) -> list[float]:
        return [size * value + place[k % 2] for k, value in enumerate(where)]

    for points in lines:
        pencil.line(placed(points), ink, thickness, joint="curve")
    for box, begin, end in arcs:
        x0, y0, x1, y1 = placed(box)
        pencil.arc((x0 - half, y0 - half, x1 + half, y1 + half), begin, end, ink, thickness)
    return image

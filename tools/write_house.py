"""Draw the house into .github/house.svg from the imports of src/helpers: which room asks which, top to bottom."""

from __future__ import annotations

import ast
from html import escape
from pathlib import Path

import networkx as nx

from helpers.tables import PROJECT_ROOT

HELPERS, DRAWING = PROJECT_ROOT / "src" / "helpers", PROJECT_ROOT / ".github" / "house.svg"
WIDTH, ROW, HEIGHT, LETTER = 900, 58, 26, 7.4  # pixels
HEAD = (
    '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" font-family="sans-serif" font-size="13" role="img">'
    "<title>Rooms of src/helpers. A line leads from a room down to one that it imports; lines that others imply are left out.</title>"
    '<rect width="100%" height="100%" fill="#ffffff"/>'
)


def read_imports() -> nx.DiGraph:
    """Return rooms and who imports whom, from the import statements of every file."""
    graph = nx.DiGraph()
    for path in sorted(HELPERS.rglob("*.py")):
        room = path.relative_to(HELPERS).parts[0].removesuffix(".py")
        if room == "__init__" or "_project" in path.parts:
            continue
        graph.add_node(room)
        asked = {name.split(".")[1] for name in _list_imports(path) if name.startswith("helpers.")}
        graph.add_edges_from((room, other) for other in asked - {room})
    return graph


def _list_imports(path: Path) -> list[str]:
    found = []
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found += [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom) and node.module == "helpers":
            found += [f"helpers.{alias.name}" for alias in node.names]
        elif isinstance(node, ast.ImportFrom) and node.module:
            found.append(node.module)
    return found


def place_rooms(graph: nx.DiGraph) -> dict[str, tuple[float, float]]:
    """Return the middle of each room: as low as what it imports allows, below those who ask for it."""
    floors = list(nx.topological_generations(graph.reverse()))[::-1]
    places: dict[str, tuple[float, float]] = {}
    for floor, rooms in enumerate(floors):
        ordered = sorted(rooms, key=lambda room: (_find_middle(graph, room, places), room))
        gap = WIDTH / len(ordered)
        places |= {room: (gap * (i + 0.5), ROW * (floor + 0.5)) for i, room in enumerate(ordered)}
    return places


def _find_middle(graph: nx.DiGraph, room: str, places: dict[str, tuple[float, float]]) -> float:
    above = sorted(places[other][0] for other in graph.predecessors(room) if other in places)
    return sum(above) / len(above) if above else WIDTH / 2


def draw_house() -> str:
    """Return the drawing as SVG, the same for the same imports."""
    graph = nx.transitive_reduction(read_imports())
    places = place_rooms(graph)
    lines = [HEAD.format(width=WIDTH, height=round(max(y for _, y in places.values()) + ROW / 2))]
    for room, other in sorted(graph.edges):
        (x, y), (to_x, to_y) = places[room], places[other]
        lines.append(
            f'<path d="M{x:.0f} {y + HEIGHT / 2:.0f}C{x:.0f} {y + ROW / 2:.0f} {to_x:.0f} {to_y - ROW / 2:.0f} '
            f'{to_x:.0f} {to_y - HEIGHT / 2:.0f}" fill="none" stroke="#7a8794"/>'
        )
    for room, (x, y) in sorted(places.items()):
        width = LETTER * len(room) + 16
        lines.append(
            f'<rect x="{x - width / 2:.0f}" y="{y - HEIGHT / 2:.0f}" width="{width:.0f}" height="{HEIGHT}" rx="4" fill="#eaf1f7" '
            f'stroke="#33658a"/><text x="{x:.0f}" y="{y + 4.5:.0f}" text-anchor="middle" fill="#1b2733">{escape(room)}</text>'
        )
    return "\n".join([*lines, "</svg>", ""])


if __name__ == "__main__":
    DRAWING.write_text(draw_house(), encoding="utf-8")

"""Write the pages of the data cards into book/data_cards/ from data/open/cards.yml and data/open/registry.tsv."""

from helpers.open_data import load_registry, read_cards, write_overview, write_page
from helpers.tables import PROJECT_ROOT

FOLDER = PROJECT_ROOT / "book" / "data_cards"


def write_data_cards() -> dict[str, str]:
    """Return the text of every page, by file name."""
    registry = load_registry(PROJECT_ROOT / "data" / "open" / "registry.tsv")
    pages = {
        f"{name}.md": write_page(card, registry[registry["dataset"] == name]) for name, card in read_cards().items()
    }
    return {"overview.md": write_overview(registry), **pages}


if __name__ == "__main__":
    FOLDER.mkdir(parents=True, exist_ok=True)
    for name, text in write_data_cards().items():
        (FOLDER / name).write_text(text, encoding="utf-8")

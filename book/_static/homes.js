/* Where a number comes from: on hover, tap or by keyboard, the cell of the result table that it was rounded from.
   Numbers in sentences carry it in full (data-home); in tables it is put together from table, row and column. */
(() => {
  const find = (cell) => {
    const table = cell.closest("table[data-table]");
    const column = table && table.tHead.rows[0].cells[cell.cellIndex]?.dataset.column;
    if (!column) return "";
    const head = [...cell.parentElement.cells[0].childNodes].filter((node) => node.nodeName !== "DETAILS");
    const row = cell.parentElement.dataset.row || head.map((node) => node.textContent).join("").trim();
    const made = table.dataset.cell ? `; shown by cell ${table.dataset.cell}` : "";
    return `${table.dataset.table}.tsv, row ${row}, column ${column}${made}`;
  };

  const tell = (cell) => {
    if (!cell.dataset.home) cell.dataset.home = find(cell);
    cell.classList.toggle("home", cell.dataset.home !== "");
  };

  const move = (event, cell) => {
    const step = { ArrowLeft: [0, -1], ArrowRight: [0, 1], ArrowUp: [-1, 0], ArrowDown: [1, 0] }[event.key];
    if (!step) return;
    const body = [...cell.closest("tbody").rows].filter((row) => row.offsetParent);
    const next = body[body.indexOf(cell.parentElement) + step[0]]?.cells[cell.cellIndex + step[1]];
    if (!next || next.tagName !== "TD") return;
    event.preventDefault();
    cell.tabIndex = -1;
    next.tabIndex = 0;
    next.focus();
  };

  document.addEventListener("DOMContentLoaded", () => {
    document.querySelectorAll("table[data-table]").forEach((table) => {
      const first = table.querySelector("tbody td");
      if (first) first.tabIndex = 0; // one stop for the keyboard; arrows go on from there
      ["mouseover", "focusin", "click"].forEach((name) => table.addEventListener(name, (event) => {
        const cell = event.target.closest("tbody td");
        if (!cell) return;
        tell(cell);
        if (name === "click" && !cell.hasAttribute("tabindex")) cell.tabIndex = -1;
        if (name === "click" && event.target === cell) cell.focus();
      }));
      table.addEventListener("keydown", (event) => {
        if (event.target.tagName === "TD") move(event, event.target);
      });
    });
  });
})();

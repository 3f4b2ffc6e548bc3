// Tables: roles that survive the layout of cards; long ones get a filter, sorting by header, and their first 15 rows.
(function () {
  "use strict";

  const FIRST = 15;
  const MISSING = new Set(["–", "nan", ""]);
  const ROLES = {
    "table": "table", "thead, tbody": "rowgroup", "tr": "row", "thead th": "columnheader", "tbody th": "rowheader", "td": "cell",
  };

  function giveRoles(table) {
    Object.entries(ROLES).forEach(([parts, role]) => {
      const found = parts === "table" ? [table] : table.querySelectorAll(parts);
      found.forEach((part) => part.setAttribute("role", role));
    });
  }

  function make(tag, properties) {
    return Object.assign(document.createElement(tag), properties);
  }

  function compare(a, b) {
    if (MISSING.has(a) || MISSING.has(b)) {
      return MISSING.has(a) - MISSING.has(b); // what is missing comes last, whatever the direction
    }
    const [x, y] = [Number(a), Number(b)];
    return Number.isNaN(x) || Number.isNaN(y) ? a.localeCompare(b, undefined, { numeric: true }) : x - y;
  }

  function read(row, place) {
    const cell = row.cells[place];
    return cell.dataset.sort ?? cell.textContent.trim();
  }

  class LongTable {
    constructor(table) {
      this.table = table;
      this.rows = [...table.tBodies[0].rows];
      this.all = false;
      this.addTools();
      this.addSorting();
      this.show();
    }

    addTools() {
      const what = this.table.tHead.rows[0].cells[0].textContent;
      const label = make("label", { className: "table-filter", textContent: "Filter " });
      this.filter = make("input", { type: "search", placeholder: what });
      this.filter.setAttribute("aria-controls", this.table.id);
      this.filter.addEventListener("input", () => this.show());
      label.append(this.filter);
      this.more = make("button", { type: "button", className: "table-more" });
      this.more.addEventListener("click", () => {
        this.all = !this.all;
        this.show();
      });
      this.said = make("span", { className: "table-said" });
      this.said.setAttribute("role", "status");
      const tools = make("div", { className: "table-tools" });
      tools.append(label, this.more, this.said);
      this.table.before(tools);
    }

    addSorting() {
      [...this.table.tHead.rows[0].cells].forEach((head, place) => {
        const button = make("button", { type: "button", className: "table-sort", textContent: head.textContent });
        button.addEventListener("click", () => this.sort(head, place));
        head.replaceChildren(button);
      });
    }

    sort(head, place) {
      const down = head.getAttribute("aria-sort") === "ascending";
      this.table.tHead.querySelectorAll("th").forEach((other) => other.removeAttribute("aria-sort"));
      head.setAttribute("aria-sort", down ? "descending" : "ascending");
      this.rows.sort((a, b) => {
        const [x, y] = [read(a, place), read(b, place)];
        const order = compare(x, y);
        return down && !MISSING.has(x) && !MISSING.has(y) ? -order : order;
      });
      this.table.tBodies[0].append(...this.rows);
      this.show();
    }

    show() {
      const wanted = this.filter.value.trim().toLowerCase();
      const found = this.rows.filter((row) => row.textContent.toLowerCase().includes(wanted));
      const shown = new Set(this.all ? found : found.slice(0, FIRST));
      this.rows.forEach((row) => { row.hidden = !shown.has(row); });
      this.more.hidden = found.length <= FIRST;
      this.more.textContent = this.all ? `Show the first ${FIRST}` : `Show all ${found.length}`;
      this.said.textContent = `${shown.size} of ${this.rows.length} rows`;
    }
  }

  function start() {
    document.querySelectorAll("table.book-table").forEach(giveRoles);
    document.querySelectorAll("table.book-table.long").forEach((table) => new LongTable(table));
  }

  if (document.readyState === "loading") {
    document.addEventListener("DOMContentLoaded", start);
  } else {
    start();
  }
})();

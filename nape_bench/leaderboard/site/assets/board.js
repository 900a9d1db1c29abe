// Sorts and filters the board's tables. Without this file the pages say the same.
"use strict";

(() => {
  const tables = [...document.querySelectorAll("table[data-sortable]")];

  // Sorting: each heading becomes a button; what has no value stays below.
  const keyOf = (row, column) => {
    const cell = row.cells[column];
    if (cell.dataset.value !== undefined) return Number(cell.dataset.value);
    if (cell.matches(".n, .score, .mark")) return null;
    return cell.textContent.trim().toLowerCase();
  };

  const compare = (a, b) =>
    typeof a === "number" && typeof b === "number" ? a - b : String(a).localeCompare(String(b), "en", { numeric: true });

  const sort = (table, heading) => {
    const column = heading.cellIndex;
    const before = heading.getAttribute("aria-sort");
    const first = heading.dataset.down === undefined ? "ascending" : "descending";
    const other = first === "ascending" ? "descending" : "ascending";
    const order = before === first ? other : first;
    for (const each of heading.parentElement.cells) each.removeAttribute("aria-sort");
    heading.setAttribute("aria-sort", order);
    const sign = order === "ascending" ? 1 : -1;
    const body = table.tBodies[0];
    const keyed = [...body.rows].map((row) => [keyOf(row, column), row]);
    keyed.sort(([a], [b]) => {
      if (a === null || b === null) return (a === null) - (b === null);
      return sign * compare(a, b);
    });
    body.append(...keyed.map(([, row]) => row));
  };

  for (const table of tables) {
    for (const heading of table.tHead.rows[0].cells) {
      if (!heading.textContent.trim()) continue;
      const button = document.createElement("button");
      button.type = "button";
      button.append(...heading.childNodes);
      heading.append(button);
      button.addEventListener("click", () => sort(table, heading));
    }
  }

  // Filtering: one form for all tables of submissions on the page.
  const form = document.querySelector("form[data-filter]");
  if (form) {
    const rows = [...document.querySelectorAll("table[data-filterable] tbody tr")];
    const said = form.querySelector("output");
    const apply = () => {
      const text = form.elements.text.value.trim().toLowerCase();
      const kind = form.elements.kind.value;
      const predicts = form.elements.predicts.value;
      let shown = 0;
      for (const row of rows) {
        const name = row.querySelector("th").textContent.toLowerCase();
        row.hidden =
          !name.includes(text) ||
          (kind !== "" && row.dataset.kind !== kind) ||
          (predicts !== "" && row.dataset.predicts !== predicts);
        shown += !row.hidden;
      }
      said.textContent = text || kind || predicts ? `${shown} of ${rows.length} rows` : "";
    };
    form.hidden = false;
    form.addEventListener("input", apply);
    form.addEventListener("reset", () => setTimeout(apply));
    form.addEventListener("submit", (event) => event.preventDefault());
    apply();
  }

  // What scrolls can be scrolled with the keyboard; what does not is no stop on the way.
  const scrollers = [...document.querySelectorAll(".scroll")];
  const reach = () => {
    for (const each of scrollers) {
      const caption = each.querySelector("caption");
      if (each.scrollWidth > each.clientWidth + 1 || each.scrollHeight > each.clientHeight + 1) {
        each.tabIndex = 0;
        each.setAttribute("role", "region");
        if (caption) each.setAttribute("aria-label", caption.textContent);
      } else {
        for (const name of ["tabindex", "role", "aria-label"]) each.removeAttribute(name);
      }
    }
  };
  reach();
  addEventListener("resize", reach);
  addEventListener("toggle", reach, true);

  // A link into a track that is closed opens it.
  const open = () => {
    let name = location.hash.slice(1);
    try { name = decodeURIComponent(name); } catch { /* not one of ours: left as it is */ }
    const target = name && document.getElementById(name);
    const closed = target && target.closest("details");
    if (closed) closed.open = true;
  };
  open();
  addEventListener("hashchange", open);
})();

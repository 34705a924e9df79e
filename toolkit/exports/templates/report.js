// Sorting, filtering, a larger look at a strip. Without it the page reads the same, only still.
"use strict";

const text = (cell) => cell.textContent.trim();

function value(row, column) {
  const cell = row.cells[column];
  if (cell.classList.contains("none")) return null;
  const sort = cell.dataset.v;
  if (sort === undefined) return text(cell).toLowerCase();
  const number = Number(sort);
  return Number.isNaN(number) ? sort : number;
}

function compare(a, b) {
  if (typeof a === typeof b && typeof a === "string") return a.localeCompare(b, undefined, { numeric: true });
  return a < b ? -1 : a > b ? 1 : 0;
}

function sortBy(table, column, ascending) {
  const body = table.tBodies[0];
  const rows = [...body.rows].map((row, place) => ({ row, place, key: value(row, column) }));
  rows.sort((a, b) => {
    if (a.key === null || b.key === null) return (a.key === null) - (b.key === null) || a.place - b.place;
    return (ascending ? 1 : -1) * compare(a.key, b.key) || a.place - b.place;
  });
  body.append(...rows.map(({ row }) => row));
}

for (const table of document.querySelectorAll("table.data:not(.scores)")) {
  [...table.tHead.rows[0].cells].forEach((head, column) => {
    const button = document.createElement("button");
    button.type = "button";
    button.append(...head.childNodes);
    head.append(button);
    button.addEventListener("click", () => {
      const ascending = head.getAttribute("aria-sort") !== "ascending";
      for (const other of table.tHead.rows[0].cells) other.removeAttribute("aria-sort");
      head.setAttribute("aria-sort", ascending ? "ascending" : "descending");
      sortBy(table, column, ascending);
    });
  });
}

for (const box of document.querySelectorAll("[data-filter]")) {
  const rows = [...box.querySelectorAll("tbody tr")];
  if (rows.length < 6) continue;
  const tools = document.createElement("div");
  tools.className = "tools";
  const input = document.createElement("input");
  input.type = "search";
  input.placeholder = "Filter: every word must occur";
  input.setAttribute("aria-label", `Filter ${box.dataset.filter}`);
  const count = document.createElement("output");
  const words = rows.map((row) => row.textContent.toLowerCase());
  const show = () => {
    const wanted = input.value.toLowerCase().split(/\s+/).filter(Boolean);
    let shown = 0;
    rows.forEach((row, place) => {
      row.hidden = !wanted.every((word) => words[place].includes(word));
      shown += !row.hidden;
    });
    count.textContent = wanted.length ? `${shown} of ${rows.length}` : `${rows.length} rows`;
  };
  input.addEventListener("input", show);
  tools.append(input, count);
  box.before(tools);
  show();
}

if (window.HTMLDialogElement) {
  const dialog = document.createElement("dialog");
  const large = document.createElement("img");
  large.alt = "";
  dialog.append(large);
  document.body.append(dialog);
  dialog.addEventListener("click", () => dialog.close());
  for (const image of document.querySelectorAll(".sheet img")) {
    image.addEventListener("click", () => {
      large.src = image.src;
      large.alt = image.alt;
      dialog.showModal();
    });
  }
}

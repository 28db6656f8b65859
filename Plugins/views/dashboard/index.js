// The page of the plugin: a table of views, read from /o.

const columns = [
  ["view", "View"], ["u", "Users"], ["n", "New users"], ["t", "Visits"], ["d", "Seconds per visit"],
  ["s", "Starts"], ["e", "Exits"], ["b", "Bounces"], ["br", "Bounce rate"],
  ["scr", "Scrolled"], ["uvc", "Sessions"],
];

/** Draws into `element`; `read(parameters)` asks /o for the chosen app and resolves to its JSON. */
export function mount(element, { read }) {
  let sort = { column: 3, direction: "desc" };

  async function draw() {
    const answer = await read({
      method: "views", action: "getTable", iDisplayLength: 100, noescape: true,
      iSortCol_0: sort.column, sSortDir_0: sort.direction,
    });
    element.replaceChildren(table(answer.aaData));
  }

  function table(rows) {
    const table = document.createElement("table");
    table.className = "views";
    const head = table.createTHead().insertRow();
    columns.forEach(([, title], column) => {
      const cell = document.createElement("th");
      cell.scope = "col";
      const button = document.createElement("button");
      button.textContent = title;
      button.addEventListener("click", () => {
        const isSame = sort.column === column;
        sort = { column, direction: isSame && sort.direction === "desc" ? "asc" : "desc" };
        draw();
      });
      if (sort.column === column) {
        cell.ariaSort = sort.direction === "desc" ? "descending" : "ascending";
      }
      cell.append(button);
      head.append(cell);
    });
    const body = table.createTBody();
    for (const row of rows) {
      const line = body.insertRow();
      for (const [name] of columns) line.insertCell().textContent = text(row, name);
    }
    return table;
  }

  function text(row, name) {
    if (name === "view") return row.display;
    const number = row[name].toLocaleString();
    return name === "br" || name === "scr" ? `${number} %` : number;
  }

  return draw();
}

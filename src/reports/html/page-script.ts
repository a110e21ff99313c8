/**
 * Filters, sorts and groups the rows that are on the page already, and copies the text. The page is complete without.
 * Makes elements from text only, never from markup.
 */
export const SCRIPT = `
'use strict';
const byId = (id) => document.getElementById(id);
const table = byId('rows');
if (table) {
  const tools = byId('tools'), filter = byId('filter'), group = byId('group'), shown = byId('shown');
  const original = [...table.tBodies];
  const rows = original.flatMap((body) => [...body.rows].filter((row) => !row.classList.contains('group')));
  const words = rows.map((row) => row.textContent.toLowerCase());
  const order = new Map(rows.map((row, i) => [row, i]));
  const home = new Map(original.flatMap((body) => [...body.rows].map((row) => [row, body])));
  const columns = table.tHead.rows[0].cells.length;
  let sorted = { column: -1, down: false };
  const valueOf = (row) => {
    const cell = row.cells[sorted.column];
    return cell.dataset.v || cell.textContent;
  };
  const compare = (a, b) => {
    if (sorted.column < 0) return order.get(a) - order.get(b);
    const [x, y] = [valueOf(a), valueOf(b)];
    const numbers = Number(x) - Number(y);
    const way = Number.isNaN(numbers) ? (x < y ? -1 : x > y ? 1 : 0) : numbers;
    return (sorted.down ? -way : way) || order.get(a) - order.get(b);
  };
  const heading = (text) => {
    const row = document.createElement('tr'), cell = document.createElement('th');
    row.className = 'group';
    cell.colSpan = columns;
    cell.scope = 'rowgroup';
    cell.textContent = text;
    row.append(cell);
    return row;
  };
  const bodies = (kept) => {
    const sets = new Map();
    for (const row of kept) {
      const key = group.value === '' ? home.get(row) : group.value === 'none' ? '' : row.cells[group.value].textContent;
      if (!sets.has(key)) sets.set(key, []);
      sets.get(key).push(row);
    }
    return [...sets].map(([key, members]) => {
      const body = document.createElement('tbody');
      if (key === home.get(members[0])) body.append(titles.get(key));
      else if (key !== '') body.append(heading(key + ' \\u2014 ' + members.length + ' listed'));
      body.append(...members);
      return body;
    });
  };
  const titles = new Map(original.map((body) => [body, body.rows[0]]));
  const draw = () => {
    const wanted = filter.value.toLowerCase().split(/\\s+/).filter(Boolean);
    const kept = rows.filter((row) => wanted.every((word) => words[order.get(row)].includes(word))).sort(compare);
    const made = bodies(kept);
    for (const body of [...table.tBodies]) body.remove();
    table.append(...made);
    shown.textContent = kept.length + ' of ' + rows.length + ' listed rows';
  };
  [...table.tHead.rows[0].cells].forEach((cell, column) => {
    const button = document.createElement('button');
    button.type = 'button';
    button.textContent = cell.textContent;
    cell.replaceChildren(button);
    button.addEventListener('click', () => {
      sorted = { column, down: sorted.column === column && !sorted.down };
      for (const other of table.tHead.rows[0].cells) other.removeAttribute('aria-sort');
      cell.setAttribute('aria-sort', sorted.down ? 'descending' : 'ascending');
      draw();
    });
  });
  filter.addEventListener('input', draw);
  group.addEventListener('change', draw);
  tools.addEventListener('submit', (event) => event.preventDefault());
  tools.hidden = false;
}
const copy = byId('copy');
if (copy && navigator.clipboard) {
  copy.hidden = false;
  copy.addEventListener('click', async () => {
    await navigator.clipboard.writeText(byId('text').textContent);
    copy.textContent = 'Copied';
  });
}
const open = () => {
  const target = location.hash.length > 1 && byId(location.hash.slice(1));
  const details = target && target.closest('details');
  if (details && !details.open) {
    details.open = true;
    target.scrollIntoView();
  }
};
addEventListener('hashchange', open);
open();
`

/** For the page's Content-Security-Policy; a test holds it against the text above. */
export const SCRIPT_HASH = 'sha256-GSrV9E5OwlwjW8jfPEP+8OESKqoKYe9gXtlISUjVUww='

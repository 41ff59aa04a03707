// Tables with headers that sort, and rows that are only drawn anew when they have changed.
import { fill, h } from "../lib/dom.js";

/** Rows that are drawn at first, and that are added at a time. */
const step = 200;

/**
 * A table.
 *
 * @param columns `{label, cell(row), sort(row)?, number?, header?}`; a column with `sort` can be sorted by
 * @param options `caption`, `key(row)` that tells rows apart, `signature(row)` that changes with what is shown
 */
export class Table {
    constructor(columns, { caption, key = (row) => row.id, signature = JSON.stringify }) {
        Object.assign(this, { columns, key, signature, rows: [], known: new Map(), order: null, most: step });
        this.body = h("tbody");
        this.more = h("button", { type: "button", class: "plain", hidden: true, onclick: () => (this.most += step, this.show(this.rows)) });
        this.heads = columns.map((column, index) =>
            h("th", { scope: "col", class: column.number && "number" },
                column.sort ? h("button", { type: "button", onclick: () => this.sortBy(index) }, column.label) : column.label));
        this.element = h("div", { class: "scroll", tabindex: "0", role: "group", "aria-label": caption },
            h("table", null, h("caption", null, caption), h("thead", null, h("tr", null, this.heads)), this.body), this.more);
    }

    sortBy(index) {
        const descending = this.order?.index === index ? !this.order.descending : Boolean(this.columns[index].number);
        this.order = { index, descending };
        this.heads.forEach((head) => head.removeAttribute("aria-sort"));
        this.heads[index].setAttribute("aria-sort", descending ? "descending" : "ascending");
        this.show(this.rows);
    }

    show(rows) {
        this.rows = rows;
        const known = new Map();
        this.more.hidden = rows.length <= this.most;
        this.more.textContent = `Show more (${rows.length - this.most})`;
        const elements = this.sorted(rows).slice(0, this.most).map((row) => {
            const key = this.key(row);
            const signature = this.signature(row);
            const entry = this.known.get(key);
            const element = entry?.signature === signature ? entry.element : this.draw(row, entry?.element);
            known.set(key, { signature, element });
            return element;
        });
        this.known = known;
        const isSame = elements.length === this.body.children.length && elements.every((element, index) => this.body.children[index] === element);
        if (!isSame) fill(this.body, elements);
    }

    /** Keeps the element of a row that was drawn before, and the focus in it. */
    draw(row, before) {
        const cells = this.columns.map((column) =>
            h(column.header ? "th" : "td", { scope: column.header && "row", class: column.number && "number" }, column.cell(row)));
        if (!before) return h("tr", null, cells);
        const place = [...before.cells].findIndex((cell) => cell.contains(document.activeElement));
        fill(before, cells);
        if (place >= 0) cells[place].querySelector("a, button, input")?.focus();
        return before;
    }

    sorted(rows) {
        if (!this.order) return rows;
        const value = this.columns[this.order.index].sort;
        const sign = this.order.descending ? -1 : 1;
        return [...rows].sort((one, other) => {
            const [a, b] = [value(one), value(other)];
            // What has no value comes last, whichever way.
            if (a === undefined || a === null) return b === undefined || b === null ? 0 : 1;
            if (b === undefined || b === null) return -1;
            return sign * (a < b ? -1 : a > b ? 1 : 0);
        });
    }
}

/** A table that does not change: a head of texts and rows of cells, the first of which names the row. */
export function plainTable(caption, head, rows, { numbers = true } = {}) {
    const kind = (index) => (numbers && index > 0 ? "number" : null);
    return h("div", { class: "scroll", tabindex: "0", role: "group", "aria-label": caption },
        h("table", null, h("caption", null, caption),
            h("thead", null, h("tr", null, head.map((text, index) => h("th", { scope: "col", class: kind(index) }, text)))),
            h("tbody", null, rows.map((cells) => h("tr", null, cells.map((cell, index) => {
                const { content = cell, best } = cell?.content !== undefined ? cell : {};
                return index === 0 ? h("th", { scope: "row" }, content) : h("td", { class: [kind(index), best && "best"].filter(Boolean).join(" ") || null }, content);
            }))))));
}

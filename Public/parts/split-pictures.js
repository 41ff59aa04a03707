// Pictures of a split: which labels come together, and how long clips are.
import { at, get } from "../lib/api.js";
import { fill, h } from "../lib/dom.js";
import { number, percent } from "../lib/format.js";
import { errorBox, select } from "./ui.js";

/** Both, for one of the splits of a data set. */
export function splitPictures(view, set, splits) {
    const place = h("div");
    const show = async (split) => {
        view.keep({ split });
        try {
            const { pairs, lengths } = await get(at`/v1/datasets/${set.id}/splits/${split}/counts`, {}, view.signal);
            fill(place, pairs && together(pairs, set.labels), lengths.map(histogram));
        } catch (error) {
            if (!view.signal.aborted) fill(place, errorBox(error));
        }
    };
    const choice = select("Split", splits, view.query.get("split") ?? splits[0], show);
    show(choice.element.value);
    return [h("div", { class: "controls" }, choice.label), place];
}

/** How many clips have two labels: [K, K]. */
function together(pairs, names) {
    const name = (index) => names?.[index] ?? `label ${index}`;
    const share = (row, column) => row[column] / Math.max(...row, 1);
    const shade = (value) => ({ background: `color-mix(in srgb, var(--accent) ${Math.round(45 * value)}%, transparent)` });
    return h("div", { class: "scroll", tabindex: "0", role: "group", "aria-label": "Labels that come together" }, h("table", { class: "heat" },
        h("caption", null, "Of the clips with the label of the row, the share that has that of the column too"),
        h("thead", null, h("tr", null, h("th", { scope: "col" }, "Label"), pairs.map((_, index) => h("th", { scope: "col" }, name(index))))),
        h("tbody", null, pairs.map((row, a) => h("tr", null, h("th", { scope: "row" }, name(a)), row.map((count, b) =>
            h("td", { title: `${number(count)} clips`, style: a === b ? {} : shade(share(row, b)) }, a === b ? number(count) : percent(share(row, b)))))))));
}

/** How many clips have how many units of a modality. */
function histogram({ name, width, counts }) {
    const top = Math.max(...counts, 1);
    const range = (index) => (width === 1 ? `${index}` : `${index * width} to ${(index + 1) * width - 1}`);
    return [h("h3", null, `Units of ${name}, from 0 to ${counts.length * width - 1}`),
        h("div", { class: "strip", role: "img", "aria-label": `Clips by their units of ${name}: ${counts.map((count, index) => `${range(index)}: ${count}`).join(", ")}` },
            counts.map((count, index) => h("span", { title: `${range(index)} units: ${number(count)} clips`, style: { height: `${(100 * count) / top}%` } })))];
}

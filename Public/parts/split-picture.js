// Pictures of a split that this page draws itself from its npz: which labels come together, and how long clips are.
import { fill, h } from "../lib/dom.js";
import { number, percent } from "../lib/format.js";
import { readNPZ } from "../lib/npz.js";
import { dropzone } from "./dropzone.js";

/** A place for an npz, which is read here and sent nowhere. */
export function localPicture(labels) {
    const place = h("div");
    return [h("p", { class: "quiet" }, "Which labels come together and how long clips are is drawn here from an npz of yours; it is not sent anywhere."),
        dropzone("Drop one npz of a split here, or pick it", ".npz", async ([file]) => {
            try {
                const arrays = await readNPZ(await file.arrayBuffer());
                fill(place, h("h3", null, file.name), together(arrays.labels, labels), lengths(arrays));
            } catch (error) {
                fill(place, h("p", { class: "notice", role: "alert" }, `${file.name} cannot be drawn: ${error.message}.`));
            }
        }, { multiple: false }), place];
}

/** How many clips have two labels: [K, K]. */
function together(array, names) {
    if (!array) return h("p", { class: "quiet" }, "It has no labels.");
    const [count, size] = array.shape;
    const pairs = Array.from({ length: size }, () => new Array(size).fill(0));
    for (let row = 0; row < count; row += 1) {
        for (let a = 0; a < size; a += 1) {
            if (!array.data[row * size + a]) continue;
            for (let b = 0; b < size; b += 1) if (array.data[row * size + b]) pairs[a][b] += 1;
        }
    }
    const name = (index) => (names?.length === size ? names[index] : `label ${index}`);
    return h("div", { class: "scroll", tabindex: "0", role: "group", "aria-label": "Labels that come together" }, h("table", { class: "heat" },
        h("caption", null, "Of the clips with the label of the row, the share that has that of the column too"),
        h("thead", null, h("tr", null, h("th", { scope: "col" }, "Label"), pairs.map((_, index) => h("th", { scope: "col" }, name(index))))),
        h("tbody", null, pairs.map((row, a) => h("tr", null, h("th", { scope: "row" }, name(a)), row.map((value, b) => {
            const share = a === b ? NaN : value / Math.max(row[a], 1);
            return h("td", { title: `${number(value)} clips`, style: Number.isNaN(share) ? {} : { background: `color-mix(in srgb, var(--accent) ${Math.round(45 * share)}%, transparent)` } }, a === b ? number(value) : percent(share));
        }))))));
}

/** How many clips have how many units, per modality. */
function lengths(arrays) {
    const modalities = Object.entries(arrays).filter(([name, array]) => array.shape.length === 3 && name !== "labels");
    return modalities.map(([name, { shape: [count, most] }]) => {
        const given = arrays[`lengths_${name}`] ?? arrays.lengths;
        const bins = Math.min(40, most + 1);
        const counts = new Array(bins).fill(0);
        for (let index = 0; index < count; index += 1) counts[Math.min(bins - 1, Math.floor((Number(given?.data[index] ?? most) / (most + 1)) * bins))] += 1;
        const top = Math.max(...counts);
        return [h("h3", null, `Units of ${name}, 0 to ${most}`), h("div", { class: "strip", role: "img", "aria-label": `Clips by their number of units of ${name}: ${counts.join(", ")}` },
            counts.map((value) => h("span", { title: `${number(value)} clips`, style: { height: `${(100 * value) / top}%` } })))];
    });
}

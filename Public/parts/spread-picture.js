// Means with their deviations side by side, drawn as SVG, with the numbers in its text.
import { h } from "../lib/dom.js";
import { metric, spread } from "../lib/format.js";

const space = "http://www.w3.org/2000/svg";

function shape(tag, attributes, ...children) {
    const element = document.createElementNS(space, tag);
    for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
    element.append(...children);
    return element;
}

/** A picture of figures `[name, {mean, deviation}]`: `element` to show, `svg()` as a file. */
export function spreadPicture(figures, title) {
    const known = figures.filter(([, figure]) => figure);
    const [width, row, left, right] = [720, 24, 230, 120];
    const ends = known.flatMap(([, { mean, deviation = 0 }]) => [mean - deviation, mean + deviation]);
    const [low, high] = [Math.min(...ends), Math.max(...ends)];
    const margin = (high - low) * 0.05 || 0.01;
    const place = (value) => left + ((value - low + margin) / (high - low + 2 * margin)) * (width - left - right);
    const height = row * (known.length + 1.5);
    const text = (x, y, words, anchor) => shape("text", { x, y, "text-anchor": anchor, fill: "currentColor", "font-size": 12, "font-family": "sans-serif" }, words);
    const ticks = known.length ? [low, (low + high) / 2, high] : [];
    const element = shape("svg", { viewBox: `0 0 ${width} ${height}`, class: "picture", role: "img", "aria-label": `${title}: ${known.map(([name, figure]) => `${name} ${spread(figure)}`).join("; ")}`, xmlns: space },
        ...ticks.flatMap((value) => [shape("path", { d: `M${place(value)} 4V${height - row}`, stroke: "currentColor", "stroke-opacity": 0.2 }), text(place(value), height - 6, metric(value), "middle")]),
        ...known.flatMap(([name, figure], index) => {
            const [y, deviation] = [row * (index + 0.7), figure.deviation ?? 0];
            return [text(left - 10, y + 4, name.length > 32 ? `${name.slice(0, 31)}…` : name, "end"),
                shape("path", { d: `M${place(figure.mean - deviation)} ${y}H${place(figure.mean + deviation)}`, stroke: "#4c74dc", "stroke-width": 3 }),
                shape("circle", { cx: place(figure.mean), cy: y, r: 5, fill: "#4c74dc" }), text(width - right + 10, y + 4, spread(figure), "start")];
        }));
    return { element: h("div", { class: "scroll", tabindex: "0", role: "group", "aria-label": title }, element), svg: () => new XMLSerializer().serializeToString(element) };
}

// Charts as files: SVG with a legend, and CSV.
import { number } from "./format.js";

const escape = (text) => String(text).replace(/[&<>"]/g, (sign) => ({ "&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;" })[sign]);

/** The chart as it is seen, on white, with its title and a legend of its lines. */
export function svg(chart, title, lines) {
    const { x, y } = chart.scales;
    const [width, top, row] = [chart.width, 30, 18];
    const height = top + chart.height + row * lines.length + 10;
    const place = (px, py) => `${px.toFixed(1)},${(py + top).toFixed(1)}`;
    const parts = [`<rect width="${width}" height="${height}" fill="#fff"/>`, `<text x="${width / 2}" y="20" text-anchor="middle" font-weight="bold">${escape(title)}</text>`];
    for (const tick of y.ticks) {
        const py = y.getPixelForValue(tick.value) + top;
        parts.push(`<path d="M${x.left} ${py}H${x.right}" stroke="#ddd"/><text x="${x.left - 5}" y="${py + 4}" text-anchor="end">${escape(tick.label)}</text>`);
    }
    for (const tick of x.ticks) {
        const px = x.getPixelForValue(tick.value);
        parts.push(`<path d="M${px} ${y.top + top}V${y.bottom + top}" stroke="#eee"/><text x="${px}" y="${y.bottom + top + 16}" text-anchor="middle">${escape(tick.label)}</text>`);
    }
    parts.push(`<text x="${(x.left + x.right) / 2}" y="${y.bottom + top + 32}" text-anchor="middle">${escape(x.options.title.text)}</text>`);
    for (const line of lines) {
        const pixels = (values) => line.x.map((step, index) => (Number.isFinite(values[index]) ? [x.getPixelForValue(step), y.getPixelForValue(values[index])] : null));
        const path = (points) => points.map((point, index) => (point ? `${points[index - 1] ? "L" : "M"}${place(...point)}` : "")).join("");
        const draw = (values, more) => parts.push(`<path d="${path(pixels(values))}" fill="none" stroke="${line.color}" stroke-dasharray="${line.dash}" ${more}/>`);
        if (line.deviation) {
            const edge = (sign) => pixels(line.y.map((value, index) => value + sign * line.deviation[index])).filter(Boolean);
            parts.push(`<path d="M${[...edge(1), ...edge(-1).reverse()].map((point) => place(...point)).join("L")}Z" fill="${line.color}" fill-opacity="0.2"/>`);
        }
        if (line.raw) draw(line.raw, 'stroke-opacity="0.3"');
        draw(line.y, 'stroke-width="1.6"');
    }
    lines.forEach((line, index) => {
        const py = top + chart.height + row * index + 12;
        parts.push(`<path d="M${x.left} ${py - 4}h24" stroke="${line.color}" stroke-width="3" stroke-dasharray="${line.dash}"/><text x="${x.left + 32}" y="${py}">${escape(line.label)}</text>`);
    });
    return `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}" viewBox="0 0 ${width} ${height}" font-family="sans-serif" font-size="12">${parts.join("\n")}</svg>\n`;
}

const cell = (value) => (typeof value === "number" ? (Number.isFinite(value) ? value : "") : `"${String(value).replaceAll('"', '""')}"`);

/** A row per point: the line, where it is, its value, the value before smoothing and the deviation of a mean. */
export function csv(xTitle, lines) {
    const rows = lines.flatMap((line) => line.x.map((x, index) => [line.label, x, line.y[index], line.raw ? line.raw[index] : line.y[index], line.deviation ? line.deviation[index] : NaN]));
    return [["line", xTitle, "value", "raw", "deviation"].join(","), ...rows.map((row) => row.map(cell).join(","))].join("\n") + "\n";
}

/** What a chart shows, in a sentence, for those who cannot see it. */
export const summary = (title, lines) =>
    `${title}: ${lines.slice(0, 5).map((line) => `${line.label} is ${number(line.y.findLast((value) => Number.isFinite(value)))} at last`).join("; ")}${lines.length > 5 ? `; and ${lines.length - 5} more lines` : ""}`;

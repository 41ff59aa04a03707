// Line charts by Chart.js, which the install step puts into vendor/.
import { duration, number } from "./format.js";

let loading;

/** Chart.js; throws what to do where it is not there. */
export function loadChart() {
    loading ??= new Promise((resolve, reject) => {
        const script = document.createElement("script");
        script.src = "vendor/chart.min.js";
        script.onload = () => resolve(window.Chart);
        script.onerror = () => {
            loading = undefined;
            reject(new Error("Charts need Chart.js, which is not installed beside this page: run make install, and load the page anew. All numbers are in the tables."));
        };
        document.head.append(script);
    });
    return loading;
}

const palette = ["#4c74dc", "#d9642c", "#2b9a61", "#b455c6", "#b98a12", "#1a9cb3", "#d8486f", "#7d8c28", "#94705f", "#7474e4"];
const dashes = [[], [6, 3], [2, 2], [9, 3, 2, 3]];

/** A colour and a dash for a line among others; they are all different for a long time. */
export const stroke = (index) => ({
    color: index < palette.length ? palette[index] : `hsl(${Math.round((index * 137.5) % 360)} 60% 52%)`,
    dash: dashes[Math.floor(index / palette.length) % dashes.length],
});

/** A colour of the style sheet as it is now. */
export function themeColor(name) {
    const probe = document.createElement("span");
    probe.style.color = `var(${name})`;
    document.body.append(probe);
    const { color } = getComputedStyle(probe);
    probe.remove();
    return color;
}

const brush = document.createElement("canvas").getContext("2d");

/** A colour with less than full strength, in a form that Chart.js reads: a canvas tells every opaque colour as #rrggbb. */
function faint(color, share) {
    brush.fillStyle = color;
    return brush.fillStyle + Math.round(255 * share).toString(16).padStart(2, "0");
}

/**
 * The data sets of Chart.js for lines `{label, color, dash, x, y, raw?, deviation?}`: the raw course faintly behind the
 * smoothed one, a band of a deviation around a mean.
 */
export function chartData(lines) {
    const points = (x, y) => x.map((place, index) => ({ x: place, y: y[index] }));
    const isShort = lines.every((line) => line.x.length <= 60);
    const base = { borderWidth: 1.6, pointRadius: 0, pointHitRadius: 6, spanGaps: false, tension: 0, fill: false };
    return lines.flatMap(({ label, color, dash, x, y, raw, deviation }) => {
        const main = { ...base, label, data: points(x, y), borderColor: color, backgroundColor: color, borderDash: dash, pointRadius: isShort && !raw ? 2 : 0 };
        if (deviation) {
            const edge = { ...base, isAside: true, borderWidth: 0 };
            return [
                { ...edge, data: points(x, y.map((value, index) => value - deviation[index])) },
                { ...edge, data: points(x, y.map((value, index) => value + deviation[index])), fill: "-1", backgroundColor: faint(color, 0.2) },
                main,
            ];
        }
        return raw ? [{ ...base, isAside: true, borderWidth: 1, data: points(x, raw), borderColor: faint(color, 0.3) }, main] : [main];
    });
}

/** Options of a chart without animation: `xTitle` is "step", "epoch" or "time", the rest is yes or no. */
export function chartOptions({ xTitle, isLogarithmic, isFromZero, hasLegend }) {
    const [text, edge] = [themeColor("--muted"), themeColor("--edge")];
    const format = xTitle === "time" ? duration : (value) => number(value);
    return {
        animation: false,
        parsing: false,
        normalized: true,
        maintainAspectRatio: false,
        interaction: { mode: "nearest", axis: "x", intersect: false },
        scales: {
            x: { type: "linear", title: { display: true, text: xTitle, color: text }, ticks: { color: text, maxTicksLimit: 6, maxRotation: 0, callback: format }, grid: { color: edge } },
            y: { type: isLogarithmic ? "logarithmic" : "linear", beginAtZero: isFromZero, ticks: { color: text, maxTicksLimit: 6, callback: (value) => number(value, 3) }, grid: { color: edge } },
        },
        plugins: {
            legend: { display: Boolean(hasLegend), labels: { color: text, boxHeight: 1, boxWidth: 18, filter: (item, data) => !data.datasets[item.datasetIndex].isAside } },
            tooltip: {
                filter: (item, index) => !item.dataset.isAside && index < 12,
                callbacks: { title: ([item]) => (item ? `${xTitle} ${format(item.parsed.x)}` : ""), label: (item) => `${item.dataset.label}: ${number(item.parsed.y)}` },
            },
        },
    };
}

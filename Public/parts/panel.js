// A chart with its title, that can be taken along as SVG and CSV.
import { h, save } from "../lib/dom.js";
import { chartData, chartOptions, loadChart, themeColor } from "../lib/chart.js";
import { csv, summary, svg } from "../lib/chart-export.js";

export class Panel {
    /** @param signal when the page is left; a chart holds on to its canvas */
    constructor(title, signal) {
        this.title = title;
        this.canvas = h("canvas", { role: "img", "aria-label": title });
        const name = title.toLowerCase().replace(/\W+/g, "-");
        const button = (label, work) => h("button", { type: "button", class: "plain", "aria-label": `Download ${title} as ${label}`, onclick: work }, label);
        this.element = h("figure", { class: "panel" },
            h("figcaption", null, h("span", null, title),
                button("SVG", () => this.chart && save(`${name}.svg`, svg(this.chart, title, this.lines), "image/svg+xml")),
                button("CSV", () => save(`${name}.csv`, csv(this.axes.xTitle, this.lines), "text/csv"))),
            h("div", { class: "canvas" }, this.canvas));
        signal.addEventListener("abort", () => this.chart?.destroy());
        document.addEventListener("theme", () => this.lines && this.draw(this.lines, this.axes), { signal });
        this.signal = signal;
    }

    /** Shows lines `{label, color, dash, x, y, raw?, deviation?}`. Throws what to do where Chart.js is not there. */
    async draw(lines, axes) {
        [this.lines, this.axes] = [lines, axes];
        this.canvas.setAttribute("aria-label", summary(this.title, lines));
        const Chart = await loadChart();
        if (this.signal.aborted) return;
        const kind = JSON.stringify([axes, lines.length, themeColor("--muted")]);
        const datasets = chartData(lines);
        const known = this.chart?.data.datasets;
        if (!this.chart) {
            this.chart = new Chart(this.canvas, { type: "line", data: { datasets }, options: chartOptions(axes) });
        } else {
            // Chart.js keeps what it knows of a line as long as its object stays.
            this.chart.data.datasets = datasets.map((one, index) => (known.length === datasets.length ? Object.assign(known[index], one) : one));
            if (kind !== this.kind) this.chart.options = chartOptions(axes);
            // Chart.js leaves the points as they were in its mode "none".
            this.chart.update();
        }
        this.kind = kind;
    }
}

// The curves of one job or of many: a chart per metric, which follows what runs, and a table of best and last values.
import { at, get, list } from "../lib/api.js";
import { fill, h } from "../lib/dom.js";
import { number } from "../lib/format.js";
import { stroke } from "../lib/chart.js";
import { append, axis, band, clockOf, configuration, extremes, isOver, metrics, names, smooth } from "../lib/series.js";
import { Panel } from "./panel.js";
import { checkbox, repeat, select } from "./ui.js";

/** Points of all lines of a chart together; the service thins what has more. */
const allPoints = 24_000;

export class Curves {
    /** @param onRemove is called with the id of a run that is taken out of the comparison; without it none can be */
    constructor(view, onRemove) {
        Object.assign(this, { view, onRemove, runs: new Map(), panels: new Map() });
        this.legend = h("ul", { class: "legend", "aria-label": "Lines" });
        this.fault = h("div", { role: "status" });
        this.grid = h("div", { class: "panels" });
        this.table = h("div");
        this.element = h("div", null, this.controls(), this.legend, this.fault, this.grid, this.table);
        repeat(view.signal, 1500, () => Promise.all([...this.runs.values()].filter((run) => run.isLive).map((run) => this.refresh(run.id))));
    }

    controls() {
        const { view } = this;
        const change = (name, fallback) => (value) => (view.keep({ [name]: value === fallback ? null : value }), this.draw());
        const smoothing = h("input", { type: "range", min: "0", max: "0.98", step: "0.02", value: view.query.get("smooth") ?? "0", "aria-label": "Smoothing" });
        smoothing.addEventListener("input", () => change("smooth", "0")(smoothing.value));
        return h("div", { class: "controls" },
            select("x axis", ["step", "epoch", "time"], view.query.get("x") ?? "step", change("x", "step")).label,
            h("label", { class: "inline" }, "Smoothing ", smoothing),
            checkbox("logarithmic", view.query.has("log"), change("log", false)),
            checkbox("one band per configuration", view.query.has("group"), change("group", false)));
    }

    /** Shows these jobs, in this order. */
    async show(ids) {
        const runs = await Promise.all(ids.map((id) => this.runs.get(id) ?? this.load(id, ids.length)));
        this.runs = new Map(runs.filter(Boolean).map((run) => [run.id, run]));
        this.draw();
        this.drawTable();
    }

    async load(id, count) {
        const { signal } = this.view;
        const points = Math.max(100, Math.min(1000, Math.floor(allPoints / count)));
        try {
            const job = await get(at`/v1/jobs/${id}`, {}, signal);
            const run = { id, job, points, series: new Map(), events: [], isLive: true };
            await this.read(run, 0);
            return run;
        } catch (error) {
            if (error.status !== 404) throw error;
            return null;
        }
    }

    /** Reads the points of a run from a step on. */
    async read(run, from) {
        const { signal } = this.view;
        const [answer, events] = await Promise.all([
            get(at`/v1/jobs/${run.id}/metrics`, { from_step: from, max_points: run.points }, signal),
            list(at`/v1/jobs/${run.id}/events`, { after: run.events.at(-1)?.sequence }, { size: 1000, limit: 100_000, signal })]);
        for (const { name, steps, values } of answer.data) {
            const later = { steps, values: values.map((value) => value ?? NaN) };
            const known = run.series.get(name);
            if (known && from > 0) append(known, later);
            else run.series.set(name, later);
        }
        run.events.push(...events);
        run.clock = clockOf(run.job, run.events);
        run.isLive = !isOver(run.job);
    }

    /** Brings a run up to date. */
    async refresh(id) {
        const run = this.runs.get(id);
        if (!run || run.isReading) return;
        run.isReading = true;
        try {
            run.job = await get(at`/v1/jobs/${id}`, {}, this.view.signal);
            const all = [...run.series.values()];
            const isLong = all.some((series) => series.steps.length > 2 * run.points);
            // The last step again: what was measured at its end may have come later.
            await this.read(run, isLong ? 0 : Math.max(0, ...all.map((series) => series.steps.at(-1) ?? 0)));
            this.draw();
            this.drawTable();
        } finally {
            run.isReading = false;
        }
    }

    /** Runs by their lines: each on its own, or those of a configuration together. */
    groups() {
        const runs = [...this.runs.values()];
        if (!this.view.query.has("group")) {
            const labels = names(runs.map((run) => run.job));
            return runs.map((run, index) => ({ label: labels[index], runs: [run], ...stroke(index) }));
        }
        const together = new Map();
        for (const run of runs) {
            const key = configuration(run.job);
            together.set(key, [...(together.get(key) ?? []), run]);
        }
        const groups = [...together.values()];
        const labels = names(groups.map(([run]) => run.job), { withSeed: false });
        return groups.map((runs, index) => ({ label: `${labels[index]}, ${runs.length} ${runs.length === 1 ? "seed" : "seeds"}`, runs, ...stroke(index) }));
    }

    line(group, name) {
        const kind = this.view.query.get("x") ?? "step";
        const curves = group.runs.filter((run) => run.series.has(name)).map((run) => {
            const { steps, values } = run.series.get(name);
            return { x: steps.map(axis(kind, run)), y: values };
        });
        if (curves.length === 0) return null;
        const weight = Number(this.view.query.get("smooth") ?? 0);
        const style = { label: group.label, color: group.color, dash: group.dash };
        if (curves.length > 1) {
            const { x, mean, deviation } = band(curves);
            return { ...style, x, y: smooth(mean, weight), deviation };
        }
        const [{ x, y }] = curves;
        return { ...style, x, y: smooth(y, weight), raw: weight ? y : null };
    }

    draw() {
        const groups = this.groups();
        this.drawLegend(groups);
        const axes = { xTitle: this.view.query.get("x") ?? "step", isLogarithmic: this.view.query.has("log") };
        const present = new Set([...this.runs.values()].flatMap((run) => [...run.series.keys()]));
        const known = metrics.filter(({ name }) => present.has(name));
        const others = [...present].filter((name) => !metrics.some((one) => one.name === name)).map((name) => ({ name, title: name }));
        fill(this.fault, present.size === 0 && h("p", { class: "quiet" }, "Curves come with the first step."));
        const shown = [...known, ...others];
        const missing = shown.filter(({ name }) => !this.panels.has(name));
        for (const { name, title } of missing) this.panels.set(name, new Panel(title, this.view.signal));
        if (missing.length > 0) this.grid.append(...shown.map(({ name }) => this.panels.get(name).element));
        this.drawPanels(shown, groups, axes).catch((error) => {
            this.grid.hidden = true;
            fill(this.fault, h("p", { class: "notice" }, error.message));
        });
    }

    /** One chart a frame, so that the page goes on answering; what is asked for meanwhile comes instead. */
    async drawPanels(shown, groups, axes) {
        const turn = (this.turn = (this.turn ?? 0) + 1);
        for (const { name } of shown) {
            await this.panels.get(name).draw(groups.map((group) => this.line(group, name)).filter(Boolean), axes);
            await new Promise(requestAnimationFrame);
            if (turn !== this.turn) return;
        }
    }

    drawLegend(groups) {
        const text = groups.map((group) => group.label).join("\n") + groups.length;
        if (this.shownLegend === text) return;
        this.shownLegend = text;
        fill(this.legend, groups.map((group) => h("li", null,
            h("span", { class: "swatch", style: { background: group.color } }),
            group.runs.length === 1 ? h("a", { href: `#/jobs/${group.runs[0].id}` }, group.label) : group.label,
            this.onRemove && group.runs.length === 1 && group.runs[0].id !== this.fixed
                && h("button", { type: "button", class: "plain", "aria-label": `Take out ${group.label}`, onclick: () => this.onRemove(group.runs[0].id) }, "×"))));
    }

    /** Per run and metric, the best value and the last, and where they were. */
    drawTable() {
        const runs = [...this.runs.values()];
        const shown = metrics.filter(({ name, better }) => better && runs.some((run) => run.series.has(name)));
        if (shown.length === 0) return fill(this.table);
        const labels = names(runs.map((run) => run.job));
        const values = runs.map((run) => shown.map(({ name, better }) => (run.series.has(name) ? extremes(run.series.get(name), better) : { best: null, last: null })));
        const text = (pair) => (pair ? [number(pair[0]), h("span", { class: "quiet small" }, ` @ ${number(pair[1])}`)] : "–");
        // The best of all runs is told only where there are others.
        const record = shown.map(({ better }, column) => {
            const all = values.map((row) => row[column].best?.[0]).filter(Number.isFinite);
            return runs.length > 1 ? (better === "max" ? Math.max(...all) : Math.min(...all)) : NaN;
        });
        fill(this.table, h("h3", null, "Best and last values"), h("div", { class: "scroll", tabindex: "0", role: "group", "aria-label": "Best and last values" }, h("table", { class: "ledger" },
            h("caption", null, "Each as value @ step, among the points of the charts; losses and HL are best when least"),
            h("thead", null,
                h("tr", null, h("th", { scope: "col", rowspan: "2" }, "Job"), shown.map(({ title }) => h("th", { scope: "colgroup", colspan: "2" }, title))),
                h("tr", null, shown.map(() => [h("th", { scope: "col", class: "number" }, "best"), h("th", { scope: "col", class: "number" }, "last")]))),
            h("tbody", null, runs.map((run, row) => h("tr", null, h("th", { scope: "row" }, labels[row]),
                values[row].map(({ best, last }, column) => [h("td", { class: best?.[0] === record[column] ? "number best" : "number" }, text(best)), h("td", { class: "number" }, text(last))])))))));
    }
}

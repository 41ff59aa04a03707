// What the service does at the moment, and the keys that it takes.
import { send } from "../lib/api.js";
import { fill, h } from "../lib/dom.js";
import { bytes, duration, number } from "../lib/format.js";
import { histogram, parse, quantile, since, total } from "../lib/prometheus.js";
import { may } from "../lib/session.js";
import { stroke } from "../lib/chart.js";
import { keys } from "../parts/keys.js";
import { Panel } from "../parts/panel.js";
import { plainTable } from "../parts/table.js";
import { repeat, section } from "../parts/ui.js";

const interval = 2000;
/** Readings that charts go back. */
const most = 300;
const requests = "limbic_http_request_duration_seconds";
const isPrediction = ({ route }) => /predict|infer/.test(route ?? "");
const milliseconds = (seconds) => (Number.isFinite(seconds) ? `${number(1000 * seconds, 3)} ms` : "–");

export async function page(view) {
    view.title("System");
    const figures = h("div", { class: "figures" });
    const routes = h("div");
    const fault = h("div", { role: "status" });
    const panels = { rate: new Panel("Requests per second", view.signal), latency: new Panel("Latency in ms", view.signal), queue: new Panel("Predictions that wait", view.signal), memory: new Panel("Memory in MiB", view.signal) };
    fill(view.element, h("div", { class: "head" }, h("h1", null, "System"), h("span", { class: "quiet" }, "since this page was opened, every 2 s")),
        section("Now", figures), section("Course", fault, h("div", { class: "panels" }, Object.values(panels).map((panel) => panel.element))),
        section("Routes since the start", routes), may("admin") && (await keys(view)));
    const course = [];
    let before;

    function show(samples, seconds) {
        const all = histogram(samples, requests);
        const predictions = histogram(samples, requests, isPrediction);
        const recent = before ? since(all, before.all) : [];
        const [p50, p95, p99] = [0.5, 0.95, 0.99].map((share) => quantile(recent, share));
        const count = all.at(-1)?.[1] ?? 0;
        const rate = before ? (count - before.count) / seconds : NaN;
        const batches = total(samples, "limbic_prediction_batch_clips_count");
        const value = (name, labels) => total(samples, name, labels);
        course.push({ time: course.length ? course.at(-1).time + seconds : 0, rate, p50: 1000 * p50, p95: 1000 * p95, p99: 1000 * p99, queue: value("limbic_prediction_queue_requests"), memory: value("process_resident_memory_bytes") / 2 ** 20 });
        if (course.length > most) course.shift();
        before = { all, count };
        const tiles = [
            ["requests/s", number(rate, 3)], ["median latency", milliseconds(p50)], ["95th percentile", milliseconds(p95)], ["99th percentile", milliseconds(p99)],
            ["median of predictions, since the start", milliseconds(quantile(predictions, 0.5))], ["predictions under way", number(value("limbic_predictions"))], ["of them wait", number(value("limbic_prediction_queue_requests"))],
            ["clips a batch, on average", number(batches ? value("limbic_prediction_batch_clips_sum") / batches : NaN, 3)], ["jobs running", number(value("limbic_jobs", { state: "running" }))], ["jobs queued", number(value("limbic_jobs", { state: "queued" }))],
            ["clips/s in training", number(value("limbic_training_clips_per_second"), 3)], ["models in memory", number(value("limbic_models_loaded"))], ["their weights", bytes(value("limbic_model_weights_bytes"))],
            ["memory", bytes(value("process_resident_memory_bytes"))], ["threads", number(value("process_threads"))], ["connections", number(value("limbic_http_connections"))],
            ["open files", `${number(value("process_open_fds"))} of ${number(value("process_max_fds"))}`], ["up for", duration(Date.now() / 1000 - value("process_start_time_seconds"))]];
        fill(figures, tiles.map(([name, text]) => h("div", { class: "figure" }, h("b", null, text), h("span", null, name))));
        draw();
        const rows = new Map();
        for (const { labels, value: times } of samples.get(`${requests}_count`) ?? []) rows.set(`${labels.method} ${labels.route}`, [labels, times]);
        const sorted = [...rows].sort(([, [, one]], [, [, other]]) => other - one).slice(0, 25);
        fill(routes, plainTable("The 25 most asked for", ["Route", "Requests", "Median", "95th percentile", "Errors"], sorted.map(([name, [labels, times]]) => {
            const buckets = histogram(samples, requests, (other) => other.route === labels.route && other.method === labels.method);
            const errors = (samples.get("limbic_http_requests_total") ?? []).filter((one) => one.labels.route === labels.route && one.labels.method === labels.method && Number(one.labels.status) >= 400).reduce((sum, one) => sum + one.value, 0);
            return [h("code", null, name), number(times), milliseconds(quantile(buckets, 0.5)), milliseconds(quantile(buckets, 0.95)), number(errors)];
        })));
    }

    function draw() {
        const x = course.map((point) => point.time);
        const line = (label, member, index) => ({ label, x, y: course.map((point) => point[member]), ...stroke(index) });
        const lines = { rate: [line("requests/s", "rate", 0)], latency: [line("median", "p50", 0), line("95th percentile", "p95", 1), line("99th percentile", "p99", 2)], queue: [line("requests", "queue", 0)], memory: [line("resident", "memory", 0)] };
        for (const [name, panel] of Object.entries(panels)) panel.draw(lines[name], { xTitle: "time", isFromZero: true, hasLegend: lines[name].length > 1 }).catch((error) => fill(fault, h("p", { class: "notice" }, error.message)));
    }

    let last = performance.now();
    repeat(view.signal, interval, async () => {
        const response = await send("GET", "/metrics", { signal: view.signal });
        const now = performance.now();
        show(parse(await response.text()), (now - last) / 1000);
        last = now;
    });
}

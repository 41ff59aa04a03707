// The list of all jobs, which follows those that are not over.
import { at, get, pages } from "../lib/api.js";
import { fill, h } from "../lib/dom.js";
import { ago, duration, metric, number, short } from "../lib/format.js";
import { isOver } from "../lib/series.js";
import { may } from "../lib/session.js";
import { badge, emptyState, meter, repeat, select } from "../parts/ui.js";
import { Table } from "../parts/table.js";

const states = ["queued", "running", "pausing", "paused", "cancelling", "succeeded", "failed", "cancelled"];

/** More are not listed. */
const most = 2000;

const columns = (picked) => [
    { label: "Compare", cell: (job) => pick(job, picked) },
    { label: "Model", header: true, sort: (job) => job.model, cell: (job) => [h("a", { href: `#/jobs/${job.id}` }, job.model), " ", h("span", { class: "quiet small" }, job.sweep?.name ?? short(job.id))] },
    { label: "State", sort: (job) => states.indexOf(job.status), cell: (job) => badge(job.status) },
    { label: "Progress", sort: (job) => job.progress?.fraction, cell: progressCell },
    { label: "Clips/s", number: true, sort: (job) => job.progress?.clips_per_second, cell: (job) => number(job.progress?.clips_per_second, 3) },
    { label: "Time left", number: true, sort: (job) => job.eta_s, cell: (job) => (job.eta_s === undefined ? "–" : duration(job.eta_s)) },
    { label: "Best valid miF1", number: true, sort: best, cell: (job) => metric(best(job)) },
    { label: "Test miF1", number: true, sort: (job) => job.result?.test?.micro_f1, cell: (job) => metric(job.result?.test?.micro_f1) },
    { label: "Seed", number: true, sort: (job) => job.seed, cell: (job) => String(job.seed) },
    { label: "Ran", number: true, sort: (job) => job.ran_s, cell: (job) => duration(job.ran_s) },
    { label: "Made", number: true, sort: (job) => job.created_at, cell: (job) => h("time", { datetime: job.created_at }, ago(job.created_at)) },
];

const best = (job) => job.result?.validation?.micro_f1 ?? job.checkpoints?.[0]?.validation?.micro_f1;

const wordsOf = ({ id, model, dataset, recipe, sweep, hyperparameters }) => JSON.stringify([id, model, dataset, recipe, sweep?.name, hyperparameters]).toLowerCase();

function progressCell(job) {
    if (!job.progress) return h("span", { class: "quiet" }, "–");
    const { step, steps, epoch, epochs, fraction } = job.progress;
    return [meter(fraction, { label: `${Math.round(100 * fraction)} % of the steps` }), h("span", { class: "quiet small" }, `epoch ${epoch}/${epochs}, step ${number(step)}/${number(steps)}`)];
}

function pick(job, picked) {
    const box = h("input", { type: "checkbox", "aria-label": `Compare ${job.model} ${short(job.id)}` });
    box.checked = picked.has(job.id);
    box.addEventListener("change", () => {
        if (box.checked) picked.add(job.id);
        else picked.delete(job.id);
        document.dispatchEvent(new Event("picked"));
    });
    return box;
}

export async function page(view) {
    view.title("Jobs");
    const picked = new Set();
    const jobs = new Map();
    const table = new Table(columns(picked), { caption: "Training jobs, the newest first", signature: (job) => `${job.status} ${job.updated_at} ${job.progress?.step} ${job.eta_s}` });
    const place = h("div", { "aria-live": "off" });
    const count = h("span", { class: "quiet", role: "status" });
    const compare = h("a", { class: "button plain", hidden: true }, "Compare");
    document.addEventListener("picked", () => {
        compare.hidden = picked.size < 2;
        compare.href = `#/compare?jobs=${[...picked].join(",")}`;
        compare.textContent = `Compare ${picked.size} jobs`;
    }, { signal: view.signal });

    const state = select("State", [["", "all"], ...states], view.query.get("state") ?? "", (value) => (view.keep({ state: value }), show()));
    const model = select("Model", [["", "all"]], "", (value) => (view.keep({ model: value }), show()));
    const search = h("input", { type: "search", placeholder: "id, data set, setting …", "aria-label": "Search", value: view.query.get("q") ?? "" });
    search.addEventListener("input", () => (view.keep({ q: search.value }), show()));
    fill(view.element,
        h("div", { class: "head" }, h("h1", null, "Jobs"), count, h("div", { class: "actions" }, compare, may("train") && h("a", { class: "button", href: "#/jobs/new" }, "New job"))),
        h("div", { class: "controls" }, state.label, model.label, search),
        h("div", { class: "card" }, place));

    function show() {
        const all = [...jobs.values()].sort((one, other) => (one.created_at < other.created_at ? 1 : -1));
        const names = [...new Set(all.map((job) => job.model))].sort();
        const chosen = view.query.get("model") ?? "";
        if (model.element.options.length !== names.length + 1) fill(model.element, h("option", { value: "" }, "all"), names.map((name) => h("option", { value: name }, name)));
        model.element.value = chosen;
        const [wanted, words] = [view.query.get("state"), (view.query.get("q") ?? "").toLowerCase()];
        const rows = all.filter((job) =>
            (!wanted || job.status === wanted) && (!chosen || job.model === chosen)
            && (!words || wordsOf(job).includes(words)));
        count.textContent = rows.length === all.length ? `${all.length}` : `${rows.length} of ${all.length}`;
        if (all.length === 0) return fill(place, emptyState("No job yet", "A job trains a model on a data set. ", h("a", { href: "#/datasets" }, "Upload a data set"), ", then ", h("a", { href: "#/jobs/new" }, "start a job"), "."));
        if (rows.length === 0) return fill(place, emptyState("No job is like this", "Take back a filter above."));
        table.show(rows);
        if (!table.element.isConnected) fill(place, table.element);
    }

    const take = (list) => list.forEach((job) => jobs.set(job.id, job));
    fill(place, h("p", { class: "quiet" }, "Loading…"));
    for await (const part of pages("/v1/jobs", {}, { size: 50, more: 250, limit: most, signal: view.signal })) {
        take(part);
        show();
    }
    show();
    repeat(view.signal, 2000, async () => {
        const lists = await Promise.all([get("/v1/jobs", { limit: 10 }, view.signal), get("/v1/jobs", { status: "running", limit: 100 }, view.signal)]);
        const seen = new Set();
        for (const job of lists.flatMap((list) => list.data)) {
            jobs.set(job.id, job);
            seen.add(job.id);
        }
        // What was not over and is in neither list has changed, or waits.
        const rest = [...jobs.values()].filter((job) => !isOver(job) && !seen.has(job.id)).slice(-20);
        for (const job of rest) {
            try { jobs.set(job.id, await get(at`/v1/jobs/${job.id}`, {}, view.signal)); } catch (error) {
                if (error.status !== 404) throw error;
                jobs.delete(job.id);
            }
        }
        show();
    });
}
